"""Checks of the keys that overrides add, remove or set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass

from omegaconf import DictConfig, OmegaConf

from hwnas.composition._folder import option_file, read_yaml
from hwnas.composition._values import key_of
from hwnas.errors import UserError, nearest

#: Keys with which Hydra would make something else than the object of a ``_target_``.
_HYDRAS = frozenset({"_args_", "_convert_", "_partial_", "_recursive_"})
_SET_BY_COMMANDS = "predictor.sources"


def check_keys(cfg: DictConfig, given: Sequence[str]) -> None:
    """Raise an error for an override of a key that the schema lacks or that is not the user's.

    Hydra adds any key with ``+`` or ``++``, and the commands would ignore it. With ``~`` it removes
    a key that a command needs. Some keys are Hydra's own, and one is set by the command.

    Parameters
    ----------
    cfg : DictConfig
        The configuration of a command.
    given : sequence of str
        The overrides that it was composed with.

    Raises
    ------
    UserError
        With the override, and a similar key.

    Examples
    --------
    >>> from omegaconf import OmegaConf
    >>> from hwnas.composition._schema import PathsConfig
    >>> paths = OmegaConf.structured(PathsConfig("data", "cache", "outputs"))
    >>> check_keys(paths, ["++cache=other"])
    >>> check_keys(paths, ["++cach=other"])
    Traceback (most recent call last):
    hwnas.errors.UserError: ++cach=other: no such key; did you mean 'cache'? ...
    """
    for override in given:
        key = key_of(override)
        own = _HYDRAS.intersection(key.split("."))
        if own or key.startswith(_SET_BY_COMMANDS):
            problem = f"{min(own)} is a key of Hydra" if own else "the command sets it"
            raise UserError(f"{override}: {problem}", remedy=f"leave {override} out")
        if override.startswith(("+", "~")):
            _check_key(cfg, override)


def _check_key(cfg: DictConfig, override: str) -> None:
    node, key = cfg, key_of(override)
    *above, last = key.split(".")
    for name in [*above, last]:
        schema = OmegaConf.get_type(node)
        if isinstance(schema, type) and is_dataclass(schema):
            known = [each.name for each in fields(schema)]
            if name not in known:
                raise UserError(
                    f"{override}: no such key; {nearest(name, known)}",
                    remedy=f"leave {override} out",
                )
            if override.startswith("~") and name == last:
                raise needed(key)
        child = None if OmegaConf.is_missing(node, name) else node.get(name)
        if not isinstance(child, DictConfig):
            return
        node = child


def check_chosen(cfg: DictConfig, choices: Mapping[str, object], given: Sequence[str]) -> None:
    """Raise an error for a key below a group of which no option is chosen.

    Parameters
    ----------
    cfg : DictConfig
        The configuration of a command.
    choices : mapping of str to str or None
        The chosen option of each group.
    given : sequence of str
        The overrides, for the message.
    """
    for group, option in choices.items():
        override = next((e for e in given if key_of(e).startswith(f"{group}.")), group)
        empty = option is None or (override != group and _is_null(group, str(option)))
        if empty and cfg.get(group) is not None:
            raise UserError(f"{override}: no {group} is chosen", remedy=f"leave {override} out")


def _is_null(group: str, option: str) -> bool:
    """Tell whether the YAML of an option sets the node of its group to null."""
    file = option_file(group, option)
    return file is not None and read_yaml(file).get(group, "") is None


def needed(key: str) -> UserError:
    """Return the error of a key that ``~`` cannot remove."""
    return UserError(f"~{key}: the command needs {key}", remedy=f"leave ~{key} out")
