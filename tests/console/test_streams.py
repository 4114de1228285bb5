"""Consoles that lack characters or stop reading."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.commands import ROOT


@pytest.mark.parametrize("letters", ["τ 0.9 ±0.1, 3 µs ü", "−1 × σ"])
def test_printable_ascii_console_prints_words(letters: str) -> None:
    code = f"from hwnas.console import printable; printable(); print({letters!r})"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    expected = {"τ": b"tau 0.9 +-0.1, 3 us ?", "−": b"-1 x sigma"}[letters[0]]
    assert run.stdout.strip() == expected


def test_main_reader_has_ended_exits_silently() -> None:
    """As in ``hwnas --help | head -1``, where head ends first."""
    read, write = os.pipe()
    os.close(read)
    run = subprocess.run(
        [sys.executable, "-m", "hwnas", "--help"],
        cwd=ROOT,
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)
    assert (run.returncode, run.stderr) == (141, b"")
