"""Downloads of official files, from a server on this machine."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hwnas.cli import main
from hwnas.dataset import OfficialFile, families, fetch
from hwnas.errors import UserError
from hwnas.paths import Paths
from tests.commands import python

CONTENT = bytes(range(256)) * 400
BLOB = hashlib.sha1(b"blob %d\0" % len(CONTENT) + CONTENT).hexdigest()


@dataclass
class Site:
    """The behaviour of the server, and the requests that it received."""

    port: int = 0
    ranges: bool = True
    tells_length: bool = True
    breaks_after: int | None = None
    asked: list[str | None] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    """Serves `CONTENT` at /file."""

    site: Site

    def do_GET(self) -> None:
        site = self.site
        asked = self.headers.get("Range")
        site.asked.append(asked)
        if self.path != "/file":
            self.send_error(404)
            return
        start = 0
        if asked is not None and site.ranges:
            start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1])  # type: ignore[index]  # or fail
            self.send_response(206 if start < len(CONTENT) else 416)
            end = f"{start}-{len(CONTENT) - 1}" if start < len(CONTENT) else "*"
            self.send_header("Content-Range", f"bytes {end}/{len(CONTENT)}")
        else:
            self.send_response(200)
        body = CONTENT[start:]
        if site.tells_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: site.breaks_after])

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    handler = type("Bound", (Handler,), {"site": site})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        site.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield site
        server.shutdown()
        thread.join()


@pytest.fixture
def file(site: Site) -> OfficialFile:
    return OfficialFile(
        family="hwnas",
        name="folder/file.bin",
        url=f"http://127.0.0.1:{site.port}/file",
        limit=len(CONTENT),
        blob=BLOB,
    )


def here(paths: Paths) -> list[str]:
    return sorted(p.name for p in paths.data.rglob("*") if p.is_file())


def test_fetch_file_is_found_afterwards(paths: Paths, file: OfficialFile, site: Site) -> None:
    assert str(len(CONTENT)) in fetch(file, paths)
    assert file.require(paths).read_bytes() == CONTENT
    assert here(paths) == ["file.bin"]
    assert "already exists" in fetch(file, paths)
    assert site.asked == [None]


@pytest.mark.parametrize("ranges", [True, False])
def test_fetch_broken_connection_second_call_continues(
    paths: Paths, file: OfficialFile, site: Site, ranges: bool
) -> None:
    site.breaks_after, site.ranges = 50_000, ranges
    with pytest.raises(
        UserError, match=r"cut off after 49152 of 102400 bytes.*continues the download"
    ):
        fetch(file, paths)
    assert here(paths) == ["file.bin.part"]
    site.breaks_after = None
    fetch(file, paths)
    assert file.require(paths).read_bytes() == CONTENT
    assert here(paths) == ["file.bin"]
    assert site.asked == [None, "bytes=49152-"]


def test_fetch_complete_part_is_only_verified(paths: Paths, file: OfficialFile) -> None:
    (paths.data / "folder").mkdir()
    (paths.data / "folder/file.bin.part").write_bytes(CONTENT)
    fetch(file, paths)
    assert file.require(paths).read_bytes() == CONTENT


@pytest.mark.parametrize("part", [b"other", CONTENT + b"more"])
def test_fetch_foreign_part_raises_and_removes_it(
    paths: Paths, file: OfficialFile, part: bytes
) -> None:
    (paths.data / "folder").mkdir()
    (paths.data / "folder/file.bin.part").write_bytes(part)
    with pytest.raises(UserError, match="removed"):
        fetch(file, paths)
    assert here(paths) == []
    fetch(file, paths)
    assert file.require(paths).read_bytes() == CONTENT


def test_fetch_wrong_hash_raises_and_leaves_no_file(paths: Paths, file: OfficialFile) -> None:
    with pytest.raises(UserError, match=f"not the published content.*{BLOB}") as error:
        fetch(replace(file, blob="0" * 40), paths)
    assert "\n" not in str(error.value)
    assert here(paths) == []


@pytest.mark.parametrize("tells_length", [True, False])
def test_fetch_file_over_limit_raises_and_leaves_no_file(
    paths: Paths, file: OfficialFile, site: Site, tells_length: bool
) -> None:
    site.tells_length = tells_length
    with pytest.raises(UserError, match="more than the 5000"):
        fetch(replace(file, limit=5000), paths)
    assert here(paths) == []


def test_fetch_existing_other_content_raises_and_keeps_it(paths: Paths, file: OfficialFile) -> None:
    (paths.data / "folder").mkdir()
    (paths.data / file.name).write_bytes(b"mine")
    with pytest.raises(UserError, match=r"file\.bin exists, but its content is not.*move it away"):
        fetch(file, paths)
    assert (paths.data / file.name).read_bytes() == b"mine"


@pytest.mark.parametrize("blob", [BLOB, None])
@pytest.mark.parametrize(
    "damaged", [b"<!doctype html>", b"", b"version https://git-lfs.github.com/spec/v1\n"]
)
@pytest.mark.parametrize("name", ["folder/file.bin", "clone/file.bin"])
def test_fetch_damaged_file_is_set_aside_and_downloaded_anew(
    paths: Paths, file: OfficialFile, name: str, damaged: bytes, blob: str | None
) -> None:
    (paths.data / name).parent.mkdir()
    (paths.data / name).write_bytes(damaged)
    found = replace(file, variants=("clone/file.bin",), blob=blob)
    assert f"{paths.data / name}.damaged" in fetch(found, paths)
    assert found.require(paths).read_bytes() == CONTENT
    assert (paths.data / f"{name}.damaged").read_bytes() == damaged
    assert "already exists" in fetch(found, paths)


def test_fetch_damaged_file_by_hand_is_set_aside(paths: Paths, file: OfficialFile) -> None:
    (paths.data / "folder").mkdir()
    (paths.data / file.name).write_bytes(b"<html>")
    with pytest.raises(UserError, match=f"download it from {file.url}"):
        fetch(replace(file, by_hand=True), paths)
    assert here(paths) == ["file.bin.damaged"]


@pytest.mark.parametrize("family", ["help", "nasbench201", "hwnas", "hwnas360"])
def test_fetch_other_content_than_pinned_raises_and_removes_it(
    paths: Paths, site: Site, family: str
) -> None:
    pinned = families()[family][-1]
    assert pinned.blob is not None
    moved = replace(pinned, url=f"http://127.0.0.1:{site.port}/file")
    with pytest.raises(UserError, match=rf"not the published content \(git blob.*{pinned.blob}"):
        fetch(moved, paths)
    assert here(paths) == []


def test_fetch_page_in_place_of_pinned_file_is_named(paths: Paths, file: OfficialFile) -> None:
    # The partial file of an earlier download has as many bytes as the server's file.
    (paths.data / "folder").mkdir()
    page = b"<!doctype html>".ljust(len(CONTENT))
    (paths.data / "folder/file.bin.part").write_bytes(page)
    with pytest.raises(UserError, match=r"removed, .*: it is an HTML page"):
        fetch(file, paths)
    assert here(paths) == []


def test_families_every_download_is_pinned_by_commit() -> None:
    downloads = [f for files in families().values() for f in files if not f.by_hand]
    assert len(downloads) > 50
    assert [f.url for f in downloads if not re.search(r"/[0-9a-f]{40}/", f.url)] == []
    # The content behind a commit cannot change. The blobs of HAT and HW-GPT-Bench are not known.
    pinned = [f.blob for f in downloads if f.family not in ("hat", "hwgpt")]
    assert all(re.fullmatch(r"[0-9a-f]{40}", blob or "") for blob in pinned)
    assert len(set(pinned)) == len(pinned)
    addresses = {f.name: f.url for f in downloads}
    commit = "312680307c44fd111146b2be0d0148194fbb2ca8"
    assert f"/nats-bench-landscape/{commit}/" in addresses["nats_bench.csv"]


def test_fetch_missing_address_raises_naming_it(paths: Paths, file: OfficialFile) -> None:
    with pytest.raises(UserError, match="/gone answers 404"):
        fetch(replace(file, url=file.url.replace("/file", "/gone")), paths)
    assert here(paths) == []


def test_fetch_without_network_raises_naming_address_and_folder(
    paths: Paths, file: OfficialFile
) -> None:
    # Nothing listens on port 9, and it needs no name server to find out.
    closed = replace(file, url="http://127.0.0.1:9/file")
    with pytest.raises(UserError, match=r"no network: http://127\.0\.0\.1:9/file") as error:
        fetch(closed, paths)
    assert f"{paths.data}/folder as file.bin" in str(error.value)
    assert "\n" not in str(error.value)


def test_fetch_command_file_by_hand_prints_address_and_folder(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["fetch", "transnas", "--data", str(paths.data)])
    assert exit_.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "https://drive.google.com/" in line
    assert str(paths.data) in line


def test_fetch_command_without_network_prints_one_line(paths: Paths) -> None:
    # A proxy address without a server has the effect of a missing network.
    done = python(
        *("-m", "hwnas", "fetch", "hwnas", "--data", str(paths.data)),
        HTTPS_PROXY="http://127.0.0.1:9",
        https_proxy="http://127.0.0.1:9",
        NO_PROXY="",
        no_proxy="",
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "HW-NAS-Bench/393bb8a02554dcd28e091fbbdb4d7aefe590018a" in line
    assert str(paths.data) in line
    assert here(paths) == []


def test_families_files_are_complete() -> None:
    files = families()
    assert set(files) >= {"help", "hwnas", "hwnas360", "nasbench201", "transnas"}
    every = [each for family in files.values() for each in family]
    assert len({each.name for each in every}) == len({each.url for each in every}) == len(every)
    assert all(each.url.startswith("https://") for each in every)
    assert len(files["help"]) == 1 + 27 + 27 + 1 + 12
