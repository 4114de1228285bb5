"""Tables as text and on a terminal."""

from __future__ import annotations

import io
import sys

import pytest

from hwnas.console import Column, Line, Section, TextTable, print_markdown, print_table

TABLE = TextTable(
    [Column("predictor"), Column("τ", numbers=True)],
    [
        Section("latency [ms]", [Line(["ridge", "0.80"]), Line(["xgb", "0.95"], best=[1])]),
        Section("memory", [Line(["mlp, preset=paper, width=20", "0.7"], best=[1])]),
    ],
)


def test_table_as_text_aligns_and_marks_the_best() -> None:
    assert str(TABLE).splitlines() == [
        "predictor                       τ",
        "---------------------------  ----",
        "latency [ms]",
        "ridge                        0.80",
        "xgb                          0.95 *",
        "",
        "memory",
        "mlp, preset=paper, width=20   0.7 *",
    ]


def test_table_narrow_breaks_texts_and_keeps_numbers() -> None:
    rows = ["".join(text for text, _ in row).rstrip() for row in TABLE.rows(width=26)]
    assert max(map(len, rows)) <= 26
    assert rows[-2:] == ["mlp, preset=paper,   0.7 *", "width=20"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def a_terminal(patch: pytest.MonkeyPatch) -> Terminal:
    """Replace standard output. In a fixture, pytest would put its own stream in place again."""
    stream = Terminal()
    patch.setattr(sys, "stdout", stream)
    patch.setenv("TERM", "xterm")
    patch.setenv("COLUMNS", "60")
    patch.delenv("NO_COLOR", raising=False)
    return stream


def test_table_on_a_terminal_is_drawn_with_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    print_table(TABLE)
    assert "0.95 *" in terminal.getvalue()
    assert "\x1b[" in terminal.getvalue()


def test_markdown_is_drawn_on_a_terminal_and_plain_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = a_terminal(monkeypatch)
    text = "## Head\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    print_markdown(text)
    assert "|---|" not in terminal.getvalue()
    assert "Head" in terminal.getvalue()
    plain = io.StringIO()
    monkeypatch.setattr(sys, "stdout", plain)
    print_markdown(text)
    assert plain.getvalue() == f"{text}\n"
