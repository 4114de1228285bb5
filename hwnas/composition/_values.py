"""The values of a configuration: which there are, which decide a result, which differ."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

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
    "experiment": "the table of a study; its grid points override the other keys",
    "deviations": "of simulated predictors, which have no result folder",
    "action": "of a study",
    "report": "of a study",
    "seeds": "of a study's job",
    "job": "the name of a study's job",
}
#: Keys that decide a result although `INERT` has a key above them.
_DECISIVE = ("experiment.settings.",)
_NODE = re.compile(r"\$\{[\w.]+\}")


def overrides() -> list[str]:
    """Return the overrides of the command line, or of a launcher's job, as they were written."""
    # Without resolving: one may hold an interpolation, of a node that is not in Hydra's own.
    given = OmegaConf.to_container(HydraConfig.get().overrides.task)
    assert isinstance(given, list)
    return given


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


def _under(key: str, keys: Container[str]) -> bool:
    """Tell whether a dotted key, or one above it, is among others."""
    parts = key.split(".")
    return any(".".join(parts[:n]) in keys for n in range(1, len(parts) + 1))


def _walk(node: dict[Any, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        if isinstance(value, dict) and value:
            yield from _walk(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
