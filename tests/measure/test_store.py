"""The store of measurements, with killed processes and several processes at once."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from hwnas.errors import UserError
from hwnas.measure._store import Store, Unit, units_of
from hwnas.measure._work import measure_units

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


def test_units_of_cover_every_architecture_once() -> None:
    units = units_of("torch", 3, list("abcdefg"), 3)
    assert [unit.architectures for unit in units] == [tuple("abc"), tuple("def"), tuple("g")]
    assert {unit.round for unit in units} == {3}
    assert len({unit.name for unit in units}) == 3


def test_store_second_store_reads_records_of_first(tmp_path: Path) -> None:
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


def test_store_incomplete_last_line_is_missing(tmp_path: Path) -> None:
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


def test_store_damaged_line_raises_naming_it(tmp_path: Path) -> None:
    lines = [json.dumps(record("a")), '{"series": "torch", "rou', json.dumps(record("b"))]
    (tmp_path / "torch-1.jsonl").write_text("".join(f"{line}\n" for line in lines))
    with pytest.raises(
        UserError, match=r"torch-1\.jsonl: damaged line 2.*delete that line"
    ) as error:
        Store(tmp_path)
    assert "rm " not in str(error.value)


def test_claim_held_unit_is_refused_and_free_afterwards(tmp_path: Path) -> None:
    first = Store(tmp_path)
    second = Store(tmp_path)
    with first.claim(UNIT) as ours, second.claim(UNIT) as theirs:
        assert ours
        assert not theirs
    with second.claim(UNIT) as theirs:
        assert theirs


def test_store_folder_not_writable_raises(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"cannot be written.*paths\.data="):
        Store(tmp_path / "file" / "below")


class TestSettings:
    def test_start_other_settings_raises(self, tmp_path: Path) -> None:
        measured(tmp_path, "torch", {"threads": 1})
        measured(tmp_path, "onnxruntime", {"threads": 2})
        store = Store(tmp_path)
        with pytest.raises(UserError, match=r"threads=1, not 2.*another name="):
            store.start("torch", {"threads": 2}, {})

    def test_start_after_header_without_record_is_allowed(self, tmp_path: Path) -> None:
        store = Store(tmp_path)
        store.start("torch", {"threads": 64}, {})
        assert list(tmp_path.glob("*.jsonl")) == []
        # A process that is killed while it writes its first record leaves such a file.
        header = {"header": {"series": "torch", "settings": {"threads": 64}, "machine": {}}}
        (tmp_path / "torch-1.jsonl").write_text(f"{json.dumps(header)}\n")
        store = Store(tmp_path)
        store.start("torch", {"threads": 1}, {})
        store.append(record("a"))
        store = Store(tmp_path)
        assert [each["settings"] for each in store.headers] == [{"threads": 1}]

    def test_append_other_settings_since_start_raises(self, tmp_path: Path) -> None:
        first = Store(tmp_path)
        second = Store(tmp_path)
        first.start("torch", {"threads": 1}, {})
        second.start("torch", {"threads": 2}, {})
        first.append(record("a"))
        with pytest.raises(UserError, match="threads=1, not 2"):
            second.append(record("b"))
        store = Store(tmp_path)
        assert list(store.records) == [("torch", 0, "a")]

    def test_start_other_networks_of_other_backend_raises(self, tmp_path: Path) -> None:
        measured(tmp_path, "torch", NETWORKS)
        measured(tmp_path, "accuracy", {"channels": 8})
        store = Store(tmp_path)
        store.start("onnxruntime", {"threads": 2, **NETWORKS}, {})
        with pytest.raises(UserError, match=r"torch measurements with image_set="):
            store.start("onnxruntime", NETWORKS | {"image_set": CIFAR10 | {"classes": 5}}, {})
        with pytest.raises(UserError, match="Try: leave out sizes"):
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
                "backend.device=cpu backend.graph=true, or",
            ),
            ("torch", {"unit": "A", "device": "cuda:1"}, {"unit": "cpu"}, "backend.device=cuda:1"),
            # An earlier version timed a GPU without CUDA graphs, and did not say so.
            ("torch", {"tf32": "off"}, {"tf32": "off", "graph": True}, "backend.graph=false, or"),
            ("torch", {"graph": True}, {"graph": False}, "backend.graph=true, or"),
            ("torch", {"energy_seconds": 0.5}, {}, "Try: metric=energy energy_seconds=0.5, or"),
            ("torch", {}, {"energy_seconds": 0.5}, "Try: metric=latency, or another name="),
            ("onnxruntime", {"provider": "CUDA"}, {"provider": "CPU"}, "backend.provider=CUDA, or"),
            ("accuracy", {"epochs": 1}, {"epochs": 2}, "training.epochs=1, or another name="),
            ("torch", {"torch": "2.13"}, {"torch": "2.14"}, "Try: another name="),
        ],
    )
    def test_start_other_settings_remedy_has_existing_keys(
        self, tmp_path: Path, series: str, there: dict[str, Any], here: dict[str, Any], remedy: str
    ) -> None:
        measured(tmp_path, series, there)
        store = Store(tmp_path)
        with pytest.raises(UserError) as error:
            store.start(series, here, {})
        assert remedy in str(error.value)


class TestWork:
    def test_measure_units_unit_finished_by_other_process_is_skipped(self, tmp_path: Path) -> None:
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

        # Our store has not read the records of the other one yet.
        assert ours.missing(UNIT)
        assert measure_units(ours, [UNIT], measure, title) == 0
        assert asked == []

    def test_measure_units_unit_of_killed_process_is_measured(self, tmp_path: Path) -> None:
        ours = Store(tmp_path)
        other = Store(tmp_path)
        with ExitStack() as alive:
            ours.start("torch", {}, {})
            alive.enter_context(other.claim(UNIT))

            def measure(_: Unit, architectures: list[str]) -> list[dict[str, Any]]:
                # The other process ends at this point.
                alive.close()
                return [record(architecture) for architecture in architectures]

            assert measure_units(ours, [UNIT, OTHER], measure, title) == 0
            assert {key[2] for key in ours.records} == {*UNIT.architectures, *OTHER.architectures}

    def test_measure_units_held_unit_is_counted_as_missing(self, tmp_path: Path) -> None:
        ours = Store(tmp_path)
        other = Store(tmp_path)
        with other.claim(UNIT):
            ours.start("torch", {}, {})
            missing = measure_units(
                ours, [UNIT, OTHER], lambda _, some: [record(each) for each in some], title
            )
            assert missing == 3
            assert {key[2] for key in ours.records} == set(OTHER.architectures)

    def test_units_of_longer_list_have_other_names(self, tmp_path: Path) -> None:
        short, long = units_of("torch", 0, list("dabc"), 2), units_of("torch", 0, list("abcdef"), 2)
        ours = Store(tmp_path)
        other = Store(tmp_path)
        with other.claim(long[0]), ours.claim(short[0]) as free:
            assert free
