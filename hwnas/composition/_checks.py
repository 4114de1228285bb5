"""Checks of a composed configuration that the schema cannot make.

They import no numerical library, so that a mistake is reported at once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from hydra import compose
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from hwnas.composition._folder import options
from hwnas.composition._values import copied_nodes, is_inert, key_of, leaves, overrides
from hwnas.errors import UserError, check_number

_GROUPS = (
    *("metric", "device", "space", "image_set", "dataset"),
    *("encoding", "predictor", "tuning", "selection", "deviations"),
)

#: Paths of files. They do not affect a result, but the digests of the files do.
_DIGESTED = ("predictor.model.path", "tuning.path")


def reference_config(cfg: DictConfig) -> DictConfig:
    """Return the configuration of the chosen options, without overrides of single values.

    Parameters
    ----------
    cfg : DictConfig
        The configuration of the running command. It is returned itself if no override changes a
        value that affects a result.
    """
    hydra = HydraConfig.get()
    choices = hydra.runtime.choices
    # Composing takes a tenth of a second, so it is skipped if no value can differ.
    if choices.get("experiment") is None and not any(map(_sets_value, overrides())):
        return cfg
    chosen = tuple(f"{g}={choices[g]}" for g in _GROUPS if choices.get(g) is not None)
    loader = GlobalHydra.instance().config_loader()
    return _composed(loader, hydra.job.config_name, chosen).copy()


@lru_cache(maxsize=8)
def _composed(_loader: ConfigLoader, name: str, chosen: tuple[str, ...]) -> DictConfig:
    """Compose a configuration once for all jobs of a process that have the same options.

    Another loader may have other folders of configurations.
    """
    return compose(name, overrides=list(chosen))


def check(cfg: DictConfig, reference: DictConfig) -> None:
    """Raise an error for mistakes that the dataclass schema does not find.

    Parameters
    ----------
    cfg : DictConfig
        The configuration of the running command.
    reference : DictConfig
        See `reference_config`.

    Raises
    ------
    UserError
        If a value has another type than in the YAML, a key is added to a node that repeats another,
        the seed is negative, a label of the predictor
        is overridden, the device lacks the metric, or the dataset does not use the chosen device or
        image set.
    """
    _check_added(reference)
    check_types(cfg, reference)
    check_number("seed", cfg.seed, 0)
    _check_labels(cfg, reference)
    if cfg.device is not None and cfg.metric.name not in cfg.device.metrics:
        raise UserError(
            f"metric={cfg.metric.name}: device {cfg.device.name} has no such metric; it has "
            f"{', '.join(cfg.device.metrics)}",
            remedy=f"metric={cfg.device.metrics[0]}",
        )
    dataset = OmegaConf.to_container(cfg.dataset, resolve=False)
    assert isinstance(dataset, dict)
    for node in ("device", "image_set"):
        if cfg[node] is not None and f"${{{node}}}" not in dataset.values():
            choice = HydraConfig.get().runtime.choices
            raise UserError(
                f"{node}={choice[node]}: dataset={choice['dataset']} does not use {node}",
                remedy=f"leave {node} out",
            )


def _check_added(reference: DictConfig) -> None:
    """Refuse a key added to a node that repeats another: Hydra would drop all its other keys."""
    added = [override for override in overrides() if override.startswith("+")]
    for node in sorted(copied_nodes(reference)) if added else ():
        for override in added:
            if key_of(override).startswith(f"{node}."):
                raise UserError(
                    f"{override}: {node} repeats another node, and no key can be added to it",
                    remedy=f"leave {override} out",
                )


def _check_labels(cfg: DictConfig, reference: DictConfig) -> None:
    """Refuse an override of the predictor's labels: the result would have a wrong name."""
    for label in ("name", "preset"):
        given, own = cfg.predictor[label], reference.predictor[label]
        if given != own:
            meant = given if label == "name" else f"{given}/{cfg.predictor.name}"
            known = options("predictor")
            raise UserError(
                f"predictor.{label}={given}: it is the label of the chosen file and cannot be "
                "overridden",
                remedy=f"predictor={meant if meant in known else reference.predictor.name}",
            )


def check_types(cfg: DictConfig, reference: DictConfig) -> None:
    """Raise an error for a value whose type differs from that in the YAML.

    The schema has no types for the nodes of type ``Any``.

    Raises
    ------
    UserError
        With the key, the value and the type that it needs.
    """
    given = leaves(cfg)
    for key, default in leaves(reference).items():
        value = given.get(key)
        if value is not None and default is not None and not _fits(value, default):
            raise UserError(
                f"{key}={value}: not of type {type(default).__name__}", remedy=f"{key}={default}"
            )


def _sets_value(override: str) -> bool:
    """Tell whether an override changes a single value that affects a result."""
    key = key_of(override)
    return key in _DIGESTED or (key not in (*_GROUPS, "n_train", "seed") and not is_inert(key))


def _fits(value: Any, default: Any) -> bool:
    """Tell whether a value has the type of the YAML's value."""
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    if isinstance(default, int | float):
        # An int is accepted where the YAML has a float, but not the other way round.
        return isinstance(value, int) or (isinstance(default, float) and isinstance(value, float))
    return isinstance(value, type(default))
