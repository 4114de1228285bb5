"""The values of a configuration, and which of them affect a result."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

#: Keys that do not affect a result, with the reason. A key includes all keys below it.
#: tests/experiment/test_identity.py runs an experiment with another value of each.
INERT: Mapping[str, str] = {
    "paths": "folders; a result records the hash of the file that its values come from",
    "tracking": "where a finished result is logged",
    "study": "a name by which trackers group runs",
    "force": "whether a finished result is computed again and replaced",
    "artifacts": "which files a result folder has besides result.json",
    "intervals": "whether a predictor is calibrated; only the scores of its intervals need that",
    "tuning.storage": "where Optuna stores trials",
    "tuning.force": "whether stored trials are deleted first",
    "dataset.paths": "the same folders as paths",
    "dataset.path": "a result records the hash of the file that its values come from",
    "dataset.target": "a result records the column that its values come from",
    "predictor.model.path": "a digest of the file is beside it",
    "tuning.path": "a digest of the file is beside it",
    "dataset.source": "the path of a result says whether its values are measured or estimated",
    "metric.title": "a label in plots",
    "predictor.title": "a label",
    "device.title": "a label",
    "experiment": "the definition of a study; its grid points override the other keys",
    "deviations": "settings of the simulator, which writes no result folder",
    "action": "what the command sweep does",
    "report": "whether the command sweep writes a report",
    "seeds": "the seeds of a study's job",
    "job": "the identity of a study's job",
    "sweep": "how many tasks of the launcher the jobs of a study are divided into",
    "jobs": "the overrides of the jobs of a launcher's task",
}
#: Values that a configuration has had before it could state them. They are left out, so that a
#: result of an older version, and its tuning, have the same configuration as a new one.
_IMPLIED: Mapping[str, Any] = {
    "train": "random",
    "tuning.trial_seconds": None,
    "predictor.sources": None,
}
#: Prefixes of keys that affect a result although `INERT` includes them.
_DECISIVE = ("experiment.settings.",)
_NODE = re.compile(r"\$\{[\w.]+\}")


def overrides() -> list[str]:
    """Return the overrides of the command line, or of a launcher's job, as they were written."""
    # Hydra's own configuration cannot resolve an interpolation that an override contains.
    given = OmegaConf.to_container(HydraConfig.get().overrides.task)
    assert isinstance(given, list)
    return given


def decisive(cfg: DictConfig, copies: Container[str] | None = None) -> dict[str, Any]:
    """Return the values that affect a result, by dotted key, with interpolations resolved.

    Parameters
    ----------
    cfg : DictConfig
    copies : container of str, optional
        Keys of nodes that repeat another node, and are left out. By default they are found with
        `copied_nodes`, which needs a configuration whose interpolations are not resolved yet.
    """
    left_out = copied_nodes(cfg) if copies is None else copies
    return {
        key: value
        for key, value in leaves(cfg).items()
        if not (is_inert(key) or _is_below(key, left_out))
        and not (key in _IMPLIED and value == _IMPLIED[key])
    }


def differences(cfg: DictConfig, reference: DictConfig) -> dict[str, Any]:
    """Return the values that affect a result and differ from the reference, by dotted key.

    The keys ``seed``, ``n_train`` and ``paths`` are not compared.
    """
    reference = reference.copy()
    # Copied, so that values which refer to one of these keys are equal too.
    for key in ("seed", "n_train", "paths"):
        reference[key] = cfg[key]
    before, after = decisive(reference), decisive(cfg)
    changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return {key: after.get(key) for key in changed}


def is_inert(key: str) -> bool:
    """Tell whether a key does not affect a result.

    Examples
    --------
    >>> is_inert("tracking.project"), is_inert("tuning.n_trials")
    (True, False)
    """
    return not key.startswith(_DECISIVE) and _is_below(key, INERT)


def leaves(cfg: DictConfig) -> dict[str, Any]:
    """Return every value by its dotted key, with interpolations resolved."""
    container = OmegaConf.to_container(cfg, resolve=True)
    assert isinstance(container, dict)
    return dict(_walk(container, ""))


def copied_nodes(cfg: DictConfig) -> set[str]:
    """Return the keys of nodes that repeat a whole node, as in ``dataset.metric: ${metric}``."""
    container = OmegaConf.to_container(cfg, resolve=False)
    assert isinstance(container, dict)
    references = (key for key, value in _walk(container, "") if _NODE.fullmatch(str(value)))
    return {key for key in references if OmegaConf.is_dict(OmegaConf.select(cfg, key))}


def key_of(override: str) -> str:
    """Return the key of an override.

    Examples
    --------
    >>> key_of("+sizes.channels=8")
    'sizes.channels'
    """
    return override.lstrip("+~").partition("=")[0]


def _is_below(key: str, keys: Container[str]) -> bool:
    """Tell whether a dotted key, or a key above it, is among `keys`."""
    parts = key.split(".")
    return any(".".join(parts[:n]) in keys for n in range(1, len(parts) + 1))


def _walk(node: dict[Any, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        if isinstance(value, dict) and value:
            yield from _walk(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
