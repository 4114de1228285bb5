"""Which file values come from, told by its content."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from hwnas.dataset._official import OfficialFile
from hwnas.dataset._table import Provenance
from hwnas.errors import UserError
from hwnas.files import write_atomically
from hwnas.paths import Paths

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Hashes:
    """SHA-256 of a file, and the SHA-1 that git names its content by."""

    sha256: str
    blob: str


@dataclass(frozen=True)
class Source:
    """An official file, or a part of one, as it lies on this machine."""

    path: Path
    file: OfficialFile
    hashes: Hashes

    @property
    def official(self) -> bool | None:
        """Whether the content is the official one; None where its hash is not known."""
        return None if self.file.blob is None else self.hashes.blob == self.file.blob

    def provenance(self, **details: object) -> Provenance:
        """Return where values read from this file come from."""
        return Provenance(
            kind="measured",
            source=self.path.name,
            sha256=self.hashes.sha256,
            url=self.file.url,
            official=self.official,
            details=details,
        )


def hash_file(path: Path) -> Hashes:
    """Read a file once for both hashes."""
    sha256 = hashlib.sha256()
    # Git's naming of content, not a safeguard: SHA-256 is what the cache relies on.
    blob = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            sha256.update(chunk)
            blob.update(chunk)
    return Hashes(sha256.hexdigest(), blob.hexdigest())


def identify(path: Path, file: OfficialFile, paths: Paths) -> Source:
    """Return the identity of a file, hashed again only when its size or time changed.

    Raises
    ------
    UserError
        If the file is larger than its limit.
    """
    stat = path.stat()
    if stat.st_size > file.limit:
        raise UserError(
            f"{path}: {stat.st_size} bytes, more than the {file.limit} that {file.name} may have"
        )
    where = str(path.resolve())
    key = [where, stat.st_size, stat.st_mtime_ns]
    name = hashlib.sha256(where.encode()).hexdigest()[:24]
    memo = paths.cache / "hashes" / f"{name}.json"
    hashes = _remembered(memo, key)
    if hashes is None:
        hashes = hash_file(path)
        text = json.dumps({"key": key, "hashes": asdict(hashes)})
        write_atomically(memo, lambda temporary: temporary.write_text(text, encoding="utf-8"))
    return Source(path, file, hashes)


def _remembered(memo: Path, key: list[object]) -> Hashes | None:
    try:
        known = json.loads(memo.read_text(encoding="utf-8"))
        return Hashes(**known["hashes"]) if known["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        # No memo, or a damaged one: the file is simply hashed again.
        return None
