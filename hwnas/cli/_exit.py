"""How every command ends: its exit code, and the one line that explains it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import NoReturn

from hwnas.console import reader_is_gone, silence
from hwnas.errors import UserError
from hwnas.extras import missing_library, not_installed

#: Exit code after a user's mistake.
MISTAKE = 2
#: Exit code after Ctrl-C, as shells have it.
INTERRUPTED = 130
#: Exit code of a command whose output nobody reads any more, as shells have it.
NO_READER = 141
_PRESSED = Event()


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn what ends a command early into one line on standard error and an exit code.

    The exit code is 2 after a user's mistake, which includes a library that is not installed, and
    130 after Ctrl-C. A fault of the program keeps its traceback, for which Python exits with 1.
    Where the program that reads standard output has ended, as ``head`` does, nothing is printed and
    the exit code is 141.
    """
    with _interrupts():
        try:
            yield
            sys.stdout.flush()
        except BaseException as error:
            if isinstance(error, BrokenPipeError):
                end_without_reader()
            if was_interrupted() or isinstance(error, KeyboardInterrupt):
                print("stopped, the same command continues", file=sys.stderr)  # noqa: T201
                sys.exit(INTERRUPTED)
            library = missing_library(error)
            if isinstance(error, UserError):
                fail(str(error))
            if library is not None:
                fail(str(not_installed(library)))
            raise


def end_without_reader() -> None:
    """End the process silently, if nobody reads its standard output any more.

    Otherwise another pipe has broken, and the function does nothing.
    """
    if reader_is_gone():
        silence()
        sys.exit(NO_READER)


def fail(message: str) -> NoReturn:
    """Print a user's mistake as one line and exit with code 2."""
    print(f"error: {message}", file=sys.stderr)  # noqa: T201 - the command's output
    sys.exit(MISTAKE)


def was_interrupted() -> bool:
    """Tell whether Ctrl-C was pressed since the running command began.

    Ctrl-C may arrive as another error: an extension that is being imported turns it into an
    ImportError.
    """
    return _PRESSED.is_set()


@contextmanager
def _interrupts() -> Iterator[None]:
    """Note it when Ctrl-C is pressed during a block, besides raising a KeyboardInterrupt."""
    _PRESSED.clear()

    def note(number: int, frame: FrameType | None) -> None:
        _PRESSED.set()
        signal.default_int_handler(number, frame)

    # Ctrl-C is left as it is where another program handles it, or a shell ignores it for a job in
    # the background.
    own = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if own:
        signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        if own:
            signal.signal(signal.SIGINT, signal.default_int_handler)
