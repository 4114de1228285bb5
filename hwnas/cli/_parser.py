"""The parser of commands without a configuration."""

from __future__ import annotations

import argparse
from typing import NoReturn

from hwnas.errors import UserError, command


class _Parser(argparse.ArgumentParser):
    """Ends a mistake in one line, as every other command does."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{self.prog}: {message}", remedy=f"{self.prog} --help")


def parser(name: str, description: str) -> argparse.ArgumentParser:
    """Return the parser of a command. Its mistakes are `UserError`.

    Parameters
    ----------
    name : str
        The command's name, as in ``hwnas NAME``.
    description : str
        The first line of its help.
    """
    return _Parser(prog=command(name), description=description, allow_abbrev=False)
