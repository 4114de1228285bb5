"""What is wrong with a data file that cannot be read: cut off, compressed, or another file."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hwnas.dataset._source import Source
from hwnas.errors import UserError

T = TypeVar("T")

_LFS = b"version https://git-lfs.github.com/"
_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype|html|head|body)", re.I | re.S
)
_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
#: A zip archive, such as a torch file, starts with the first and has the second near its end.
_ZIP, _ZIP_END = b"PK\x03\x04", b"PK\x05\x06"
#: Bytes from `_ZIP_END` to the comment that may follow. The last two are the comment's length.
_ZIP_RECORD = 22
_ZIP_TAIL = _ZIP_RECORD + 0xFFFF
_PARQUET = b"PAR1"
#: Start of a pickle of protocol 2 or higher. Every pickle ends with a point.
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
#: Start of a torch file in the format before zip archives. It ends with numbers.
_OLD_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."


def foreign_content(path: Path) -> str | None:
    """Return what a file is if it is no data file, or None.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "table.csv"
    ...     _ = path.write_text("<!DOCTYPE html><title>404</title>")
    ...     print(foreign_content(path))
    an HTML page
    """
    with path.open("rb") as stream:
        start = stream.read(1024)
    if not start:
        return "an empty file"
    if start.startswith(_LFS):
        return "a Git LFS pointer, which has the hash of the data file in place of its content"
    if _PAGE.match(start):
        return "an HTML page"
    for magic, program in _COMPRESSED.items():
        if start.startswith(magic):
            return f"a file compressed with {program}"
    return None


def damage(path: Path) -> str | None:
    """Return what is wrong with a data file, or None if neither its start nor its end shows it.

    Returns
    -------
    str or None
        The predicate of a sentence about the file, such as ``"is cut off"``.
    """
    foreign = foreign_content(path)
    if foreign is not None:
        return f"is {foreign}"
    with path.open("rb") as stream:
        start = stream.read(len(_OLD_TORCH))
        stream.seek(-min(_ZIP_TAIL, path.stat().st_size), os.SEEK_END)
        tail = stream.read()
    whole = True
    if start.startswith(_ZIP):
        whole = _has_zip_end(tail)
    elif start.startswith(_PARQUET):
        whole = tail.endswith(_PARQUET) and len(tail) > 2 * len(_PARQUET)
    elif _PICKLE.match(start) and not start.startswith(_OLD_TORCH):
        whole = tail.endswith(b".")
    return None if whole else "is cut off"


def _has_zip_end(tail: bytes) -> bool:
    """Return whether the end of a zip archive has the whole record that every archive ends with."""
    _, found, record = tail.rpartition(_ZIP_END)
    comment = _ZIP_RECORD - len(_ZIP_END)
    length = int.from_bytes(record[comment - 2 : comment], "little")
    return bool(found) and len(record) >= comment + length


def read_official(source: Source, read: Callable[[Path], T]) -> T:
    """Return what a reader makes of an official file. An error names the command that fetches it.

    Parameters
    ----------
    source : Source
    read : callable
        Takes the path of the file.

    Raises
    ------
    UserError
        If the file is damaged or has another content than the reader expects.
    """
    path, file = source.path, source.file
    try:
        return read(path)
    # A reader may raise any exception for content that it does not expect.
    except Exception as error:
        # The check is not made before reading, because a reader may accept a compressed file.
        found = damage(path)
        if found is not None:
            raise UserError(f"{path} {found}", remedy=file.fetch_command) from error
        if not isinstance(error, UserError) or error.remedy is not None:
            raise
        raise UserError(error.problem, remedy=f"move it away, then {file.fetch_command}") from error
