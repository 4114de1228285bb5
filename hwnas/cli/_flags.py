"""The flags of Hydra, checked before Hydra reads them: its own parser would print its usage."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from hwnas.cli._parser import parser
from hwnas.errors import UserError

_VIEWS = ("job", "hydra", "all")
#: Flags of which Hydra takes one: what it does with the configuration.
_ACTIONS = ("-m", "--multirun", "-r", "--run", "-c", "--cfg", "-i", "--info")
_SWITCHES = {
    "--hydra-help": (),
    "--resolve": (),
    "--run": ("-r",),
    "--multirun": ("-m",),
    "--shell-completion": ("-sc",),
}
_WITH_VALUE = {
    "--package": ("-p",),
    "--config-path": ("-cp",),
    "--config-name": ("-cn",),
    "--experimental-rerun": (),
}
_FACTS = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")


def check_flags(name: str, arguments: Sequence[str]) -> None:
    """Raise `UserError` for a word that is neither a flag nor an override, or a misused flag.

    Parameters
    ----------
    name : str
        The command, as in ``hwnas NAME``.
    arguments : sequence of str
        The command line behind the command's name, without the flag ``--config-dir``.

    Examples
    --------
    >>> check_flags("run", ["--cfg", "job", "n_train=5", "--resolve"])
    >>> check_flags("run", ["n_train=5", "--verbose"])
    Traceback (most recent call last):
    hwnas.errors.UserError: ... unrecognized arguments: --verbose. Try: ... run --help
    """
    given = _flags(name).parse_intermixed_args(arguments)
    actions = [each for each in arguments if each.partition("=")[0] in _ACTIONS]
    if len(actions) > 1:
        # Hydra would show a traceback.
        raise UserError(
            f"{' '.join(actions)}: one command takes one of these flags",
            remedy=f"leave {actions[0]} out",
        )
    if given.resolve and given.cfg is None:
        raise UserError("--resolve: it belongs to --cfg", remedy="--cfg job --resolve")
    for word in given.overrides:
        if "=" not in word and not word.startswith("~"):
            # Hydra would read the words behind it as flags.
            raise UserError(f"cannot read the override {word!r}: write key=value")


def config_dir(arguments: Sequence[str]) -> tuple[Path | None, list[str]]:
    """Return the folder of Hydra's flag ``--config-dir``, and the other arguments.

    Raises
    ------
    UserError
        If the flag stands alone.
    """
    reader = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    reader.add_argument("--config-dir", "-cd", type=Path)
    try:
        known, rest = reader.parse_known_args(arguments)
    except argparse.ArgumentError as error:
        raise UserError(str(error), remedy="--config-dir FOLDER") from error
    folder: Path | None = known.config_dir
    return None if folder is None else folder.expanduser().absolute(), rest


def _flags(name: str) -> argparse.ArgumentParser:
    """Return a parser of Hydra's flags. A test compares them with those of Hydra's own parser."""
    reader = parser(name, "")
    reader.add_argument("overrides", nargs="*")
    reader.add_argument("--cfg", "-c", choices=_VIEWS)
    reader.add_argument("--info", "-i", nargs="?", choices=_FACTS, const="all")
    for flag, letters in _SWITCHES.items():
        reader.add_argument(flag, *letters, action="store_true")
    for flag, letters in _WITH_VALUE.items():
        reader.add_argument(flag, *letters)
    return reader
