"""The identity of a source file: the hashes of its content."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from hwnas.dataset._official import OfficialFile
from hwnas.dataset._table import Provenance
from hwnas.errors import UserError
from hwnas.files import write_text
from hwnas.paths import Paths, elsewhere

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Hashes:
    """SHA-256 of a file, and the SHA-1 by which git identifies its content (the blob hash)."""

    sha256: str
    blob: str


@dataclass(frozen=True)
class Source:
    """A copy of an official file on this machine, which may be incomplete, and its hashes."""

    path: Path
    file: OfficialFile
    hashes: Hashes

    @property
    def official(self) -> bool | None:
        """Whether the content is the published one; None if the published hash is unknown."""
        return None if self.file.blob is None else self.hashes.blob == self.file.blob

    def provenance(self, **details: object) -> Provenance:
        """Return the provenance of values read from this file."""
        return Provenance(
            kind="measured",
            source=self.path.name,
            sha256=self.hashes.sha256,
            url=self.file.url,
            official=self.official,
            details=details,
        )


def hash_file(path: Path) -> Hashes:
    """Return both hashes of a file, reading it once."""
    sha256 = hashlib.sha256()
    # Git's SHA-1 identifies the published content. The cache relies on SHA-256.
    blob = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            sha256.update(chunk)
            blob.update(chunk)
    return Hashes(sha256.hexdigest(), blob.hexdigest())


def identify(path: Path, file: OfficialFile, paths: Paths) -> Source:
    """Return a file with its hashes, which are cached until its size or modification time changes.

    Raises
    ------
    UserError
        If the file is larger than its limit.
    """
    stat = path.stat()
    if stat.st_size > file.limit:
        raise UserError(
            f"{path}: {stat.st_size} bytes, more than the {file.limit} allowed for {file.name}"
        )
    where = str(path.resolve())
    key = [where, stat.st_size, stat.st_mtime_ns]
    name = hashlib.sha256(where.encode()).hexdigest()[:24]
    cached = paths.cache / "hashes" / f"{name}.json"
    hashes = _cached_hashes(cached, key)
    if hashes is None:
        hashes = hash_file(path)
        text = json.dumps({"key": key, "hashes": asdict(hashes)})
        write_text(cached, text, elsewhere("cache"))
    return Source(path, file, hashes)


def _cached_hashes(path: Path, key: list[object]) -> Hashes | None:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        return Hashes(**known["hashes"]) if known["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        # The remembered hash is missing or damaged, so the caller hashes the source file again.
        return None
