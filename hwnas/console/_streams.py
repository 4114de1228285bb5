"""Standard output and standard error of consoles that lack characters or stop reading."""

from __future__ import annotations

import codecs
import io
import os
import select
import sys
from typing import TextIO, cast

#: What a console prints that cannot print these characters. Any other character becomes "?".
_PLAIN = {
    "τ": "tau",
    "σ": "sigma",
    "µ": "u",
    "μ": "u",
    "±": "+-",
    "×": "x",
    "−": "-",
    "–": "-",
    "—": "-",
    "…": "...",
    "≥": ">=",
    "≤": "<=",
}
_HANDLER = "hwnas.console.plain"


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Return the replacement of characters that cannot be encoded, for `codecs`."""
    assert isinstance(error, UnicodeEncodeError)
    letters = error.object[error.start : error.end]
    return "".join(_PLAIN.get(letter, "?") for letter in letters), error.end


def printable() -> None:
    """Make standard output and standard error replace characters that they cannot encode.

    Without it, a command would end with a `UnicodeEncodeError` where it prints the letter τ, for
    example with ``PYTHONIOENCODING=ascii`` or in the console of an older Windows.

    Examples
    --------
    >>> printable()
    >>> "τ 0.9 ± 0.1".encode("ascii", errors="hwnas.console.plain")
    b'tau 0.9 +- 0.1'
    """
    codecs.register_error(_HANDLER, _plain)
    for stream in (sys.stdout, sys.stderr):
        # A test or a notebook may have put an object of another type in place of the stream.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)


class _PresentStderr:
    """Writes to what standard error is at that moment."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def present_stderr() -> TextIO:
    """Return a stream for log messages.

    While progress is shown, standard error is replaced by one that writes above the lines of
    progress. A log handler that had kept the old one would write into them.
    """
    return cast(TextIO, _PresentStderr())


def reader_is_gone() -> bool:
    """Tell whether the program that read standard output, such as ``head``, has ended.

    Other pipes can break as well, for example one to a worker. That is a fault to be reported.
    """
    # Windows has no poll, and there a broken pipe is another error.
    if not hasattr(select, "poll") or not isinstance(sys.stdout, io.TextIOWrapper):
        return False
    poll = select.poll()
    poll.register(sys.stdout.fileno(), select.POLLERR)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def silence() -> None:
    """Send standard output nowhere, so that Python's own flush at exit prints no error."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
