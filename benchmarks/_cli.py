"""Entry points of the benchmarks: a user's mistake is one line and exit code 2, as elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from hwnas.cli import fail
from hwnas.errors import UserError


def run(main: Callable[[], None]) -> None:
    """Run a benchmark; only a fault of the program shows a traceback."""
    try:
        main()
    except UserError as error:
        fail(str(error))
