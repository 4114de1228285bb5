"""The commands ``hwnas measure`` and ``hwnas accuracy``."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from hwnas.composition import CONF, key_of, overrides, user_conf_folder
from hwnas.dataset import is_bundled, table_path
from hwnas.errors import UserError, check_choice, command
from hwnas.files import write_text
from hwnas.image_set import ImageSet
from hwnas.measure._order import sample_size_covering
from hwnas.measure._store import Store
from hwnas.measure._table import left_out, passes_of, write_table
from hwnas.network import skeleton
from hwnas.paths import Paths
from hwnas.space import CellSpace, SearchSpace

#: The metrics of `hwnas measure`. Measuring an energy measures the latency too.
MEASURED = ("latency", "energy")


def latency(cfg: DictConfig) -> None:
    """Measure the latency, or latency and energy, with one backend, then write the table."""
    from hwnas.measure._latency import Protocol, measure_latency

    space: SearchSpace = instantiate(cfg.space)
    # A space without a skeleton cannot be measured, so this raises a UserError for it.
    skeleton(space)
    check_choice("metric", cfg.metric.name, MEASURED)
    folder = _folder(cfg, space)
    protocol = Protocol(
        batch_size=cfg.batch_size,
        threads=cfg.threads,
        warm_up=cfg.warm_up,
        repeats=cfg.repeats,
        seed=cfg.seed,
        sizes=dict(cfg.sizes),
        energy_seconds=cfg.energy_seconds if cfg.metric.name == "energy" else None,
        warm_up_seconds=cfg.warm_up_seconds,
        precision=cfg.precision,
    )
    image_set, backend = _image_set(cfg, space), instantiate(cfg.backend)
    missing = measure_latency(
        folder,
        space,
        image_set,
        backend,
        protocol,
        cfg.passes,
        cfg.n_architectures,
    )
    _finish(cfg, space, folder, missing, backend.name)


def _image_set(cfg: DictConfig, space: SearchSpace) -> ImageSet:
    chosen = cfg.image_set
    if chosen is None:
        chosen = OmegaConf.load(CONF / "image_set" / f"{space.image_set}.yaml")
    image_set: ImageSet = instantiate(chosen)
    return image_set


def accuracy(cfg: DictConfig) -> None:
    """Measure the accuracy of cells trained on digits, then write the table."""
    from hwnas.measure._accuracy import measure_accuracy
    from hwnas.measure._digits import Training

    space: SearchSpace = instantiate(cfg.space)
    if not isinstance(space, CellSpace):
        raise UserError(
            f"space={space.name}: only spaces of cells can be trained on digits",
            remedy="space=nasbench201",
        )
    folder = _folder(cfg, space)
    missing = measure_accuracy(
        folder,
        space,
        Training(**cfg.training),
        n_seeds=cfg.n_seeds,
        n_architectures=cfg.n_architectures,
        seed=cfg.seed,
        at_once=cfg.at_once,
    )
    _finish(cfg, space, folder, missing)


def _paths(cfg: DictConfig) -> Paths:
    return Paths(cfg.paths.data, cfg.paths.cache, cfg.paths.outputs)


def _folder(cfg: DictConfig, space: SearchSpace) -> Path:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", cfg.name):
        raise UserError(
            f"name={cfg.name}: a name starts with a letter or digit and has letters, digits, - and "
            "_ only",
            remedy="name=my_laptop",
        )
    if is_bundled(cfg.name):
        raise UserError(
            f"name={cfg.name}: this is the name of a bundled table", remedy="name=my_laptop"
        )
    return _paths(cfg).in_data(f"local/{cfg.name}/{space.name}")


def _finish(
    cfg: DictConfig, space: SearchSpace, folder: Path, missing: int, backend: str | None = None
) -> None:
    if missing:
        print(f"other processes are still taking {missing} measurements")  # noqa: T201
    path = table_path(cfg.name, space, _paths(cfg))
    # Several processes may finish together. The last one that takes the lock reads the measurements
    # of all of them.
    store = Store(folder)
    with store.lock("table"):
        store.refresh()
        if not store.records:
            return
        noise = write_table(store, space, cfg.name, path)
    lines = [f"{name}: {each}" for name, each in noise.items()]
    if backend is not None:
        lines += _left_out(left_out(store, backend))
    if backend is not None and not missing:
        lines += _unfinished(cfg, space, passes_of(store, backend))
    print("\n".join([*lines, f"table: {path}"]))  # noqa: T201 - the command's own output
    _write_config(cfg.name)
    also = "" if space.name == "nasbench201" else f" space={space.name}"
    also += "" if backend in (None, "onnxruntime") else f" dataset.backend={backend}"
    print(f"use it: {command(f'run dataset=local/{cfg.name}{also}')}")  # noqa: T201


def _left_out(reasons: Mapping[str, str]) -> list[str]:
    """Return a line about architectures that did not run as the backend states, or no line."""
    if not reasons:
        return []
    reason = next(iter(reasons.values()))
    return [f"the table leaves out measurements of {len(reasons):,} architectures: {reason}"]


def _unfinished(cfg: DictConfig, space: SearchSpace, measured: Mapping[str, int]) -> list[str]:
    """Return a line about architectures with fewer passes than requested, or no line."""
    fewer = [architecture for architecture, n in measured.items() if n < cfg.passes]
    if not fewer:
        return []
    n = sample_size_covering(space, fewer, cfg.seed)
    given = [each for each in overrides() if key_of(each) != "n_architectures"]
    again = given if n is None else [*given, f"n_architectures={n}"]
    return [
        f"{len(fewer):,} of {len(measured):,} architectures have fewer than {cfg.passes} passes; "
        f"to finish them: {command(f'measure {shlex.join(again)}')}"
    ]


def _write_config(name: str) -> None:
    """Write the dataset's YAML into the user's configuration folder, where Hydra finds it.

    Raises
    ------
    UserError
        If the folder cannot be written.
    """
    # JSON quotes the name, so that YAML reads a name such as 123 or null as a string.
    text = (
        f"# Measured with: hwnas measure name={name}\n"
        f"defaults:\n  - local/_base@_here_\n  - _self_\n\nname: {json.dumps(name)}\n"
    )
    file = user_conf_folder() / "dataset" / "local" / f"{name}.yaml"
    again = f"HWNAS_CONF=$HOME/hwnas-conf {command(f'measure name={name}')}"
    write_text(file, text, again)
