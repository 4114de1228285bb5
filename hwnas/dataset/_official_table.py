"""Tables in official files, converted once and read from the cache afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hwnas.dataset import _cache
from hwnas.dataset._cache import Columns, Reader
from hwnas.dataset._official import OfficialFile
from hwnas.dataset._source import Source, identify
from hwnas.paths import Paths
from hwnas.space import SearchSpace


@dataclass(frozen=True)
class Content:
    """The columns of an official file, and which file they were read from."""

    source: Source
    columns: Columns


@dataclass(frozen=True)
class OfficialTable:
    """A table in an official file.

    It is converted to Parquet once, in ``paths.cache``.

    Parameters
    ----------
    file : OfficialFile
    kind : str
        First part of the converted table's file name. Tables of one official file, and files that
        are read differently, have different kinds.
    read : callable
        Takes the path of the official file and returns its columns. If the file has several
        tables, it may return all of them by kind, so that the file is read once.
    space : SearchSpace, optional
        Search space of the architectures in the rows. None where a row is not an architecture.
    """

    file: OfficialFile
    kind: str
    read: Reader
    space: SearchSpace | None = None

    def find(self, paths: Paths, wanted: Sequence[str] | None = None) -> Content | None:
        """Return the content, or None if the file does not exist on this machine.

        Parameters
        ----------
        paths : Paths
        wanted : sequence of str, optional
            Names of the columns to return. Names without a column are ignored, and ``position_0``,
            ``position_1``, … are always returned. By default all columns are returned.

        Raises
        ------
        UserError
            If the file is damaged or larger than its limit.
        """
        path = self.file.find(paths)
        return None if path is None else self._content(path, paths, wanted)

    def load(self, paths: Paths, wanted: Sequence[str] | None = None) -> Content:
        """Return the content as `find` does.

        Raises
        ------
        UserError
            If the file is missing, damaged, or larger than its limit.
        """
        return self._content(self.file.require(paths), paths, wanted)

    def _content(self, path: Path, paths: Paths, wanted: Sequence[str] | None) -> Content:
        source = identify(path, self.file, paths)
        return Content(source, _cache.load(source, self.kind, self.read, paths, wanted))
