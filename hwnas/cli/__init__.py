"""The command line: ``hwnas COMMAND``, or ``python -m hwnas COMMAND`` from a checkout."""

from hwnas.cli._commands import COMMANDS, Command, main
from hwnas.cli._exit import fail

__all__ = ["COMMANDS", "Command", "fail", "main"]
