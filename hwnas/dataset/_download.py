"""Download of official files, with resumption, a size limit and a check of the content."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from hwnas.console import progress
from hwnas.dataset._damage import damage
from hwnas.dataset._official import OfficialFile
from hwnas.dataset._source import hash_file
from hwnas.errors import UserError
from hwnas.files import reason_of, unwritable
from hwnas.paths import Paths

if TYPE_CHECKING:
    from requests import Response

#: Bytes that are written at a time. A broken connection loses at most this many received bytes.
_CHUNK = 1 << 14
#: Seconds to wait for the connection, and for the next bytes.
_TIMEOUT = (10, 60)
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+)")


def fetch(file: OfficialFile, paths: Paths) -> str:
    """Download an official file into ``paths.data``, unless it already exists there.

    The download is written to ``<name>.part``. If the connection breaks, this partial file is
    kept, and the next call continues the download. An existing file that is evidently damaged is
    renamed to ``<name>.damaged`` and downloaded anew.

    Parameters
    ----------
    file : OfficialFile
    paths : Paths

    Returns
    -------
    str
        One line that says where the file is and whether it was downloaded.

    Raises
    ------
    UserError
        If the server cannot be reached, if the file is too large or has another content than the
        published file, or if no program can fetch the file.
    """
    existing = file.find(paths)
    if existing is not None and not _is_damaged(existing, file):
        return f"{existing} already exists"
    if existing is not None:
        _set_aside(existing)
        return f"{fetch(file, paths)}; the damaged file is now {existing}.damaged"
    target = paths.data / file.name
    if file.by_hand:
        raise UserError(
            f"{file.name} cannot be fetched by a program: download it from {file.url} and put it "
            f"into {target.parent}"
        )
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _download(file, part, target)
        _verify(file, part)
        part.replace(target)
    except OSError as error:
        # Errors of requests are OSErrors too, but _download has already converted them.
        there = f"{file.fetch_command} --data $HOME/hwnas-data"
        raise unwritable(target.parent, error, there) from error
    return f"{target}: {target.stat().st_size} bytes from {file.url}"


def _is_damaged(path: Path, file: OfficialFile) -> bool:
    """Return whether a file is damaged; raise `UserError` if it has other, intact content."""
    blob = None if file.blob is None else hash_file(path).blob
    if blob is not None and blob == file.blob:
        return False
    if damage(path) is not None:
        return True
    if blob is not None:
        raise UserError(
            f"{path} exists, but its content is not the published one "
            f"(git blob {blob}, not {file.blob})",
            remedy=f"move it away, then {file.fetch_command}",
        )
    return False


def _set_aside(path: Path) -> None:
    try:
        path.replace(path.with_name(f"{path.name}.damaged"))
    except OSError as error:
        problem = f"{path}: cannot be renamed ({reason_of(error)})"
        raise UserError(problem, remedy=f"delete {path}") from error


def _download(file: OfficialFile, part: Path, target: Path) -> None:
    """Download into `part`, after the bytes that it already contains."""
    # Imported here because most runs download nothing.
    import requests

    start = part.stat().st_size if part.exists() else 0
    # Without compression, positions in the response are positions in the file.
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        with requests.get(file.url, headers=headers, stream=True, timeout=_TIMEOUT) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                if _total(response) == start:
                    return
                part.unlink()
                raise UserError(
                    f"{part} was removed, because it is not a part of the file at {file.url}",
                    remedy=file.fetch_command,
                )
            if not response.ok:
                raise UserError(f"{file.url} answers {response.status_code} {response.reason}")
            if response.status_code != requests.codes.partial_content:
                start = 0
            _receive(response, file, part, start)
    except requests.exceptions.RequestException as error:
        raise UserError(
            f"no network: {file.url} cannot be reached ({type(error).__name__})",
            remedy=f"download the file by hand and put it into {target.parent} as {target.name}",
        ) from error


def _receive(response: Response, file: OfficialFile, part: Path, start: int) -> None:
    import requests

    total = _total(response)
    if total is not None and total > file.limit:
        raise UserError(f"{file.url} has {total} bytes, more than the {file.limit} expected")
    size = start
    broken: Exception | None = None
    with (
        part.open("ab" if start else "wb") as stream,
        progress(part.stem, total, "bytes", done=start) as meter,
    ):
        try:
            for piece in response.iter_content(_CHUNK):
                size += len(piece)
                if size > file.limit:
                    break
                stream.write(piece)
                meter.advance(len(piece))
        except requests.exceptions.RequestException as error:
            broken = error
    if size > file.limit:
        part.unlink()
        raise UserError(f"{file.url} sends more than the {file.limit} bytes expected")
    if broken is not None or (total is not None and size < total):
        raise UserError(
            f"{file.url}: the download was cut off after {part.stat().st_size} of {total} bytes, "
            f"which are kept in {part}",
            remedy=f"{file.fetch_command}, which continues the download",
        ) from broken


def _total(response: Response) -> int | None:
    """Return the size of the whole file in bytes, or None if the server does not report it."""
    match = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
    if match is not None:
        return int(match.group(2))
    length = response.headers.get("Content-Length")
    return int(length) if length is not None and response.ok else None


def _verify(file: OfficialFile, part: Path) -> None:
    if file.blob is None:
        return
    blob = hash_file(part).blob
    if blob != file.blob:
        found = damage(part)
        part.unlink()
        raise UserError(
            f"{file.url}: the downloaded file was removed, because its content is not the "
            f"published content (git blob {blob}, not {file.blob})"
            + (f": it {found}" if found else ""),
            remedy=f"{file.fetch_command}, or report it if it happens again",
        )
