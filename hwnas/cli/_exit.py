"""How every command ends: its exit code, and the one line that explains it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from hwnas.errors import UserError
from hwnas.extras import missing_library, not_installed

#: Exit code after a user's mistake.
MISTAKE = 2
#: Exit code after Ctrl-C, as shells have it.
INTERRUPTED = 130


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn what ends a command early into one line on standard error and an exit code.

    The exit code is 2 after a user's mistake, which includes a library that is not installed, and
    130 after Ctrl-C. A fault of the program keeps its traceback, for which Python exits with 1.
    """
    try:
        yield
    except UserError as error:
        fail(str(error))
    except ImportError as error:
        library = missing_library(error)
        if library is None:
            raise
        fail(str(not_installed(library)))
    except KeyboardInterrupt:
        print("stopped, the same command continues", file=sys.stderr)  # noqa: T201
        sys.exit(INTERRUPTED)


def fail(message: str) -> NoReturn:
    """Print a user's mistake as one line and exit with code 2."""
    print(f"error: {message}", file=sys.stderr)  # noqa: T201 - the command's output
    sys.exit(MISTAKE)
