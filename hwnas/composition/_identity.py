"""The part of an experiment's identity that the configuration decides."""

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

#: Groups whose chosen option is in the variant unless it is "default".
_WITH_DEFAULT = ("tuning", "selection")
#: Groups whose chosen option is in the variant unless it is the ``name`` in the option's YAML.
_WITH_NAME = ("metric", "device", "image_set", "predictor")
#: Keys that the variant leaves out, because other parts of the path contain their values.
_IN_PATH = ("n_train", "seed", "dataset.")
#: A variant that is short and safe as part of a folder's name.
_PLAIN = re.compile(r"[\w.,=+-]{1,80}")


def variant(cfg: DictConfig, reference: DictConfig) -> str:
    """Return a text that says how a configuration differs from the defaults of its groups.

    The text becomes part of the result folder's name, so that no two configurations share a
    folder. It lists chosen options and resolved values as ``key=value``. If this list is long or
    has characters that are unsafe in a folder's name, the text is a digest of the list.

    Parameters
    ----------
    cfg : DictConfig
        The experiment's configuration.
    reference : DictConfig
        The same groups without overrides of values (`hwnas.composition.reference_config`).

    Returns
    -------
    str
        Empty if there is no difference.
    """
    choices = HydraConfig.get().runtime.choices
    parts: dict[str, Any] = {
        group: choices[group] for group in _WITH_DEFAULT if choices[group] != "default"
    }
    for group in _WITH_NAME:
        choice = choices.get(group) or ""
        # The name of a base starts with "_". The path has the name that the base resolves to.
        if choice and not choice.startswith("_") and choice not in _names(reference[group]):
            parts[group] = choice
    if reference.predictor.preset != "default":
        parts["preset"] = reference.predictor.preset
    if not _encoding_of_predictor(choices):
        parts["encoding"] = choices["encoding"]
    changed = differences(cfg, reference).items()
    parts |= {key: value for key, value in changed if not key.startswith(_IN_PATH)}
    if not parts:
        return ""
    text = ",".join(f"{key.removeprefix('predictor.')}={value}" for key, value in parts.items())
    if _PLAIN.fullmatch(text):
        return text
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:10]


def _encoding_of_predictor(choices: Mapping[str, str]) -> bool:
    """Return whether the chosen encoding is the one that the predictor's YAML chooses."""
    if "encoding" not in map(key_of, overrides()):
        return True
    default = compose("run", [f"predictor={choices['predictor']}"], return_hydra_config=True)
    return bool(default.hydra.runtime.choices["encoding"] == choices["encoding"])


def _names(node: DictConfig) -> set[str]:
    """Return the options that a node's ``name`` and ``preset`` stand for."""
    return {str(node.name), f"{node.get('preset')}/{node.name}"}


def check_same_configuration(cfg: DictConfig, path: Path) -> None:
    """Raise `UserError` if a result was computed with another configuration.

    The folder's name only contains values that differ from the YAML files. If a YAML file was
    edited, or an environment variable that it reads has changed, two different configurations
    have the same folder. This check then finds the difference in the saved ``config.yaml``.

    Parameters
    ----------
    cfg : DictConfig
    path : Path
        The saved configuration, ``config.yaml`` in the result folder.

    Raises
    ------
    UserError
        If a value that affects the result differs, or ``config.yaml`` is damaged or missing.
    """
    try:
        recorded = OmegaConf.load(path)
        assert isinstance(recorded, DictConfig)
        before = _plain(decisive(recorded, copied_nodes(cfg)))
    except (OSError, yaml.YAMLError, AssertionError) as reason:
        raise UserError(f"{path} is damaged: no whole result", remedy="force=true") from reason
    current = _plain(decisive(cfg))
    for key in {**current, **before}:
        # n_train is not compared: the folder's name contains the number of training measurements,
        # and predictors with a training design ignore n_train.
        if key != "n_train" and current.get(key) != before.get(key):
            raise UserError(
                f"{path.parent} holds a result of another configuration, "
                f"{key}={before.get(key)}; the current value is {current.get(key)}",
                remedy="force=true",
            )


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return values in the types that YAML has: tuples become lists."""
    return {key: list(v) if isinstance(v, tuple) else v for key, v in values.items()}
