"""Tables and Markdown: with lines and colours on a terminal, as aligned text elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass

#: Mark of the best value of a column. Colour alone would not reach everybody.
BEST = "*"


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

    def text(self, place: int) -> str:
        """Return a cell with its mark."""
        return f"{self.cells[place]} {BEST}" if place in self.best else self.cells[place]


@dataclass(frozen=True)
class TextTable:
    """A table for people to read.

    Parameters
    ----------
    columns : sequence of Column
    sections : sequence of sequences of Line
        The lines. A rule separates the sections.
    title : str
        Empty: no title.
    """

    columns: Sequence[Column]
    sections: Sequence[Sequence[Line]]
    title: str = ""

    def __str__(self) -> str:
        """Return the table as aligned text without colours, with any width that it needs."""
        head = Line([column.heading for column in self.columns])
        lines = [line for section in self.sections for line in section]
        places = range(len(self.columns))
        marked = {place for line in lines for place in line.best}
        widths = [max(len(self._cell(line, i, marked)) for line in [head, *lines]) for i in places]
        rule = "  ".join("-" * width for width in widths)
        texts = [self.title] if self.title else []
        texts.append(self._row(head, widths, marked))
        for section in self.sections:
            texts += [rule, *(self._row(line, widths, marked) for line in section)]
        return "\n".join(texts)

    def _row(self, line: Line, widths: Sequence[int], marked: Collection[int]) -> str:
        cells = []
        for place, (column, width) in enumerate(zip(self.columns, widths, strict=True)):
            text = self._cell(line, place, marked)
            cells.append(text.rjust(width) if column.numbers else text.ljust(width))
        return "  ".join(cells).rstrip()

    def _cell(self, line: Line, place: int, marked: Collection[int]) -> str:
        text = line.text(place)
        # Numbers stay below each other where only some of them have a mark.
        pads = place in marked and place not in line.best and self.columns[place].numbers
        return f"{text}  " if pads else text


def print_table(table: TextTable) -> None:
    """Print a table to standard output.

    A terminal that is too narrow breaks the texts inside of the cells, and keeps all numbers.
    """
    if not sys.stdout.isatty():
        print(table, flush=True)  # noqa: T201 - the command's output
        return
    # Imported here because most commands print no table.
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=SIMPLE_HEAD, title=table.title or None, title_justify="left", pad_edge=False)
    marked = {place for section in table.sections for line in section for place in line.best}
    for column in table.columns:
        justify = "right" if column.numbers else "left"
        drawn.add_column(Text(column.heading), justify=justify, no_wrap=column.numbers)
    for section in table.sections:
        for line in section:
            cells = [
                Text(
                    table._cell(line, place, marked),
                    style="bold green" if place in line.best else "",
                )
                for place in range(len(table.columns))
            ]
            drawn.add_row(*cells)
        drawn.add_section()
    Console().print(drawn)


def print_markdown(text: str) -> None:
    """Print Markdown to standard output: as it is, or drawn where that is a terminal."""
    if not sys.stdout.isatty():
        print(text, flush=True)  # noqa: T201 - the command's output
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(text))
