"""The sources of ``predictor=transfer``: one predictor for each other device, fitted once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import DictConfig

from hwnas.console import progress
from hwnas.dataset import Table
from hwnas.encoding import Operations
from hwnas.errors import UserError
from hwnas.experiment._revision import REVISIONS
from hwnas.experiment._source_tables import source_tables
from hwnas.files import write_atomically
from hwnas.paths import Paths, elsewhere
from hwnas.predictor import Predictor, load_predictor
from hwnas.predictor.best import Best
from hwnas.predictor.transfer import N_SOURCE, Source, Sources, Transfer
from hwnas.seeding import generator


def with_sources(predictor: Predictor, cfg: DictConfig, table: Table) -> Predictor:
    """Give a predictor that learns from other devices their data.

    Parameters
    ----------
    predictor : Predictor
        Not fitted. Any other predictor is returned unchanged.
    cfg : DictConfig
        The configuration of the running command. Its ``predictor.model.sources`` names the devices.
    table : Table
        The table of the target.

    Raises
    ------
    UserError
        If a named source cannot be used, see `source_tables`.
    """
    if not isinstance(predictor.model, Transfer):
        return predictor
    names = predictor.model.sources
    assert not isinstance(names, Sources), "the configuration has names"
    tables = source_tables(cfg, table, names)
    make = partial(fitted_sources, tables, Paths(**cfg.paths))
    given: Predictor = predictor.set_params(model__sources=Sources(list(tables), make))
    return given


def fitted_sources(tables: Mapping[str, Table], paths: Paths) -> list[Source]:
    """Return the sources of tables. A predictor that is fitted for one is kept in the cache.

    A table whose predictor predicts one value for all architectures is left out.

    Parameters
    ----------
    tables : mapping of str to Table
        By the name of the source.
    paths : Paths
    """
    found = []
    with progress("learning other devices", len(tables), "devices") as meter:
        for name, table in tables.items():
            rows = _rows(table)
            source = Source.of(name, _fitted(table.rows(rows), paths), _facts(table, len(rows)))
            found += [] if source is None else [source]
            meter.advance()
    return found


def _rows(table: Table) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the rows of a source that its predictor is fitted to: random ones, always the same."""
    networks = table.networks()
    drawn = generator(0, "source").permutation(len(networks))[:N_SOURCE]
    return networks[np.sort(drawn)]


def _facts(table: Table, n_known: int) -> dict[str, Any]:
    provenance = table.provenance
    return {
        "dataset": table.dataset,
        "device": table.device,
        "kind": provenance.kind,
        "source": provenance.source,
        "sha256": provenance.sha256,
        "n_measured": len(table),
        "n_known": n_known,
    }


def _fitted(table: Table, paths: Paths) -> Predictor:
    """Return the predictor of a source, from the cache if it was fitted before."""
    path = _path(table, paths)
    if path.is_file():
        try:
            return load_predictor(path)
        except UserError:
            # A damaged file, or one of another version, is fitted and written again.
            path.unlink(missing_ok=True)
    predictor = Predictor(table.space, Operations(), Best(random_state=0))
    predictor.fit(table.architectures, table.values)
    write_atomically(path, predictor.save, elsewhere("cache"))
    return predictor


def _path(table: Table, paths: Paths) -> Path:
    """Return the file in the cache: its name has a digest of all that the predictor depends on."""
    space = table.space
    made_of = [space.name, space.parameters, table.metric.name, REVISIONS["fitting"]]
    digest = hashlib.sha256(json.dumps(made_of, sort_keys=True, default=str).encode())
    digest.update(np.ascontiguousarray(table.architectures).tobytes())
    digest.update(table.values.tobytes())
    return paths.cache / "sources" / f"{space.name}-{table.device}-{digest.hexdigest()[:16]}.hwnas"
