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
from hwnas.predictor import Predictor, build, load_predictor
from hwnas.predictor.best import Best
from hwnas.predictor.transfer import N_SOURCE, Source, Sources, Transfer
from hwnas.seeding import generator

#: Number of hexadecimal digits of a digest that tell two tables apart.
_DIGITS = 16


def build_for(
    table: Table,
    cfg: DictConfig,
    seed: int,
    chosen: DictConfig | None = None,
    search_space: Mapping[str, Any] | None = None,
) -> Predictor:
    """Build an unfitted predictor of a table, with the data of other devices if it uses them.

    Every command builds its predictors with this function.

    Parameters
    ----------
    table : Table
        The table of the target.
    cfg : DictConfig
        The configuration of the running command, with the dataset of the target and the folders.
    seed : int
        See `hwnas.predictor.build`.
    chosen : DictConfig, optional
        The configuration with the encoding and the predictor. Default: `cfg`.
    search_space : mapping, optional
        See `hwnas.predictor.build`.

    Raises
    ------
    UserError
        If the predictor cannot be built, or a source that ``predictor.model.sources`` names cannot
        be used, see `source_tables`.
    """
    own = cfg if chosen is None else chosen
    predictor = build(own.encoding, own.predictor.model, table.space, seed, search_space)
    if not isinstance(predictor.model, Transfer):
        return predictor
    names = predictor.model.sources
    assert not isinstance(names, Sources), "the configuration has names"
    return with_tables(predictor, source_tables(cfg, table, names), Paths(**cfg.paths))


def with_tables(predictor: Predictor, tables: Mapping[str, Table], paths: Paths) -> Predictor:
    """Give a predictor of the class `Transfer` the tables of other devices.

    Parameters
    ----------
    predictor : Predictor
        Not fitted.
    tables : mapping of str to Table
        By the name of the source. Their predictors are fitted when they are needed first.
    paths : Paths
        The cache keeps the fitted predictors.
    """
    digests = {name: _digest(each)[:_DIGITS] for name, each in tables.items()}
    sources = Sources(list(tables), partial(fitted_sources, tables, paths), digests)
    given: Predictor = predictor.set_params(model__sources=sources)
    return given


def digests_of(predictor: Predictor) -> Mapping[str, str] | None:
    """Return a digest of the measurements of each source of a predictor, by the source's name.

    They are part of the identity of a result: the sources are found when a command runs, and may
    change between two runs. None if the predictor learns from no other device.
    """
    model = predictor.model
    if not (isinstance(model, Transfer) and isinstance(model.sources, Sources)):
        return None
    return model.sources.digests


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
    name = f"{table.space.name}-{table.device}"
    digest = _digest(table, REVISIONS["fitting"])[:_DIGITS]
    return paths.cache / "sources" / f"{name}-{digest}.hwnas"


def _digest(table: Table, *also: int) -> str:
    """Return a digest of the measurements of a table, their space and metric, and further facts."""
    made_of = [table.space.name, table.space.parameters, table.metric.name, *also]
    digest = hashlib.sha256(json.dumps(made_of, sort_keys=True, default=str).encode())
    digest.update(np.ascontiguousarray(table.architectures).tobytes())
    digest.update(table.values.tobytes())
    return digest.hexdigest()
