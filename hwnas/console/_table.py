"""Tables and Markdown: with colours on a terminal and as wide as it is, as plain text elsewhere."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

#: Mark of the best value of a column. Colour alone would not reach everybody.
BEST = "*"
_GAP = "  "
#: Texts in a column are broken into lines of at least this many characters.
_NARROWEST = 12
_HEAD, _TITLE, _BEST, _PLAIN = "bold", "bold cyan", "bold green", ""

#: A piece of a line, and its style in the syntax of rich.
Piece = tuple[str, str]


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, and whether it holds numbers, which are aligned right."""

    heading: str
    numbers: bool = False


@dataclass(frozen=True)
class Line:
    """A line of a table.

    Parameters
    ----------
    cells : sequence of str
        One for each column.
    best : collection of int
        Columns in which this line is the best.
    """

    cells: Sequence[str]
    best: Collection[int] = ()


@dataclass(frozen=True)
class Section:
    """Lines that belong together, below a title."""

    title: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class TextTable:
    """A table for people to read.

    Parameters
    ----------
    columns : sequence of Column
    sections : sequence of Section

    Examples
    --------
    >>> lines = [Line(["ridge", "0.81"]), Line(["xgb", "0.9"], best=[1])]
    >>> columns = [Column("predictor"), Column("τ", numbers=True)]
    >>> print(TextTable(columns, [Section("raspi4", lines)]))
    predictor     τ
    ---------  ----
    raspi4
    ridge      0.81
    xgb         0.9 *
    """

    columns: Sequence[Column]
    sections: Sequence[Section]

    def __str__(self) -> str:
        """Return the table as plain text, as wide as it needs to be."""
        return "\n".join("".join(text for text, _ in row).rstrip() for row in self.rows())

    def rows(self, width: int | None = None) -> Iterator[list[Piece]]:
        """Yield the lines of the table, each as pieces with a style.

        Parameters
        ----------
        width : int, optional
            Texts are broken into several lines where the table would be wider. Numbers are not.
        """
        lines = [line for section in self.sections for line in section.lines]
        marked = {place for line in lines for place in line.best}
        widths = self._widths(lines, marked, width)
        yield from self._row(
            Line([column.heading for column in self.columns]), widths, marked, _HEAD
        )
        pads = [" " * len(f" {BEST}") if place in marked else "" for place in range(len(widths))]
        rules = ["-" * one + pad for one, pad in zip(widths, pads, strict=True)]
        yield [(_GAP.join(rules), _PLAIN)]
        for number, section in enumerate(self.sections):
            if section.title:
                if number:
                    yield []
                yield [(section.title, _TITLE)]
            for line in section.lines:
                yield from self._row(line, widths, marked)

    def _widths(
        self, lines: Sequence[Line], marked: Collection[int], width: int | None
    ) -> list[int]:
        """Return the width of each column, without the marks behind its cells."""
        widths = [
            max([len(column.heading), *(len(line.cells[place]) for line in lines)])
            for place, column in enumerate(self.columns)
        ]
        if width is None:
            return widths
        gaps = len(_GAP) * (len(widths) - 1) + len(f" {BEST}") * len(marked)
        texts = [place for place, column in enumerate(self.columns) if not column.numbers]
        while texts and sum(widths) + gaps > width:
            widest = max(texts, key=widths.__getitem__)
            if widths[widest] <= _NARROWEST:
                break
            widths[widest] -= 1
        return widths

    def _row(
        self, line: Line, widths: Sequence[int], marked: Collection[int], style: str = _PLAIN
    ) -> Iterator[list[Piece]]:
        """Yield a line of the table, as several lines if a text is too wide."""
        broken = [
            [cell] if column.numbers else textwrap.wrap(cell, width, break_on_hyphens=False) or [""]
            for column, cell, width in zip(self.columns, line.cells, widths, strict=True)
        ]
        for number in range(max(map(len, broken))):
            pieces: list[Piece] = []
            for place, parts in enumerate(broken):
                text = parts[number] if number < len(parts) else ""
                pad = text.rjust if self.columns[place].numbers else text.ljust
                best = place in line.best and number == 0
                mark = f" {BEST}" if best else " " * len(f" {BEST}") if place in marked else ""
                pieces += [
                    (f"{pad(widths[place])}{mark}", _BEST if best else style),
                    (_GAP, _PLAIN),
                ]
            yield pieces[:-1]


def print_table(table: TextTable) -> None:
    """Print a table to standard output, on a terminal with colours and not wider than it."""
    if not sys.stdout.isatty():
        print(table, flush=True)  # noqa: T201 - the command's output
        return
    # Imported here because most commands print no table.
    from rich.console import Console
    from rich.text import Text

    console = Console()
    for row in table.rows(console.width):
        console.print(Text.assemble(*row), soft_wrap=True)


def print_markdown(text: str) -> None:
    """Print Markdown to standard output: as it is, or drawn where that is a terminal."""
    if not sys.stdout.isatty():
        print(text, flush=True)  # noqa: T201 - the command's output
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(text))
