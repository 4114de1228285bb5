"""The part of an experiment's identity that follows from its configuration."""

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

#: Groups whose option is part of the variant if it is not "default".
_WITH_DEFAULT = ("tuning", "selection")
#: Groups whose option is part of the variant if it is not the ``name`` in its YAML.
_WITH_NAME = ("metric", "device", "image_set", "predictor")
#: Keys that are left out, because other parts of the result folder's path contain their values.
_IN_PATH = ("n_train", "seed", "dataset.")
_PLAIN = re.compile(r"[\w.,=+-]{1,80}")


def variant(cfg: DictConfig, reference: DictConfig) -> str:
    """Return a text that tells an experiment apart from that with the default settings.

    The text is part of the path of the result folder, so that no two settings share a folder.

    Parameters
    ----------
    cfg : DictConfig
        The configuration of the running command.
    reference : DictConfig
        See `hwnas.composition.reference_config`.

    Returns
    -------
    str
        The options and resolved values that differ from the defaults, or the empty string. If they
        are too long for a file name, or have other characters than it may have, a hash of them.
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
    """Tell whether the encoding is the option that the predictor's YAML chooses."""
    if "encoding" not in map(key_of, overrides()):
        return True
    own = compose("run", [f"predictor={choices['predictor']}"], return_hydra_config=True)
    return bool(own.hydra.runtime.choices["encoding"] == choices["encoding"])


def _names(node: DictConfig) -> set[str]:
    """Return the names of the option that a node's ``name`` and ``preset`` belong to."""
    return {str(node.name), f"{node.get('preset')}/{node.name}"}


def check_same_configuration(cfg: DictConfig, path: Path) -> None:
    """Raise an error if a saved result was computed with another configuration.

    The path of a result folder contains the overrides of a configuration. It does not change if a
    YAML is edited, or if a YAML reads an environment variable that changes.

    Parameters
    ----------
    cfg : DictConfig
    path : Path
        File of the configuration that was saved with the result.

    Raises
    ------
    UserError
        If a value differs, or the saved configuration is damaged.
    """
    try:
        recorded = OmegaConf.load(path)
        assert isinstance(recorded, DictConfig)
        before = _plain(decisive(recorded, copied_nodes(cfg)))
    except (OSError, yaml.YAMLError, AssertionError) as reason:
        raise UserError(f"{path} is damaged", remedy="force=true") from reason
    here = _plain(decisive(cfg))
    for key in {**here, **before}:
        # n_train is not compared, because a predictor that chooses its own measurements ignores it.
        # The path of the result folder has their number.
        if key != "n_train" and here.get(key) != before.get(key):
            raise UserError(
                f"{path.parent} holds a result of another configuration, "
                f"{key}={before.get(key)}; here is {here.get(key)}",
                remedy="force=true",
            )


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return values as they are read from YAML, with lists for tuples."""
    return {key: list(v) if isinstance(v, tuple) else v for key, v in values.items()}
