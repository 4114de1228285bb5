"""Shell completion: Hydra's, with the commands and with options in folders (``hwnas/raspi4``)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from hwnas.cli._parser import parser

if TYPE_CHECKING:
    from hwnas.cli._commands import Command

#: Hydra's plugin of each shell. zsh runs the script of bash.
_PLUGINS = {"bash": "bash", "zsh": "bash", "fish": "fish"}
#: Lets zsh run the script of bash.
_ZSH = (
    "(( $+functions[compdef] )) || { autoload -U compinit && compinit; }",
    "autoload -U bashcompinit && bashcompinit",
)
_SEPARATORS = {"bash": " ", "fish": "\n"}


def install(arguments: Sequence[str]) -> None:
    """Print the script that makes a shell complete ``hwnas COMMAND key=value``."""
    from hwnas.cli._hydra import run_hydra

    reader = parser(
        "completion", 'Print a shell\'s completion script: eval "$(hwnas completion bash)"'
    )
    reader.add_argument("shell", metavar="SHELL", choices=_PLUGINS, help=", ".join(_PLUGINS))
    shell = reader.parse_args(arguments).shell
    # Hydra completes the program of this name.
    sys.argv[0] = "hwnas"
    if shell == "zsh":
        _print(_ZSH)
    run_hydra(lambda _: None, "run", ["-sc", f"install={_PLUGINS[shell]}"])


def answer(commands: Mapping[str, Command], arguments: Sequence[str]) -> None:
    """Print what the last word of ``COMP_LINE`` may become, as Hydra's scripts ask for it.

    Parameters
    ----------
    commands : mapping of str to Command
    arguments : sequence of str
        ``query=bash`` or ``query=fish``.
    """
    from hwnas.cli._short_forms import expanded
    from hwnas.composition import CONF, is_group, options

    line = os.environ["COMP_LINE"]
    words = line.split()
    word = "" if line.endswith(" ") else words.pop()
    _, *before = words
    separator = _SEPARATORS[arguments[0].partition("=")[2]]
    group, equals, value = word.partition("=")
    if not before:
        _print(commands, separator)
    elif equals and is_group(group):
        # Of several values, the last one is being typed.
        typed = word[: len(word) - len(value.rpartition(",")[2])]
        _print([f"{typed}{option}" for option in options(group)], separator)
    elif before[0] in commands and (CONF / f"{before[0]}.yaml").is_file():
        # The command has a configuration, whose keys Hydra knows.
        given = [each for each in expanded(before[1:]) if "=" in each]
        os.environ["COMP_LINE"] = " ".join(["hwnas", *given, word])
        commands[before[0]].run(["-sc", *arguments])


def _print(lines: Iterable[str], separator: str = "\n") -> None:
    sys.stdout.write(f"{separator.join(lines)}\n")
