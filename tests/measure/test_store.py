"""The store survives kills and company."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from hwnas.errors import UserError
from hwnas.measure._store import Store, Unit, units_of
from hwnas.measure._work import work_off

UNIT = Unit("torch", 0, ("a", "b", "c"))
OTHER = Unit("torch", 0, ("d", "e"))
CIFAR10 = {"name": "cifar10", "resolution": 32, "classes": 10}
NETWORKS = {"image_set": CIFAR10, "sizes": {}}


def record(architecture: str, value: float = 1.0, series: str = "torch") -> dict[str, Any]:
    return {"series": series, "round": 0, "architecture": architecture, "median": value}


def measured(folder: Path, series: str, settings: dict[str, Any]) -> None:
    store = Store(folder)
    store.start(series, settings, {})
    store.append(record("a", series=series))


def title(unit: Unit) -> str:
    return unit.series


def test_units_cover_every_architecture_once() -> None:
    units = units_of("torch", 3, list("abcdefg"), 3)
    assert [unit.architectures for unit in units] == [tuple("abc"), tuple("def"), tuple("g")]
    assert {unit.round for unit in units} == {3}
    assert len({unit.name for unit in units}) == 3


def test_a_second_process_reads_what_the_first_measured(tmp_path: Path) -> None:
    first = Store(tmp_path)
    first.start("torch", {"threads": 1}, {"cpu": "x"})
    first.append(record("a", 2.5))
    second = Store(tmp_path)
    assert second.missing(UNIT) == ["b", "c"]
    assert second.records["torch", 0, "a"]["median"] == 2.5
    first.append(record("b"))
    assert second.missing(UNIT) == ["b", "c"]
    second.refresh()
    assert second.missing(UNIT) == ["c"]
    assert [header["settings"] for header in second.headers] == [{"threads": 1}]


def test_a_torn_last_line_is_ignored_and_measured_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.start("torch", {}, {})
    store.append(record("a"))
    store.append(record("b"))
    (file,) = tmp_path.glob("*.jsonl")
    file.write_bytes(file.read_bytes()[:-9])
    store = Store(tmp_path)
    assert store.missing(UNIT) == ["b", "c"]
    store.start("torch", {}, {})
    store.append(record("b", 7.0))
    store = Store(tmp_path)
    assert store.missing(UNIT) == ["c"]
    assert store.records["torch", 0, "b"]["median"] == 7.0


def test_a_damaged_line_is_named_and_the_others_are_not_given_up(tmp_path: Path) -> None:
    lines = [json.dumps(record("a")), '{"series": "torch", "rou', json.dumps(record("b"))]
    (tmp_path / "torch-1.jsonl").write_text("".join(f"{line}\n" for line in lines))
    with pytest.raises(
        UserError, match=r"torch-1\.jsonl: damaged line 2.*delete that line"
    ) as error:
        Store(tmp_path)
    assert "rm " not in str(error.value)


def test_a_unit_is_claimed_once_and_free_afterwards(tmp_path: Path) -> None:
    first = Store(tmp_path)
    second = Store(tmp_path)
    with first.claim(UNIT) as ours, second.claim(UNIT) as theirs:
        assert ours
        assert not theirs
    with second.claim(UNIT) as theirs:
        assert theirs


def test_a_folder_that_cannot_be_made_is_a_users_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"cannot be written.*paths\.data="):
        Store(tmp_path / "file" / "below")


class TestSettings:
    def test_of_a_series_do_not_mix(self, tmp_path: Path) -> None:
        measured(tmp_path, "torch", {"threads": 1})
        measured(tmp_path, "onnxruntime", {"threads": 2})
        store = Store(tmp_path)
        with pytest.raises(UserError, match=r"threads=1, not 2.*another name="):
            store.start("torch", {"threads": 2}, {})

    def test_of_a_start_that_measured_nothing_bind_nobody(self, tmp_path: Path) -> None:
        store = Store(tmp_path)
        store.start("torch", {"threads": 64}, {})
        assert list(tmp_path.glob("*.jsonl")) == []
        # As a process leaves it that is killed while it writes its first record.
        header = {"header": {"series": "torch", "settings": {"threads": 64}, "machine": {}}}
        (tmp_path / "torch-1.jsonl").write_text(f"{json.dumps(header)}\n")
        store = Store(tmp_path)
        store.start("torch", {"threads": 1}, {})
        store.append(record("a"))
        store = Store(tmp_path)
        assert [each["settings"] for each in store.headers] == [{"threads": 1}]

    def test_of_two_processes_that_start_together_do_not_mix(self, tmp_path: Path) -> None:
        first = Store(tmp_path)
        second = Store(tmp_path)
        first.start("torch", {"threads": 1}, {})
        second.start("torch", {"threads": 2}, {})
        first.append(record("a"))
        with pytest.raises(UserError, match="threads=1, not 2"):
            second.append(record("b"))
        store = Store(tmp_path)
        assert list(store.records) == [("torch", 0, "a")]

    def test_of_the_networks_are_those_of_all_backends(self, tmp_path: Path) -> None:
        measured(tmp_path, "torch", NETWORKS)
        measured(tmp_path, "accuracy", {"channels": 8})
        store = Store(tmp_path)
        store.start("onnxruntime", {"threads": 2, **NETWORKS}, {})
        with pytest.raises(UserError, match=r"torch measurements with image_set="):
            store.start("onnxruntime", NETWORKS | {"image_set": CIFAR10 | {"classes": 5}}, {})
        with pytest.raises(UserError, match="Try: no sizes"):
            store.start("onnxruntime", NETWORKS | {"sizes": {"channels": 4}}, {})
        store.start("accuracy", {"channels": 8}, {})

    @pytest.mark.parametrize(
        ("series", "there", "here", "remedy"),
        [
            ("torch", {"warm_up": 5}, {"warm_up": 1}, "warm_up=5, or another name="),
            (
                "torch",
                NETWORKS,
                {"image_set": CIFAR10 | {"name": "x"}},
                "image_set=cifar10 image_set.resolution=32 image_set.classes=10, or",
            ),
            ("torch", {"sizes": {"channels": 4}}, {"sizes": {}}, "+sizes.channels=4, or"),
            (
                "torch",
                {"unit": "cpu"},
                {"unit": "H100", "device": "cuda"},
                "backend.device=cpu, or",
            ),
            ("torch", {"unit": "A", "device": "cuda:1"}, {"unit": "cpu"}, "backend.device=cuda:1,"),
            ("onnxruntime", {"provider": "CUDA"}, {"provider": "CPU"}, "backend.provider=CUDA, or"),
            ("accuracy", {"epochs": 1}, {"epochs": 2}, "training.epochs=1, or another name="),
            ("torch", {"torch": "2.13"}, {"torch": "2.14"}, "Try: another name="),
        ],
    )
    def test_are_mended_by_keys_that_exist(
        self, tmp_path: Path, series: str, there: dict[str, Any], here: dict[str, Any], remedy: str
    ) -> None:
        measured(tmp_path, series, there)
        store = Store(tmp_path)
        with pytest.raises(UserError) as error:
            store.start(series, here, {})
        assert remedy in str(error.value)


class TestWork:
    def test_a_unit_finished_by_another_process_is_left_alone(self, tmp_path: Path) -> None:
        ours = Store(tmp_path)
        other = Store(tmp_path)
        ours.start("torch", {}, {})
        other.start("torch", {}, {})
        for architecture in UNIT.architectures:
            other.append(record(architecture))
        asked: list[list[str]] = []

        def measure(_: Unit, architectures: list[str]) -> list[dict[str, Any]]:
            asked.append(architectures)
            return []

        # Ours has not read yet what the other one did.
        assert ours.missing(UNIT)
        assert work_off(ours, [UNIT], measure, title) == 0
        assert asked == []

    def test_a_unit_whose_process_was_killed_is_taken_over(self, tmp_path: Path) -> None:
        ours = Store(tmp_path)
        other = Store(tmp_path)
        with ExitStack() as alive:
            ours.start("torch", {}, {})
            alive.enter_context(other.claim(UNIT))

            def measure(_: Unit, architectures: list[str]) -> list[dict[str, Any]]:
                # Here the other process dies.
                alive.close()
                return [record(architecture) for architecture in architectures]

            assert work_off(ours, [UNIT, OTHER], measure, title) == 0
            assert {key[2] for key in ours.records} == {*UNIT.architectures, *OTHER.architectures}

    def test_what_a_living_process_holds_is_counted_as_missing(self, tmp_path: Path) -> None:
        ours = Store(tmp_path)
        other = Store(tmp_path)
        with other.claim(UNIT):
            ours.start("torch", {}, {})
            missing = work_off(
                ours, [UNIT, OTHER], lambda _, some: [record(each) for each in some], title
            )
            assert missing == 3
            assert {key[2] for key in ours.records} == set(OTHER.architectures)

    def test_a_longer_list_holds_no_unit_of_a_shorter_one(self, tmp_path: Path) -> None:
        short, long = units_of("torch", 0, list("dabc"), 2), units_of("torch", 0, list("abcdef"), 2)
        ours = Store(tmp_path)
        other = Store(tmp_path)
        with other.claim(long[0]), ours.claim(short[0]) as free:
            assert free
