"""Progress of long work: a transient line on a terminal, otherwise a line now and then."""

from __future__ import annotations

import os
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

#: Time between two lines where standard error is not a terminal, for example in a log of Slurm.
LINE_SECONDS = 30.0
_BYTES = "bytes"


class Meter:
    """The progress of one piece of work.

    Parameters
    ----------
    title : str
        What is going on, for example "tuning xgb".
    total : int or None
        Number of units of the whole work. None: it is not known.
    unit : str
        Name of the unit in the plural. "bytes" are shown in MB.
    done : int
        Number of units that were finished before. The time left does not count them.
    """

    def __init__(self, title: str, total: int | None, unit: str, done: int = 0) -> None:
        self.title, self.total, self.unit = title, total, unit
        self.done = self._done_before = done
        self.note = ""
        self._began = self._advanced = time.monotonic()

    def advance(self, n: int = 1) -> None:
        """Count units that are finished."""
        if n:
            self.done += n
            self._advanced = time.monotonic()

    def start_at(self, done: int) -> None:
        """Count units that were finished before, and measure the time from now on."""
        self.done = self._done_before = done
        self._began = self._advanced = time.monotonic()

    def describe(self, title: str) -> None:
        """Say what is going on now, in place of the title."""
        self.title = title

    def remark(self, note: str) -> None:
        """Show a remark behind the numbers, for example the best score so far."""
        self.note = note

    @property
    def text(self) -> str:
        """The numbers, the remark and the time left as text."""
        parts = [self._count(), self.note, self._time_left()]
        return ", ".join(part for part in parts if part)

    def _count(self) -> str:
        if self.unit == _BYTES:
            whole = "" if self.total is None else f" of {self.total / 1e6:,.1f}"
            return f"{self.done / 1e6:,.1f}{whole} MB"
        whole = "" if self.total is None else f" of {self.total:,}"
        return f"{self.done:,}{whole} {self.unit}"

    def _time_left(self) -> str:
        finished = self.done - self._done_before
        if self.total is None or finished <= 0 or self.done >= self.total:
            return ""
        seconds = (self._advanced - self._began) / finished * (self.total - self.done)
        # While a unit takes long, the time left falls, and does not rise with the time that passed.
        return f"{duration(seconds - (time.monotonic() - self._advanced))} left"


def duration(seconds: float) -> str:
    """Return a time in words, in whole units that a person reads at a glance.

    Examples
    --------
    >>> duration(42.3), duration(600), duration(7500), duration(400_000)
    ('42 s', '10 min', '2 h 5 min', '4 d 15 h')
    """
    whole = max(1, round(seconds))
    if whole < 120:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} d {hours % 24} h"


class _Display(ABC):
    """Shows the meters of one command."""

    def __init__(self) -> None:
        self.meters: list[Meter] = []

    @contextmanager
    def with_meter(self, meter: Meter) -> Iterator[None]:
        self.meters.append(meter)
        if len(self.meters) == 1:
            self.start()
        try:
            yield
        finally:
            self.meters.remove(meter)
            if not self.meters:
                self.stop()

    @abstractmethod
    def start(self) -> None:
        """Begin to show meters."""

    @abstractmethod
    def stop(self) -> None:
        """Show no meters any more."""


class _Terminal(_Display):
    """One line for each meter, below all other output. The lines vanish at the end."""

    _live: Live

    def start(self) -> None:
        # Imported here because most commands show no progress.
        from rich.console import Console
        from rich.live import Live

        self._live = Live(
            console=Console(stderr=True),
            get_renderable=self._lines,
            transient=True,
            # Rich writes everything to the stream of its console. A result that goes into a file or
            # a pipe must stay on standard output.
            redirect_stdout=sys.stdout.isatty(),
        )
        self._live.start()

    def stop(self) -> None:
        self._live.stop()

    def _lines(self) -> RenderableType:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        lines = Table.grid(padding=(0, 1))
        for meter in self.meters:
            bar = ProgressBar(total=meter.total, completed=meter.done, width=16)
            cells = (Text(meter.title, no_wrap=True), bar, Text(meter.text, no_wrap=True))
            lines.add_row(*cells)
        return lines


class _Log(_Display):
    """One line for all meters every `LINE_SECONDS`. Work that is shorter prints nothing."""

    def start(self) -> None:
        self._stopped = threading.Event()
        threading.Thread(target=self._write, args=(self._stopped,), daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def _write(self, stopped: threading.Event) -> None:
        while not stopped.wait(LINE_SECONDS):
            texts = [f"{meter.title}: {meter.text}" for meter in list(self.meters)]
            print("; ".join(texts), file=sys.stderr, flush=True)  # noqa: T201 - for the user


_DISPLAY: ContextVar[_Display | None] = ContextVar("display", default=None)


@contextmanager
def shown() -> Iterator[None]:
    """Show the progress of everything that runs in the block.

    Progress is shown in commands only: a program that calls hwnas as a library has a console of its
    own. A block inside of another one changes nothing.
    """
    if _DISPLAY.get() is not None:
        yield
        return
    # A terminal without cursor movements, such as that of an editor, is written to like a log.
    moves = sys.stderr.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")
    token = _DISPLAY.set(_Terminal() if moves else _Log())
    try:
        yield
    finally:
        _DISPLAY.reset(token)


@contextmanager
def progress(title: str, total: int | None, unit: str, done: int = 0) -> Iterator[Meter]:
    """Show the progress of the work in the block, if a command has asked for it (`shown`).

    Parameters
    ----------
    title, total, unit, done
        See `Meter`.

    Yields
    ------
    Meter
        The block calls its `advance`.

    Examples
    --------
    >>> with progress("measuring", 3, "networks") as meter:
    ...     for _ in range(3):
    ...         meter.advance()
    >>> meter.text
    '3 of 3 networks'
    """
    meter, display = Meter(title, total, unit, done), _DISPLAY.get()
    if display is None or not _in_main_process():
        yield meter
        return
    with display.with_meter(meter):
        yield meter


def _in_main_process() -> bool:
    """Tell whether this is no worker of a launcher: workers share one terminal."""
    from multiprocessing import current_process

    return current_process().name == "MainProcess"
