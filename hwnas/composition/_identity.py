"""The identity of an experiment, as far as the configuration decides it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from hydra import compose
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from hwnas.composition._values import copied_nodes, decisive, differences, key_of, overrides
from hwnas.errors import UserError

#: Groups whose choice is part of the name where it is another than "default".
_WITH_DEFAULT = ("tuning", "selection")
#: Groups whose choice is part of the name where it is another than the ``name`` in its YAML.
_WITH_NAME = ("metric", "device", "image_set", "predictor")
#: Keys whose values decide the rest of the path.
_IN_PATH = ("n_train", "seed", "dataset.")
_PLAIN = re.compile(r"[\w.,=+-]{1,80}")


def variant(cfg: DictConfig, reference: DictConfig) -> str:
    """Say how an experiment differs from the defaults of its groups; "" if it does not.

    The text becomes part of the folder's name, so that no two settings share a result. It lists the
    choices of groups and the resolved values that differ, as far as they make a short plain name,
    and is a digest of them otherwise.
    """
    choices = HydraConfig.get().runtime.choices
    parts: dict[str, Any] = {
        group: choices[group] for group in _WITH_DEFAULT if choices[group] != "default"
    }
    for group in _WITH_NAME:
        choice = choices.get(group)
        if choice is not None and choice not in _names(reference[group]):
            parts[group] = choice
    if reference.predictor.preset != "default":
        parts["preset"] = reference.predictor.preset
    if not _own_encoding(choices):
        parts["encoding"] = choices["encoding"]
    changed = differences(cfg, reference).items()
    parts |= {key: value for key, value in changed if not key.startswith(_IN_PATH)}
    if not parts:
        return ""
    text = ",".join(f"{key.removeprefix('predictor.')}={value}" for key, value in parts.items())
    if _PLAIN.fullmatch(text):
        return text
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:10]


def _own_encoding(choices: Mapping[str, str]) -> bool:
    """Tell whether the encoding is the one that the predictor's YAML chooses."""
    if "encoding" not in map(key_of, overrides()):
        return True
    own = compose("run", [f"predictor={choices['predictor']}"], return_hydra_config=True)
    return bool(own.hydra.runtime.choices["encoding"] == choices["encoding"])


def _names(node: DictConfig) -> set[str]:
    """Return the options that a node's ``name`` and ``preset`` stand for."""
    return {str(node.name), f"{node.get('preset')}/{node.name}"}


def check_same_configuration(cfg: DictConfig, path: Path) -> None:
    """Refuse a result that was computed with another configuration.

    The folder's name tells configurations apart by what they override. It cannot see a YAML that
    was edited since, or an environment variable that a YAML reads.

    Parameters
    ----------
    cfg : DictConfig
    path : Path
        The configuration that was saved with the result, resolved.

    Raises
    ------
    UserError
        Naming the first value that differs, or if the saved configuration is damaged.
    """
    try:
        recorded = OmegaConf.load(path)
        assert isinstance(recorded, DictConfig)
        before = _plain(decisive(recorded, copied_nodes(cfg)))
    except (OSError, yaml.YAMLError, AssertionError) as reason:
        raise UserError(f"{path} is damaged: no whole result", remedy="force=true") from reason
    here = _plain(decisive(cfg))
    for key in {**here, **before}:
        # A predictor that chooses its own measurements ignores n_train; the path has their number.
        if key != "n_train" and here.get(key) != before.get(key):
            raise UserError(
                f"{path.parent} holds a result of another configuration, "
                f"{key}={before.get(key)}; here is {here.get(key)}",
                remedy="force=true",
            )


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return values as YAML keeps them: tuples are lists."""
    return {key: list(v) if isinstance(v, tuple) else v for key, v in values.items()}
