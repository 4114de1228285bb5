"""Files that others publish: the address of each, and its path on this machine."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hwnas.errors import UserError, command
from hwnas.paths import Paths

#: Raw content of GitHub repositories.
RAW = "https://raw.githubusercontent.com"
MB = 1 << 20
#: What readers raise if a file has other content than they expect. OverflowError is for numbers
#: that are too large for an integer, RuntimeError for torch's tensors without plain numbers.
_UNEXPECTED = (
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    OverflowError,
    RuntimeError,
    csv.Error,
)


@dataclass(frozen=True)
class OfficialFile:
    """A file that others publish.

    Parameters
    ----------
    family : str
        The word that ``hwnas fetch`` takes for it. Several files may share one.
    name : str
        Path of the file below ``paths.data``.
    url : str
        The official address. Where possible it names a commit, so that the content never changes.
    limit : int
        Largest size in bytes. A larger file is refused, on disk and from the network.
    blob : str, optional
        Git blob hash of the published content, where it is known. A download with another content
        is refused.
    variants : tuple of str
        Other paths below ``paths.data`` where the file is looked for, such as a clone's layout.
    by_hand : bool
        Whether `url` is a web page from which no program can fetch the file.

    Examples
    --------
    >>> file = OfficialFile("mine", "mine.csv", "https://example.org/mine.csv", limit=1000)
    >>> file.find(Paths("nowhere", "cache", "outputs")) is None
    True
    """

    family: str
    name: str
    url: str
    limit: int
    blob: str | None = None
    variants: tuple[str, ...] = ()
    by_hand: bool = False

    @property
    def fetch_command(self) -> str:
        """The shell command that fetches the file."""
        return command(f"fetch {self.family}")

    @property
    def names(self) -> tuple[str, ...]:
        """Every path below ``paths.data`` where the file is looked for."""
        return (self.name, *self.variants)

    def find(self, paths: Paths) -> Path | None:
        """Return where the file lies, or None."""
        places = (paths.in_data(name) for name in self.names)
        return next((place for place in places if place.is_file()), None)

    def require(self, paths: Paths) -> Path:
        """Return where the file lies.

        Raises
        ------
        UserError
            If the file is not on this machine. The error names the command that fetches it.
        """
        found = self.find(paths)
        if found is None:
            raise UserError(f"{self.name} is not in {paths.data}", remedy=self.fetch_command)
        return found


@contextmanager
def layout_of(files: str, path: Path) -> Iterator[None]:
    """Turn what a reader raises on unexpected content into a `UserError`.

    Parameters
    ----------
    files : str
        The published files whose layout is read.
    path : Path
        The file.

    Examples
    --------
    >>> with layout_of("HAT's tables", Path("a.csv")):
    ...     _ = {}["latency"]
    Traceback (most recent call last):
      ...
    hwnas.errors.UserError: a.csv: does not have the layout of HAT's tables (KeyError('latency'))
    """
    try:
        yield
    except _UNEXPECTED as error:
        raise UserError(f"{path}: does not have the layout of {files} ({error!r})") from error
