"""Recording results after they are finished, with a tracker that only notes what it is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

from hwnas.errors import UserError
from hwnas.study import POINTS, Ledger, Outcome
from hwnas.track import track
from hwnas.tracking import NoTracker, Record, Run, RunInfo
from hwnas.tracking import _upload as hwnas_upload
from tests.commands import Hwnas
from tests.results.written import write_result

IDENTITY = "space/data/board_latency/ridge/n55"


class Notes:
    """A tracker that notes its runs and their folder, and fails to record some of them."""

    def __init__(self, fails: str = "nothing") -> None:
        self.runs: dict[str, RunInfo] = {}
        self.records: list[Record] = []
        self.folders: set[Path] = set()
        self._fails = fails

    @contextmanager
    def start(self, info: RunInfo, folder: Path) -> Iterator[Run]:
        self.runs[info.identity] = info
        self.folders.add(folder)
        yield _Noted(self.records, f"at {info.identity}", self._fails not in info.identity)


class _Noted:
    def __init__(self, records: list[Record], place: str, complete: bool) -> None:
        self._records, self.place, self.complete = records, place, complete

    def log(self, record: Record) -> None:
        self._records.append(record)


def write_study(outputs: Path, *folders: str, **columns: object) -> Path:
    study = outputs / "studies" / "mine"
    ledger = Ledger(study / POINTS, outputs)
    for seed, folder in enumerate(folders or [None]):
        ledger.write("job", Outcome(seed, "done", folder=folder))
    pd.DataFrame({"axis.seed": [0], **columns}).to_parquet(study / "results.parquet")
    return study


def test_track_study_records_its_results_in_its_group_and_its_report(tmp_path: Path) -> None:
    folder = write_result(tmp_path / IDENTITY / "seed0", seed=0)
    study = write_study(tmp_path, f"{IDENTITY}/seed0", **{"identity.predictor": ["ridge"]})
    notes = Notes()
    done = track([study, folder.parent], notes)
    assert list(notes.runs) == [f"{IDENTITY}/seed0", "studies/mine"]
    assert notes.runs["studies/mine"].kind == "report"
    assert notes.folders == {tmp_path}
    assert (len(done.places), done.n_incomplete) == (2, 0)


def test_track_result_of_another_group_joins_the_study(tmp_path: Path) -> None:
    write_result(tmp_path / IDENTITY / "seed0", seed=0)
    study = write_study(tmp_path, f"{IDENTITY}/seed0", **{"identity.predictor": ["ridge"]})
    for paths, group in (([tmp_path / IDENTITY], "single"), ([study], "mine")):
        notes = Notes()
        track(paths, notes)
        assert notes.runs[f"{IDENTITY}/seed0"].group == group


def test_track_study_of_simulations_records_its_report_alone(tmp_path: Path) -> None:
    notes = Notes()
    track([write_study(tmp_path)], notes)
    assert list(notes.runs) == ["studies/mine"]


def test_track_counts_the_runs_that_are_incomplete(tmp_path: Path) -> None:
    for seed in range(3):
        write_result(tmp_path / IDENTITY / f"seed{seed}", seed=seed)
    assert track([tmp_path], Notes(fails="seed1")).n_incomplete == 1


def test_track_nothing_there_raises(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no finished result"):
        track([tmp_path], NoTracker())


def test_track_command_fails_to_record_exits_with_1(
    tmp_path: Path, hwnas: Hwnas, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(hwnas_upload, "upload", fail)
    write_result(tmp_path / IDENTITY / "seed0", seed=0)
    done = hwnas("track", str(tmp_path))
    assert done.returncode == 1
    assert done.stdout.startswith("tracked    0 of 1\n")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["track"], "required: PATH"),
        (["track", "tracking.mode=offline"], "track: no path is given"),
        (["track", "nowhere"], "there is no such folder"),
        (
            ["track", "outputs", "tracking.project=a/b"],
            "tracking.project=a/b: W&B does not allow /",
        ),
        (["track", "outputs", "tracking.projet=a"], "did you mean 'tracking.project'?"),
        (["dashboard", "tracking.project=a#b"], "tracking.project=a#b: W&B does not allow #"),
        (["dashboard", "outputs"], "dashboard: outputs is not a setting"),
    ],
)
def test_track_and_dashboard_mistake_is_one_line(
    arguments: list[str],
    problem: str,
    hwnas: Hwnas,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = hwnas(*arguments)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert problem in line
