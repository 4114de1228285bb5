"""Files are whole or not there, and logs keep every line that was appended."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

import pytest

from hwnas import processes
from hwnas.errors import UserError
from hwnas.files import (
    append_lines,
    read_lines,
    remove_remains,
    replaced_folder,
    temporary_beside,
    write_atomically,
    write_text,
)


def test_append_lines_after_a_torn_line_keeps_both_apart(tmp_path: Path) -> None:
    log = tmp_path / "log"
    append_lines(log, "first", "second")
    log.write_bytes(log.read_bytes()[:-4])
    assert read_lines(log) == (["first"], 6)
    append_lines(log, "third")
    assert read_lines(log)[0] == ["first", "sec", "third"]


def test_read_lines_from_where_the_last_call_ended_returns_what_is_new(tmp_path: Path) -> None:
    log = tmp_path / "log"
    append_lines(log, "a", "ü")
    lines, end = read_lines(log)
    assert lines == ["a", "ü"]
    append_lines(log, "c")
    assert read_lines(log, end) == (["c"], end + 2)


def test_write_atomically_that_fails_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, lambda temporary: temporary.write_text("old"), "out=b")

    def fail(temporary: Path) -> None:
        temporary.write_text("half")
        raise KeyError

    with pytest.raises(KeyError):
        write_atomically(path, fail, "out=b")
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    assert path.read_text() == "old"


def test_write_atomically_into_a_folder_that_is_a_file_is_a_users_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written"):
        write_atomically(tmp_path / "file" / "below", lambda temporary: temporary.touch(), "out=b")


@pytest.fixture
def ended_name() -> str:
    """Return the name of a process that has ended."""
    process = subprocess.Popen(["sleep", "60"])
    name = processes.short_name().replace(str(os.getpid()), str(process.pid))
    process.kill()
    process.wait()
    return name


def test_append_lines_full_disk_that_takes_a_part_raises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr("hwnas.files.os.write", lambda handle, data: write(handle, data[:3]))
    with pytest.raises(OSError, match="No space left") as error:
        append_lines(tmp_path / "log", "a line")
    assert error.value.errno == errno.ENOSPC
    assert read_lines(tmp_path / "log")[0] == []


def test_write_atomically_removes_what_a_killed_process_left(
    tmp_path: Path, ended_name: str
) -> None:
    (tmp_path / f".file.{ended_name}-0.tmp").write_text("half")
    (tmp_path / f".other.{ended_name}-0.tmp").write_text("half")
    write_text(tmp_path / "file", "whole", "out=b")
    left = {each.name for each in tmp_path.iterdir()}
    assert left == {"file", f".other.{ended_name}-0.tmp"}


def test_replaced_folder_removes_what_a_killed_process_left(
    tmp_path: Path, ended_name: str
) -> None:
    (tmp_path / f".result.{ended_name}-0.tmp" / "old").mkdir(parents=True)
    with replaced_folder(tmp_path / "result"):
        pass
    assert [each.name for each in tmp_path.iterdir()] == ["result"]


def test_remove_remains_leaves_those_of_running_processes(tmp_path: Path) -> None:
    temporary = temporary_beside(tmp_path / "file")
    temporary.touch()
    remove_remains(tmp_path / "file")
    assert temporary.exists()


@pytest.mark.parametrize(("age", "stays"), [(60, True), (200_000, False), (-200_000, False)])
@pytest.mark.parametrize("name", ["0a1b2c3d-17-99-0", "4711"])
def test_remove_remains_of_other_machines_stay_for_a_day(
    tmp_path: Path, name: str, age: int, stays: bool
) -> None:
    temporary = tmp_path / f".file.{name}.tmp"
    temporary.touch()
    now = temporary.stat().st_mtime
    os.utime(temporary, (now - age, now - age))
    remove_remains(tmp_path / "file")
    assert temporary.exists() == stays


def test_replaced_folder_error_in_the_block_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "result").mkdir()
    (tmp_path / "result" / "old").touch()
    with pytest.raises(KeyError), replaced_folder(tmp_path / "result") as fresh:
        (fresh / "half").touch()
        raise KeyError
    assert [str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*")] == [
        "result",
        "result/old",
    ]


def test_replaced_folder_other_process_puts_one_there_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace
    seen: list[Path] = []

    def race(path: Path, target: Path) -> Path:
        # Just before this process renames its folder, another one has renamed its own.
        if path.name == "new" and not seen:
            seen.append(path)
            target.mkdir()
            (target / "other").touch()
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", race)
    with replaced_folder(tmp_path / "result") as fresh:
        (fresh / "ours").touch()
    assert seen
    assert [str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*")] == [
        "result",
        "result/ours",
    ]


def test_replaced_folder_that_cannot_be_written_raises(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"), replaced_folder(tmp_path / "file" / "below"):
        pass
