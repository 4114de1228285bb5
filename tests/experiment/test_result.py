"""Result folders: whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwnas.errors import UserError
from hwnas.experiment._result import (
    check_writable,
    read_result,
    result_folder_writer,
    write_json,
)


def write(folder: Path, content: dict[str, object]) -> None:
    with result_folder_writer(folder) as fresh:
        write_json(fresh / "result.json", content)


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "seed0"
    with pytest.raises(RuntimeError), result_folder_writer(folder) as fresh:
        (fresh / "result.json").write_text("{}")
        raise RuntimeError
    assert list(folder.parent.iterdir()) == []
    assert read_result(folder) is None


def test_a_failure_keeps_the_old_result(tmp_path: Path) -> None:
    folder = tmp_path / "seed0"
    write(folder, {"tau": 0.5})
    with pytest.raises(RuntimeError), result_folder_writer(folder):
        raise RuntimeError
    assert read_result(folder) == {"tau": 0.5}


def test_replacing_leaves_only_the_new_result(tmp_path: Path) -> None:
    folder = tmp_path / "seed0"
    write(folder, {"tau": 0.5})
    write(folder, {"tau": 0.6})
    assert read_result(folder) == {"tau": 0.6}
    assert [path.name for path in tmp_path.iterdir()] == ["seed0"]


def test_nan_is_no_result(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write(tmp_path / "seed0", {"tau": float("nan")})
    assert not (tmp_path / "seed0").exists()


def test_a_folder_that_cannot_be_written_is_the_users_mistake(tmp_path: Path) -> None:
    check_writable(tmp_path / "new" / "outputs")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"paths\.outputs=.*/file/below: Not a directory"):
        check_writable(tmp_path / "file" / "below")
