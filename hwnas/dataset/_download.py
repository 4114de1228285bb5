"""Downloading an official file: resumed, bounded, verified, whole or not at all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from hwnas.dataset._official import OfficialFile
from hwnas.dataset._source import hash_file
from hwnas.errors import UserError
from hwnas.paths import Paths

if TYPE_CHECKING:
    from requests import Response

#: Bytes; of a connection that breaks, at most so many are lost.
_CHUNK = 1 << 14
#: Seconds to connect, and between two pieces.
_TIMEOUT = (10, 60)
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+)")


def fetch(file: OfficialFile, paths: Paths) -> str:
    """Put an official file under ``paths.data``, unless it is there.

    What was downloaded stays beside it as ``<name>.part`` when the connection breaks, and the
    next call goes on from there.

    Parameters
    ----------
    file : OfficialFile
    paths : Paths

    Returns
    -------
    str
        What was done, in one line.

    Raises
    ------
    UserError
        If there is no network, or what came is too large or not the published content.
    """
    there = file.find(paths)
    if there is not None:
        _check_there(there, file)
        return f"{there} is here already"
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
        # requests' own errors are OSErrors too, and are told apart in _download.
        raise UserError(f"{target.parent}: cannot be written ({error.strerror})") from error
    return f"{target}: {target.stat().st_size} bytes from {file.url}"


def _check_there(there: Path, file: OfficialFile) -> None:
    if file.blob is not None and (blob := hash_file(there).blob) != file.blob:
        raise UserError(
            f"{there} is here, but not the published content (git blob {blob}, not {file.blob})",
            remedy=f"move it away, then {file.fetch_command}",
        )


def _download(file: OfficialFile, part: Path, target: Path) -> None:
    """Fill `part`, going on where it ends."""
    # Here: a run that downloads nothing does not wait for them.
    import requests

    start = part.stat().st_size if part.exists() else 0
    # Not compressed, so that a byte of the file is a byte of the answer.
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
                    f"{part}: does not fit the file at {file.url}, removed",
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
            remedy=f"download it by hand and put it into {target.parent} as {target.name}",
        ) from error


def _receive(response: Response, file: OfficialFile, part: Path, start: int) -> None:
    import requests
    from tqdm import tqdm

    total = _total(response)
    if total is not None and total > file.limit:
        raise UserError(f"{file.url} holds {total} bytes, more than the {file.limit} expected")
    size = start
    broken: Exception | None = None
    with (
        part.open("ab" if start else "wb") as stream,
        tqdm(total=total, initial=start, unit="B", unit_scale=True, desc=part.stem) as bar,
    ):
        try:
            for piece in response.iter_content(_CHUNK):
                size += len(piece)
                if size > file.limit:
                    break
                stream.write(piece)
                bar.update(len(piece))
        except requests.exceptions.RequestException as error:
            broken = error
    if size > file.limit:
        part.unlink()
        raise UserError(f"{file.url} sends more than the {file.limit} bytes expected")
    if broken is not None or (total is not None and size < total):
        raise UserError(
            f"{file.url}: cut off after {part.stat().st_size} of {total} bytes, kept in {part}",
            remedy=f"{file.fetch_command} goes on from there",
        ) from broken


def _total(response: Response) -> int | None:
    """Return the size of the whole file, where the server tells it."""
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
        part.unlink()
        raise UserError(
            f"{file.url}: not the published content, removed (git blob {blob}, not {file.blob})",
            remedy=f"{file.fetch_command}, or report it if it happens again",
        )
