"""Writing and reading of the zip archive of a saved predictor.

The archive holds one JSON document, and the arrays and texts that the document refers to. Reading
extracts nothing to disk. It checks the sizes that the archive declares before it unpacks anything,
so a small malicious file cannot fill the memory.
"""

from __future__ import annotations

import io
import json
import math
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.errors import UserError
from hwnas.files import write_atomically

DOCUMENT = "predictor.json"
_MEMBER = re.compile(r"(arrays/\d+\.npy|texts/\d+\.txt)")

#: Limits of an archive; sizes are in bytes after decompression. The largest predictor of
#: conf/predictor, a forest fitted to 15,000 measurements, takes 60 MB.
MAX_DOCUMENT_BYTES = 32 * 2**20
MAX_MEMBER_BYTES = 512 * 2**20
MAX_TOTAL_BYTES = 2**30
MAX_MEMBERS = 20_000


def write(path: Path, document: Mapping[str, Any], members: Mapping[str, bytes]) -> None:
    """Write a saved predictor, and replace the file at `path`.

    Equal contents give equal bytes.

    Raises
    ------
    UserError
        If the folder cannot be written, or the contents exceed the limits of :class:`Archive`.
    """
    contents = {DOCUMENT: json.dumps(document, allow_nan=False).encode(), **members}
    sizes = {name: len(content) for name, content in contents.items()}
    _check_sizes(sizes, remedy="a smaller model, such as one with fewer trees")

    def fill(temporary: Path) -> None:
        with zipfile.ZipFile(temporary, "w") as file:
            for name, content in contents.items():
                # ZipInfo has a fixed date by default, so equal contents give equal bytes.
                entry = zipfile.ZipInfo(name)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                file.writestr(entry, content)

    write_atomically(path, fill, f"out=$HOME/{path.name}")


class Archive:
    """The zip archive of a saved predictor, open for reading.

    Parameters
    ----------
    file : zipfile.ZipFile

    Raises
    ------
    UserError
        If the archive has no document, or declares more members or bytes than the limits allow.
    """

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        entries = file.infolist()
        if DOCUMENT not in file.namelist():
            raise UserError(
                f"is a zip file without {DOCUMENT}, not a saved predictor",
                remedy="the path of a file written by Predictor.save",
            )
        if len(entries) > MAX_MEMBERS:
            raise UserError(
                f"holds {len(entries)} members, the limit of a saved predictor is {MAX_MEMBERS}",
                remedy=_DISTRUST,
            )
        _check_sizes({entry.filename: entry.file_size for entry in entries}, remedy=_DISTRUST)
        self._unread = {entry.filename for entry in entries}

    def document(self) -> Any:
        """Return the JSON document."""
        return json.loads(self.take(DOCUMENT))

    def check_names(self) -> None:
        """Raise `UserError` if a name of a member is repeated or not part of the format."""
        names = self._file.namelist()
        for name in names:
            if name != DOCUMENT and not _MEMBER.fullmatch(name):
                raise UserError(
                    f"holds a member named {printable(name)}, which is not part of the format",
                    remedy=_DISTRUST,
                )
        if len(set(names)) < len(names):
            raise UserError("holds two members with the same name", remedy=_DISTRUST)

    def take(self, name: str) -> bytes:
        """Return the content of a member. A second call with the same name raises `ValueError`.

        Otherwise a document that refers to one array a million times would fill the memory.
        """
        if name not in self._unread:
            raise ValueError(f"the member {printable(name)} is missing or used twice")
        self._unread.remove(name)
        return self._file.read(name)


def npy_bytes(array: NDArray[Any]) -> bytes:
    """Return an array in NumPy's file format."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def array_of(content: bytes) -> NDArray[Any]:
    """Return the array that is stored in `content`, which is in NumPy's file format.

    Raises
    ------
    ValueError
        If the array holds anything but numbers, or its header declares a wrong size.
    """
    stream = io.BytesIO(content)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("an array is in an unsupported version of NumPy's format")
    shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    if dtype.kind not in "biuf":
        raise ValueError("an array holds Python objects or text instead of numbers")
    if math.prod(shape) * dtype.itemsize != len(content) - stream.tell():
        raise ValueError("an array does not have the size that its header declares")
    stream.seek(0)
    array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return array


def printable(text: object) -> str:
    """Return a text from a file, escaped and shortened so that it prints safely in one line."""
    word = ascii(text)
    return word if len(word) <= 80 else f"{word[:77]}..."


_DISTRUST = "do not use this file unless you know where it comes from"


def _check_sizes(sizes: Mapping[str, int], remedy: str) -> None:
    for name, size in sizes.items():
        limit = MAX_DOCUMENT_BYTES if name == DOCUMENT else MAX_MEMBER_BYTES
        if size > limit:
            raise UserError(
                f"{printable(name)} takes {_megabytes(size)} unpacked, "
                f"the limit of a saved predictor is {_megabytes(limit)}",
                remedy=remedy,
            )
    total = sum(sizes.values())
    if total > MAX_TOTAL_BYTES:
        raise UserError(
            f"takes {_megabytes(total)} unpacked, "
            f"the limit of a saved predictor is {_megabytes(MAX_TOTAL_BYTES)}",
            remedy=remedy,
        )


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MB"
