"""The command line: ``hwnas COMMAND``, or ``python -m hwnas COMMAND`` from a checkout."""

from hwnas.cli._commands import COMMANDS, main
from hwnas.cli._exit import fail

__all__ = ["COMMANDS", "fail", "main"]
