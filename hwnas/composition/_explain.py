"""One-line explanations of Hydra's and OmegaConf's errors."""

from __future__ import annotations

import pkgutil
import re
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.errors import (
    HydraException,
    InstantiationException,
    MissingConfigException,
    OverrideParseException,
)
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    MissingMandatoryValue,
    OmegaConfBaseException,
)

from hwnas.composition._calls import FULL_KEY, call_problem, parameters
from hwnas.composition._choices import several_values
from hwnas.composition._folder import (
    CONF,
    is_group,
    known_groups,
    option_file,
    options,
    user_conf_folder,
)
from hwnas.composition._values import leaves
from hwnas.errors import UserError, nearest
from hwnas.extras import missing_library, not_installed

_OVERRIDE = re.compile(r"(?P<mark>[~+]{0,2})(?P<key>[\w./@-]+)=(?P<value>.*)")
_LOST_TARGET = re.compile(r"Error locating target '(?P<name>[^']+\.[^']+)'")
_REMOVED = re.compile(r"(?:delete from config. '|override ~)(?P<key>[^'=\s]+)")
_KEY = re.compile(r"Could not override '(?P<key>[^']+)'")
_AMBIGUOUS = re.compile(r"Ambiguous value for argument '(?P<key>[^'=]+)=")
_TAKEN = re.compile(r"An item is already at '(?P<key>[^']+)'")
_HYDRA_HINT = ", set env var HYDRA_FULL_ERROR=1 to see chained exception."

#: Starts of lines in which OmegaConf tells of its own classes.
_OF_OMEGACONF = ("full_key", "object_type", "reference_type")
#: What to give for a key that has no default value.
_WANTED = {"deviations.folder": "<a result folder of run.py>"}


def explain(error: HydraException | OmegaConfBaseException, arguments: list[str]) -> str:
    """Return one line that says what is wrong with a command line, and which name is similar.

    Parameters
    ----------
    error : HydraException or OmegaConfBaseException
        What Hydra or OmegaConf raised.
    arguments : list of str
        The command line.
    """
    overrides = dict(_overrides(arguments))
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, option = str(error.missing_cfg_file).partition("/")
        if is_group(group):
            return f"{group}={option}: no such option; {nearest(option, options(group))}"
        group, _, option = str(error.missing_cfg_file).rpartition("/")
        if error.options:
            # Of Hydra's own groups, such as hydra/launcher.
            return f"{group}={option}: no such option; {nearest(option, list(error.options))}"
    if isinstance(error, OverrideParseException):
        return f"cannot read the override '{error.override!s}': {_malformed(str(error.override))}"
    if isinstance(error, MissingMandatoryValue):
        empty = str(error.full_key)
        remedy = f"{empty}={_WANTED.get(empty, '...')}"
        return str(UserError(f"{empty}: it has no value", remedy))
    text = f"{error}\n{error.__cause__ or ''}"
    gone = [each.lstrip("~").partition("=")[0] for each in arguments if each.startswith("~")]
    problem = call_problem(text, overrides, gone) or _not_removed(text, gone)
    if problem is not None:
        return problem
    taken = _TAKEN.search(text)
    if taken is not None and taken["key"] in overrides:
        plain = f"{taken['key']}={overrides[taken['key']]}"
        return str(UserError(f"+{plain}: the key is there already", remedy=plain))
    key = _misfit(text, overrides)
    if key is not None:
        several = several_values(key, overrides.get(key, ""), overrides.get("experiment"))
        if several is not None:
            return str(several)
        return f"{key}={overrides.get(key, '?')}: {_problem(text, key, error.__cause__, overrides)}"
    return _first_lines(str(error).replace(_HYDRA_HINT, f": {error.__cause__}"))


def mistake_in(
    error: Exception, arguments: list[str], cfg: DictConfig | None = None
) -> UserError | None:
    """Return the user's mistake that caused an error; None if the program is at fault.

    A mistake is a `UserError`, a missing library, or a node that cannot be instantiated because its
    ``_target_`` does not exist, does not accept an argument, or raises a `ValueError`.

    Parameters
    ----------
    error : Exception
        What the task raised.
    arguments : list of str
        The command line.
    cfg : DictConfig, optional
        The configuration of the task. If given, the message names the option that needs a missing
        library.
    """
    if isinstance(error, UserError):
        return error
    library = missing_library(error)
    if library is not None:
        return not_installed(library, None if cfg is None else _choice_behind(error, cfg))
    if not isinstance(error, InstantiationException):
        return None
    cause = error.__cause__
    if isinstance(cause, UserError):
        return cause
    if str(error).startswith("Error in call to target") and not _refuses_arguments(cause):
        return None
    return UserError(explain(error, arguments))


def _choice_behind(error: Exception, cfg: DictConfig) -> str | None:
    """Return the option, such as ``predictor=mlp``, whose class raised an error or was not found.

    Parameters
    ----------
    error : Exception
    cfg : DictConfig
        The configuration whose nodes were being made or used.
    """
    lost = _LOST_TARGET.search(str(error))
    choices = HydraConfig.get().runtime.choices
    chosen: dict[str, str] = {}
    for key, value in leaves(cfg).items():
        group = key.partition(".")[0]
        if key.endswith("._target_") and choices.get(group) is not None:
            chosen[str(value)] = f"{group}={choices[group]}"
    if lost is not None:
        return chosen.get(lost["name"])
    by_module = {_module_of(target): choice for target, choice in chosen.items()}
    # Several of these classes may be among the calls. The innermost one needs the library.
    return next((by_module[m] for m in reversed(_modules(error)) if m in by_module), None)


def _module_of(target: str) -> str | None:
    """Return the module that defines the class of a ``_target_``, if the class is loaded."""
    module, _, name = target.rpartition(".")
    return getattr(getattr(sys.modules.get(module), name, None), "__module__", None)


def _modules(error: BaseException) -> list[str]:
    """Return the modules of the calls that led to an error, the outermost call first."""
    frames = traceback.walk_tb(error.__traceback__)
    own = [str(frame.f_globals.get("__name__")) for frame, _ in frames]
    return own if error.__cause__ is None else own + _modules(error.__cause__)


def _refuses_arguments(cause: BaseException | None) -> bool:
    if isinstance(cause, ValueError):
        return True
    # If the arguments do not match the signature, the traceback ends at the call.
    calls = None if cause is None else cause.__traceback__
    return isinstance(cause, TypeError) and calls is not None and calls.tb_next is None


def _malformed(override: str) -> str:
    """Say what is wrong with an override that Hydra cannot read."""
    value = override.partition("=")[2]
    if value[:1] in ("[", "{", "'", '"'):
        return f"the {value[0]} at the start of its value is not closed"
    return "a value is missing beside a comma" if "," in value else "write key=value"


def _not_removed(text: str, gone: list[str]) -> str | None:
    """Return a message about a key that ``~`` could not remove; None if the text is of none."""
    match = _REMOVED.search(text)
    if match is None or match["key"] not in gone:
        return None
    key = match["key"]
    return str(UserError(f"~{key}: there is nothing to remove", remedy=f"leave ~{key} out"))


def _misfit(text: str, overrides: dict[str, str]) -> str | None:
    """Return the key of the override that a message is about."""
    match = _KEY.search(text) or _AMBIGUOUS.search(text)
    if match is not None:
        return match.group("key")
    named = FULL_KEY.search(text)
    if named is not None and named.group(1) in overrides:
        return named.group(1)
    return None


def _problem(text: str, key: str, cause: BaseException | None, overrides: dict[str, str]) -> str:
    node = getattr(cause, "parent_node", None)
    if isinstance(node, DictConfig) and isinstance(cause, ConfigKeyError | ConfigAttributeError):
        # The key that does not exist may lie above the one on the command line.
        key = str(getattr(cause, "full_key", key))
        parent = key.rpartition(".")[0]
        names = [str(name) for name in node if name != "hydra"]
        known = [f"{parent}.{name}" if parent else name for name in names]
        return (
            _addable(node, key, overrides)
            or _elsewhere(key)
            or f"no such key; {nearest(key, known)}"
        )
    if "No match in the defaults list" in text:
        own = user_conf_folder() / key
        if own.is_dir() and not (CONF / key).is_dir():
            # Hydra takes every folder on its search path for a group.
            problem = f"the folder {own} lies among your configurations, and hides the key {key}"
            return str(UserError(problem, remedy="another folder in HWNAS_CONF"))
        return f"no such group; {nearest(key, known_groups())}"
    # The first line says that a value could not be set, and the other lines say why.
    problem = _first_lines(text.partition("\n")[2]) or _first_lines(text)
    return str(UserError(problem, remedy=f"leave {key} out"))


def _elsewhere(key: str) -> str | None:
    """Return a message with the options of a key's group that have the key; None if none has."""
    group, _, rest = key.partition(".")
    if not rest or not is_group(group):
        return None
    files = {option: OmegaConf.load(_file(group, option)) for option in options(group)}
    have = [option for option, config in files.items() if _has(config, rest)]
    if not have:
        return None
    # An option in a folder, such as paper/xgb, is a variant of another.
    first = next((option for option in have if "/" not in option), have[0])
    problem = f"no such key in the chosen {group}; these have it: {', '.join(have)}"
    return str(UserError(problem, remedy=f"{group}={first}"))


def _addable(node: DictConfig, key: str, overrides: dict[str, str]) -> str | None:
    """Return a message about a key that the YAML lacks and the class of its ``_target_`` takes."""
    name, target = key.rpartition(".")[2], node.get("_target_")
    value = overrides.get(key)
    if target is None or value is None or name.startswith("_"):
        return None
    try:
        made = pkgutil.resolve_name(target)
    except (ImportError, AttributeError, ValueError):
        return None
    # A library's class may hand on what it takes by name to the class that it inherits from.
    classes = made.__mro__ if isinstance(made, type) else (made,)
    if not any(name in parameters(each) for each in classes):
        return None
    problem = f"the chosen YAML has no such key, but {target} takes it"
    return str(UserError(problem, remedy=f"+{key}={value}"))


def _file(group: str, option: str) -> Path:
    path = option_file(group, option)
    assert path is not None
    return path


def _has(config: DictConfig | ListConfig, key: str) -> bool:
    node: object = OmegaConf.to_container(config, resolve=False)
    for part in key.split("."):
        if not isinstance(node, dict) or part not in node:
            return False
        node = node[part]
    return True


def _overrides(arguments: list[str]) -> Iterator[tuple[str, str]]:
    for argument in arguments:
        match = _OVERRIDE.fullmatch(argument)
        if match is not None:
            yield match.group("key"), match.group("value")


def _first_lines(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    kept = [line for line in lines if not line.startswith(_OF_OMEGACONF)]
    return " ".join(kept[:2])
