"""One line for each way a command line can fail to compose."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from hwnas._cli import CONF
from hwnas.errors import nearest

_OVERRIDE = re.compile(r"(?P<mark>[~+]{0,2})(?P<key>[\w./@-]+)=(?P<value>.*)")
_KEY = re.compile(r"Could not override '(?P<key>[^']+)'")


def explain(
    error: HydraException | OmegaConfBaseException, arguments: list[str], config_name: str
) -> str:
    """Say in one line what is wrong with a command line, and which name was meant.

    Parameters
    ----------
    error : HydraException or OmegaConfBaseException
        What Hydra or OmegaConf raised.
    arguments : list of str
        The command line.
    config_name : str
        The primary configuration, ``conf/<config_name>.yaml``.
    """
    overrides = dict(_overrides(arguments))
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, option = str(error.missing_cfg_file).partition("/")
        if (CONF / group).is_dir():
            return f"{group}={option}: no such option; {nearest(option, _options(group))}"
    if isinstance(error, OverrideParseException):
        return f"cannot read the override '{error.override}': write key=value"
    text = f"{error}\n{error.__cause__ or ''}"
    key = _misfit(text, overrides)
    choices = [f"{k}={v}" for k, v in overrides.items() if (CONF / k).is_dir() and k != key]
    if key is not None:
        return f"{key}={overrides.get(key, '?')}: {_problem(text, key, config_name, choices)}"
    return _first_lines(str(error))


def _misfit(text: str, overrides: dict[str, str]) -> str | None:
    """Return the key of the override that a message is about."""
    match = _KEY.search(text)
    if match is not None:
        return match.group("key")
    named = re.search(r"full_key: (\S+)", text)
    if named is not None and named.group(1) in overrides:
        return named.group(1)
    return None


def _problem(text: str, key: str, config_name: str, choices: list[str]) -> str:
    if "is not in struct" in text or "not in '" in text or "No match in the defaults list" in text:
        parent, _, name = key.rpartition(".")
        known = _keys(parent, config_name, choices)
        prefix = f"{parent}." if parent else ""
        if known:
            return f"no such key; {nearest(f'{prefix}{name}', [f'{prefix}{k}' for k in known])}"
    return _first_lines(text.partition("\n")[2] or text)


def _keys(parent: str, config_name: str, choices: list[str]) -> list[str]:
    """Return the keys of a node of the configuration with these groups chosen."""
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        node: DictConfig = compose(config_name, overrides=choices)
    for part in parent.split(".") if parent else []:
        child = node.get(part) if part in node else None
        if not isinstance(child, DictConfig):
            return []
        node = child
    return [str(key) for key in node]


def _options(group: str) -> list[str]:
    files = (CONF / group).rglob("*.yaml")
    names = [f.relative_to(CONF / group).with_suffix("").as_posix() for f in files]
    return [name for name in names if not name.rpartition("/")[2].startswith("_")]


def _overrides(arguments: list[str]) -> Iterator[tuple[str, str]]:
    for argument in arguments:
        match = _OVERRIDE.fullmatch(argument)
        if match is not None:
            yield match.group("key"), match.group("value")


def _first_lines(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    kept = [line for line in lines if not line.startswith(("full_key", "object_type"))]
    return " ".join(kept[:2])
