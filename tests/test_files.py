"""Files are whole or not there, and logs keep every line that was appended."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwnas.errors import UserError
from hwnas.files import append_lines, read_lines, write_atomically


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
