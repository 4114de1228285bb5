"""What a person sees while a command runs and at its end: progress, tables and plain text."""

from hwnas.console._progress import Meter, duration, progress, shown
from hwnas.console._streams import present_stderr, printable, reader_is_gone, silence
from hwnas.console._table import Column, Line, Section, TextTable, print_markdown, print_table

__all__ = [
    "Column",
    "Line",
    "Meter",
    "Section",
    "TextTable",
    "duration",
    "present_stderr",
    "print_markdown",
    "print_table",
    "printable",
    "progress",
    "reader_is_gone",
    "shown",
    "silence",
]
