"""What a composed configuration must fulfil beyond its schema; imports nothing numerical."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from hydra import compose
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from hwnas._presets import replaces
from hwnas.errors import UserError, check_number

_GROUPS = (
    *("metric", "device", "space", "image_set", "dataset"),
    *("predictor", "tuning", "selection", "deviations"),
)
#: Keys that change no result, each with the reason. A key stands for everything below it.
#: tests/experiment/test_identity.py runs an experiment with another value of each.
INERT: Mapping[str, str] = {
    "paths": "folders; values from another file are told apart by its hash",
    "tracking": "what is logged about a finished result",
    "study": "the name under which tracking groups runs",
    "force": "whether a finished result is replaced",
    "artifacts": "which files stand beside result.json",
    "tuning.storage": "where trials are kept",
    "tuning.force": "whether stored trials are used",
    "dataset.paths": "as paths",
    "dataset.source": "the path says whether values are measured or estimated",
    "metric.title": "a label of plots",
    "predictor.title": "a label",
    "device.title": "a label",
    "experiment": "the table of a study; its cells override the other keys",
    "deviations": "of simulated predictors, which have no result folder",
    "action": "of a study",
    "report": "of a study",
    "cells": "the seeds of a study's job",
    "job": "the name of a study's job",
}
#: Keys that decide a result although `INERT` has a key above them.
_DECISIVE = ("experiment.settings.",)
_NODE = re.compile(r"\$\{[\w.]+\}")
#: What may stand where the YAML says null.
_EXAMPLES: dict[str, Any] = {
    "tuning.seed": 0,
    "tuning.max_measurements": 614,
    "tuning.storage": "outputs/tuning/",
    "tuning.time_limit_seconds": 60.0,
    "selection.n_candidates": 1000,
    "selection.limit": 8.0,
}


def reference_config(cfg: DictConfig) -> DictConfig:
    """Return the configuration of the chosen groups without any override of a decisive value.

    Parameters
    ----------
    cfg : DictConfig
        The configuration that Hydra is running.
    """
    hydra = HydraConfig.get()
    choices = hydra.runtime.choices
    # A composition takes a tenth of a second: not where no value can differ.
    if choices.get("experiment") is None and not any(map(_sets_value, overrides())):
        return cfg
    chosen = [f"{g}={choices[g]}" for g in _GROUPS if choices.get(g) is not None]
    return compose(hydra.job.config_name, overrides=chosen)


def overrides() -> list[str]:
    """Return the overrides of the command line, or of a launcher's job, as they were written."""
    # Without resolving: one may hold an interpolation, of a node that is not in Hydra's own.
    given = OmegaConf.to_container(HydraConfig.get().overrides.task)
    assert isinstance(given, list)
    return given


def check(cfg: DictConfig, reference: DictConfig) -> None:
    """Refuse what the dataclass schema lets through.

    Raises
    ------
    UserError
        If a value has another type than in the YAML, the seed is negative, the predictor's preset
        would replace an override, the device lacks the metric, or a chosen node is used by nothing.
    """
    check_types(cfg, reference)
    check_number("seed", cfg.seed, 0)
    check_preset(cfg, overrides())
    if cfg.device is not None and cfg.metric.name not in cfg.device.metrics:
        raise UserError(
            f"metric={cfg.metric.name}: device {cfg.device.name} has no such metric; it has "
            f"{', '.join(cfg.device.metrics)}",
            mend=f"metric={cfg.device.metrics[0]}",
        )
    dataset = OmegaConf.to_container(cfg.dataset, resolve=False)
    assert isinstance(dataset, dict)
    for node in ("device", "image_set"):
        if cfg[node] is not None and f"${{{node}}}" not in dataset.values():
            choice = HydraConfig.get().runtime.choices
            raise UserError(
                f"{node}={choice[node]}: dataset={choice['dataset']} has no choice of {node}",
                mend=f"leave {node} out",
            )


def check_types(cfg: DictConfig, reference: DictConfig) -> None:
    """Refuse a value of another type than the YAML's, which a ``_target_`` node lets through.

    Raises
    ------
    UserError
        Naming the key, the value and what is needed.
    """
    given = leaves(cfg)
    for key, default in leaves(reference).items():
        value, example = given.get(key), _EXAMPLES.get(key) if default is None else default
        if value is not None and example is not None and not _fits(value, example):
            default = "null" if default is None else default
            raise UserError(
                f"{key}={value}: not of type {type(example).__name__}", mend=f"{key}={default}"
            )


def check_preset(cfg: DictConfig, given: Sequence[str]) -> None:
    """Refuse an override that the predictor's chosen preset would silently replace.

    Parameters
    ----------
    cfg : DictConfig
    given : sequence of str
        The overrides of the command line.

    Raises
    ------
    UserError
        Naming the override that reaches into the preset.
    """
    name = cfg.predictor.preset
    if name not in cfg.predictor.presets:
        return
    sets = leaves(cfg.predictor.presets[name])
    whole = {key for key, node in cfg.predictor.presets[name].items() if replaces(key, node)}
    keys = tuple(f"{key_of(o)}." for o in given if key_of(o).startswith("predictor."))
    for key, value in leaves(cfg.predictor).items():
        replaced = key in sets or key.partition(".")[0] in whole
        if replaced and f"predictor.{key}.".startswith(keys):
            raise UserError(
                f"predictor.{key}={value}: predictor.preset={name} replaces it",
                mend=f"predictor.presets.{name}.{key}={value}"
                if key in sets
                else "predictor.preset=default",
            )


def decisive(cfg: DictConfig, copies: Container[str] | None = None) -> dict[str, Any]:
    """Return every value that decides a result, resolved, by dotted key: all that is not `INERT`.

    Parameters
    ----------
    cfg : DictConfig
    copies : container of str, optional
        Nodes that only repeat another one (see `copied_nodes`), to be left out. Default those of
        `cfg`; a configuration that was saved resolved has lost its own.
    """
    known = copied_nodes(cfg) if copies is None else copies
    return {k: v for k, v in leaves(cfg).items() if not (is_inert(k) or _under(k, known))}


def differences(cfg: DictConfig, reference: DictConfig) -> dict[str, Any]:
    """Return every decisive value that differs from the reference, by dotted key."""
    reference = reference.copy()
    # The groups' own YAMLs may read them.
    for key in ("seed", "n_train", "paths"):
        reference[key] = cfg[key]
    before, after = decisive(reference), decisive(cfg)
    changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return {key: after.get(key) for key in changed}


def is_inert(key: str) -> bool:
    """Tell whether a key changes no result.

    Examples
    --------
    >>> is_inert("tracking.project"), is_inert("tuning.n_trials")
    (True, False)
    """
    return not key.startswith(_DECISIVE) and _under(key, INERT)


def leaves(cfg: DictConfig) -> dict[str, Any]:
    """Return every value by its dotted key, interpolations resolved."""
    container = OmegaConf.to_container(cfg, resolve=True)
    assert isinstance(container, dict)
    return dict(_walk(container, ""))


def _under(key: str, keys: Container[str]) -> bool:
    """Tell whether a dotted key, or one above it, is among others."""
    parts = key.split(".")
    return any(".".join(parts[:n]) in keys for n in range(1, len(parts) + 1))


def copied_nodes(cfg: DictConfig) -> set[str]:
    """Return the keys of nodes that are another whole node, as in ``dataset.metric: ${metric}``."""
    container = OmegaConf.to_container(cfg, resolve=False)
    assert isinstance(container, dict)
    references = (key for key, value in _walk(container, "") if _NODE.fullmatch(str(value)))
    return {key for key in references if OmegaConf.is_dict(OmegaConf.select(cfg, key))}


def key_of(override: str) -> str:
    """Return the key that an override is about.

    Examples
    --------
    >>> key_of("+sizes.channels=8")
    'sizes.channels'
    """
    return override.lstrip("+~").partition("=")[0]


def _sets_value(override: str) -> bool:
    key = key_of(override)
    return key not in (*_GROUPS, "n_train", "seed") and not is_inert(key)


def _walk(node: dict[Any, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        if isinstance(value, dict) and value:
            yield from _walk(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _fits(value: Any, default: Any) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    if isinstance(default, int | float):
        # A whole number is a float as well; a fraction is no count.
        return isinstance(value, int) or (isinstance(default, float) and isinstance(value, float))
    return isinstance(value, type(default))
