"""Finished results, read from their folders to be compared, drawn and tracked."""

from hwnas.results._command import row_of, show
from hwnas.results._compare import MEASURES, Entry, by_fields, compare
from hwnas.results._fields import FIELDS, chosen, fields_of, is_filter
from hwnas.results._find import Finished, find
from hwnas.results._jobs import Jobs

__all__ = [
    "FIELDS",
    "MEASURES",
    "Entry",
    "Finished",
    "Jobs",
    "by_fields",
    "chosen",
    "compare",
    "fields_of",
    "find",
    "is_filter",
    "row_of",
    "show",
]
