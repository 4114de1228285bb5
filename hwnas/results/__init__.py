"""Finished results, read from their folders to be compared, drawn and tracked."""

from hwnas.results._find import Finished, find

__all__ = ["Finished", "find"]
