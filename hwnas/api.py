"""Functions of the public interface that use the configuration, without showing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import OmegaConf

from hwnas.composition import composed
from hwnas.dataset import Table
from hwnas.errors import UserError
from hwnas.extras import missing_library, not_installed
from hwnas.paths import Paths
from hwnas.predictor import Predictor, build
from hwnas.space import SearchSpace


def load_dataset(name: str, metric: str | None = None, **options: Any) -> Table:
    """Load the table of a dataset.

    Parameters
    ----------
    name : str
        What ``dataset=`` takes on the command line, e.g. ``"hwnas/raspi4"``.
    metric : str, optional
        What ``metric=`` takes. Default: latency, or what the dataset ``csv`` finds in its file.
    **options
        Groups (``image_set="cifar100"``, ``space="micro"``) and keys of the dataset itself
        (``framework="onnx"``, ``device="titan_rtx_64"`` of ``help/ofa``), as on the command line;
        ``data="folder"`` is the folder of the published files.

    Returns
    -------
    Table
        The rows that have a value. A warning of the category `hwnas.dataset.EstimatedWarning` says
        that they are estimated, where the published file is not here.

    Raises
    ------
    UserError
        If there is no such dataset, a file is missing or damaged, or the options do not fit.

    Examples
    --------
    >>> table = load_dataset("local/cpu", metric="latency")
    >>> len(table), table.metric.unit
    (15625, 'ms')
    """
    overrides = [f"dataset={name}", *([] if metric is None else [f"metric={metric}"])]
    if "data" in options:
        overrides.append(f"paths.data={_value(str(options.pop('data')))}")
    own = _own_keys(name) if options else frozenset()
    for key, value in options.items():
        is_group = key in {"device", "space", "image_set"} and key not in own
        overrides.append(f"{'' if is_group else 'dataset.'}{key}={_value(value)}")
    table: Table = instantiate(composed("run", overrides).dataset).load()
    return table.measured_rows()


def _own_keys(name: str) -> frozenset[str]:
    """Return the keys of a dataset that hold a value of its own, not one of a group.

    ``device`` of ``help/ofa`` is the name of a file, but ``device`` of ``hwnas/raspi4`` is what the
    group of that name has chosen.
    """
    dataset = composed("run", [f"dataset={name}"]).dataset
    return frozenset(str(key) for key in dataset if not OmegaConf.is_interpolation(dataset, key))


def make_predictor(name: str, space: SearchSpace, seed: int = 0, **parameters: Any) -> Predictor:
    """Make a predictor, not fitted yet.

    Parameters
    ----------
    name : str
        What ``predictor=`` takes on the command line, e.g. ``"best"`` or ``"paper/mlp"``.
    space : SearchSpace
        Where the architectures come from: ``table.space``.
    seed : int
        Every random number of the predictor comes from it.
    **parameters
        Parameters of its model, e.g. ``alpha=0.5``; ``encoding="path"`` is another encoding.
        ``sources`` of ``"transfer"`` are tables of other devices with the metric of the target,
        such as ``sources=[load_dataset("hwnas/raspi4")]``. Without them, it learns from no other
        device.

    Returns
    -------
    Predictor

    Raises
    ------
    UserError
        If there is no such predictor or parameter, its encoding makes no sense on the space, its
        library is not installed, or `sources` are no tables of the space.

    Examples
    --------
    >>> from hwnas.space import NASBench201
    >>> make_predictor("ridge", NASBench201(), alpha=0.5).get_params()["model__alpha"]
    0.5
    """
    overrides = [f"predictor={name}"]
    if "encoding" in parameters:
        overrides.append(f"encoding={parameters.pop('encoding')}")
    sources = parameters.pop("sources", None)
    if sources is not None:
        _check_sources(name, space, sources)
        overrides.append("predictor.model.sources=[]")
    overrides += [f"predictor.model.{key}={_value(value)}" for key, value in parameters.items()]
    cfg = composed("run", overrides)
    search_space = OmegaConf.to_container(cfg.predictor.search_space, resolve=True)
    assert isinstance(search_space, dict)
    searched = {str(key): value for key, value in search_space.items()}
    try:
        predictor = build(cfg.encoding, cfg.predictor.model, space, seed, searched)
    except InstantiationException as error:
        library = missing_library(error)
        if library is None:
            raise
        raise not_installed(library, f"predictor {name}") from error
    if sources is None:
        return predictor
    from hwnas.experiment import with_tables

    tables = {f"{each.dataset}/{each.device}": each.measured_rows() for each in sources}
    return with_tables(predictor, tables, Paths(**cfg.paths))


def _check_sources(name: str, space: SearchSpace, sources: Sequence[Any]) -> None:
    """Raise `UserError` if the sources of a predictor are no tables of its space."""
    for each in sources:
        if not isinstance(each, Table):
            raise UserError(
                f"sources: {each!r} is not a table",
                remedy=f'make_predictor("{name}", space, sources=[load_dataset("hwnas/raspi4")])',
            )
        if each.space != space:
            raise UserError(
                f"sources: {each.device} of {each.dataset} is of the space {each.space.name}, and "
                f"not of {space.name}",
                remedy="leave it out",
            )


def _value(value: Any) -> str:
    """Write a value as Hydra reads it; a string as it is, whatever it holds."""
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"
    return "null" if value is None else str(value)
