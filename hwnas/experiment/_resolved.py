"""Values of a configuration that depend on the table: sizes of the split, and the metric."""

from __future__ import annotations

from collections.abc import Mapping

from omegaconf import DictConfig

from hwnas.dataset import Table
from hwnas.experiment._split import default_sizes

_METRIC = ("name", "unit", "direction", "lower", "upper")


def resolved(
    cfg: DictConfig, reference: DictConfig, table: Table, candidates: tuple[str, str] = ("", "")
) -> tuple[DictConfig, DictConfig]:
    """Return copies of a configuration and of its reference, with the values that a table decides.

    ``n_train: null`` and ``n_test: null`` become the default sizes of the table. The metric becomes
    that of the table, because a table of the user's own names it. A result folder and its
    ``config.yaml`` therefore tell what was used, and not how it was written.

    Parameters
    ----------
    cfg, reference : DictConfig
        See `hwnas.experiment.run`.
    table : Table
    candidates : pair of str
        What ``selection.candidates`` stands for, as it is given and by default.
    """
    n_train, n_test = default_sizes(table)
    own, other = cfg.copy(), reference.copy()
    for each in (own, other):
        each.n_train = n_train if each.n_train is None else each.n_train
        each.n_test = n_test if each.n_test is None else each.n_test
    for each, name in zip((own, other), candidates, strict=True):
        if each.selection is not None:
            each.selection.candidates = name
    for name in _METRIC:
        own.metric[name] = getattr(table.metric, name)
    if not other.metric.unit:
        other.metric.name, other.metric.unit = table.metric.name, table.metric.unit
    return own, other


def with_digests(
    cfg: DictConfig, reference: DictConfig, digests: Mapping[str, str] | None
) -> tuple[DictConfig, DictConfig]:
    """Return copies that state which measurements of other devices a predictor learns from.

    The key ``predictor.sources`` holds them. It is the same in both, so that the path of a result
    does not depend on them. A finished result with other sources is then refused, as one of another
    configuration.

    Parameters
    ----------
    cfg, reference : DictConfig
        See `hwnas.experiment.run`.
    digests : mapping or None
        See `hwnas.experiment._sources.digests_of`. With None, the configurations are not changed.
    """
    if digests is None:
        return cfg, reference
    own, other = cfg.copy(), reference.copy()
    for each in (own, other):
        each.predictor.sources = dict(digests)
    return own, other
