"""Progress on a terminal, in a log, and in a program that did not ask for it."""

from __future__ import annotations

import io
import sys
import threading
import time

import pytest

from hwnas.console import Meter, progress, shown
from hwnas.console import _progress as module


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def a_log(patch: pytest.MonkeyPatch, line_seconds: float = 0.01) -> io.StringIO:
    """Replace standard error. In a fixture, pytest would put its own stream in place again."""
    log = io.StringIO()
    patch.setattr(module, "LINE_SECONDS", line_seconds)
    patch.setattr(sys, "stderr", log)
    return log


def test_meter_text_counts_remarks_and_extrapolates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    meter = Meter("tuning", 32, "trials")
    assert meter.text == "0 of 32 trials"
    meter.start_at(12)
    monkeypatch.setattr(time, "monotonic", lambda: 60.0)
    meter.advance(2)
    meter.remark("best τ 0.8123")
    # Two trials took 60 s, so the other 18 take nine times as long.
    assert meter.text == "14 of 32 trials, best τ 0.8123, 9 min left"
    monkeypatch.setattr(time, "monotonic", lambda: 180.0)
    assert meter.text == "14 of 32 trials, best τ 0.8123, 7 min left"
    meter.advance(18)
    assert meter.text == "32 of 32 trials, best τ 0.8123"


def test_meter_total_unknown_or_in_bytes() -> None:
    assert Meter("search", None, "evaluations", done=1200).text == "1,200 evaluations"
    assert Meter("a.csv", 30_500_000, "bytes", done=1_000_000).text == "1.0 of 30.5 MB"
    assert Meter("a.csv", None, "bytes", done=1_000_000).text == "1.0 MB"


def test_progress_without_a_terminal_writes_lines_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = a_log(monkeypatch)
    with shown(), progress("tuning", 32, "trials") as meter:
        meter.advance(3)
        deadline = time.monotonic() + 5
        while "3 of 32" not in log.getvalue() and time.monotonic() < deadline:
            time.sleep(0.01)
    written = log.getvalue()
    assert written.startswith("tuning: ")
    assert "3 of 32 trials" in written
    time.sleep(0.05)
    assert log.getvalue() == written


def test_progress_short_work_in_a_log_writes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = a_log(monkeypatch, line_seconds=30.0)
    with shown(), progress("tuning", 32, "trials") as meter:
        meter.advance()
    assert log.getvalue() == ""


def test_progress_in_a_library_or_a_worker_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    log = a_log(monkeypatch)
    before = threading.active_count()
    with progress("tuning", 32, "trials"):
        assert threading.active_count() == before
    monkeypatch.setattr(module, "_in_main_process", lambda: False)
    with shown(), progress("tuning", 32, "trials"):
        assert threading.active_count() == before
    assert log.getvalue() == ""


def test_progress_on_a_terminal_shows_nested_work_and_vanishes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    with shown(), progress("quick", 96, "grid points", done=4) as outer:
        outer.advance()
        with progress("tuning", 8, "trials") as inner:
            inner.advance(2)
            time.sleep(0.3)
    written = stream.getvalue()
    assert "5 of 96 grid points" in written
    assert "2 of 8 trials" in written
    # The last line is erased, and the cursor is shown again.
    assert written.rstrip().endswith("\x1b[2K")
    assert "\x1b[?25h" in written
