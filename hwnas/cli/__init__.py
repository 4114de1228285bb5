"""The command line: ``hwnas COMMAND``, or ``python -m hwnas COMMAND`` from a checkout."""

from hwnas.cli._commands import COMMANDS, main
from hwnas.cli._hydra import fail, run_hydra

__all__ = ["COMMANDS", "fail", "main", "run_hydra"]
