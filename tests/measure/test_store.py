"""The store survives kills and company."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwnas.errors import UserError
from hwnas.measure._store import Store, Unit, units_of
from hwnas.measure._work import work_off

UNIT = Unit("torch", 0, 0, ("a", "b", "c"))


def record(architecture: str, value: float = 1.0) -> dict[str, object]:
    return {"series": "torch", "round": 0, "architecture": architecture, "median": value}


def test_units_cover_every_architecture_once() -> None:
    units = units_of("torch", 3, list("abcdefg"), 3)
    assert [unit.architectures for unit in units] == [tuple("abc"), tuple("def"), tuple("g")]
    assert {unit.round for unit in units} == {3}
    assert len({unit.index for unit in units}) == 3


def test_a_second_process_reads_what_the_first_measured(tmp_path: Path) -> None:
    with Store(tmp_path) as first:
        first.start("torch", {"threads": 1}, {"cpu": "x"})
        first.append(record("a", 2.5))
        with Store(tmp_path) as second:
            assert second.missing(UNIT) == ["b", "c"]
            assert second.records["torch", 0, "a"]["median"] == 2.5
            first.append(record("b"))
            assert second.missing(UNIT) == ["b", "c"]
            second.refresh()
            assert second.missing(UNIT) == ["c"]
            assert [header["settings"] for header in second.headers] == [{"threads": 1}]


def test_a_unit_finished_by_another_process_is_left_alone(tmp_path: Path) -> None:
    with Store(tmp_path) as ours, Store(tmp_path) as other:
        ours.start("torch", {}, {})
        other.start("torch", {}, {})
        for architecture in UNIT.architectures:
            other.append(record(architecture))
        asked: list[list[str]] = []

        def measure(_: Unit, architectures: list[str]) -> list[dict[str, object]]:
            asked.append(architectures)
            return []

        # Ours has not read yet what the other one did.
        assert ours.missing(UNIT)
        work_off(ours, [UNIT], measure, "torch")
        assert asked == []


def test_a_torn_last_line_is_ignored_and_measured_again(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.start("torch", {}, {})
        store.append(record("a"))
        store.append(record("b"))
    (file,) = tmp_path.glob("*.jsonl")
    file.write_bytes(file.read_bytes()[:-9])
    with Store(tmp_path) as store:
        assert store.missing(UNIT) == ["b", "c"]
        store.start("torch", {}, {})
        store.append(record("b", 7.0))
    with Store(tmp_path) as store:
        assert store.missing(UNIT) == ["c"]
        assert store.records["torch", 0, "b"]["median"] == 7.0


def test_a_damaged_line_in_the_middle_is_not_swallowed(tmp_path: Path) -> None:
    (tmp_path / "torch-1.jsonl").write_text('{"series": "torch", "rou\n')
    with pytest.raises(UserError, match=r"torch-1\.jsonl: damaged line"):
        Store(tmp_path)


def test_other_settings_do_not_mix(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.start("torch", {"threads": 1}, {})
    with Store(tmp_path) as store:
        store.start("onnxruntime", {"threads": 2}, {})
    with (
        Store(tmp_path) as store,
        pytest.raises(UserError, match=r"threads=1, not 2.*another name="),
    ):
        store.start("torch", {"threads": 2}, {})


def test_a_unit_is_claimed_once_and_free_afterwards(tmp_path: Path) -> None:
    with Store(tmp_path) as first, Store(tmp_path) as second:
        with first.claim(UNIT) as ours, second.claim(UNIT) as theirs:
            assert ours
            assert not theirs
        with second.claim(UNIT) as theirs:
            assert theirs


def test_a_folder_that_cannot_be_made_is_a_users_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"cannot be written.*paths\.data="):
        Store(tmp_path / "file" / "below")
