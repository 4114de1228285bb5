"""Tests of one journal for many tunings: opened once, described, safe from killed writers."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import optuna
import pytest

from hwnas.errors import UserError
from hwnas.tuning import TuningResult
from hwnas.tuning._journal import open_journal
from tests.tuning.journals import studies
from tests.tuning.worker import tune

ROOT = Path(__file__).parents[2]


def tune_as(name: str, storage: object, n_trials: int = 2, **attributes: Any) -> TuningResult:
    return tune(str(storage), n_trials, name=name, attributes=attributes)


def params(result: TuningResult) -> list[object]:
    return [row["params"] for row in result.trials]


def test_tune_several_tunings_in_one_journal_are_described(tmp_path: Path) -> None:
    path = tmp_path / "tuning.journal"
    tune_as("a", path, device="raspi4", n_train=55)
    tune_as("b", path, device="pixel3", n_train=124)
    found = studies(path)
    assert found["a"].user_attrs == {"device": "raspi4", "n_train": 55}
    assert found["b"].user_attrs == {"device": "pixel3", "n_train": 124}
    assert [len(study.trials) for study in found.values()] == [2, 2]
    assert found["a"].metric_names == ["kendall_tau"]


def test_tune_stored_before_gets_its_missing_attributes(tmp_path: Path) -> None:
    path = tmp_path / "tuning.journal"
    tune_as("a", path)
    tune_as("a", path, device="raspi4")
    size = path.stat().st_size
    tune_as("a", path, device="raspi4")
    assert studies(path)["a"].user_attrs == {"device": "raspi4"}
    # The third tuning only asked whether the Optuna study existed.
    assert path.stat().st_size - size < 300


def test_open_journal_read_before_is_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "tuning.journal"
    tune_as("a", path)
    assert open_journal(path) is open_journal(path)


def test_open_journal_many_are_not_all_kept(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.journal" for number in range(6)]
    for path in paths:
        tune_as("a", path)
    first = open_journal(paths[0])
    for path in [*paths[1:4], paths[0]]:
        open_journal(path)
    assert open_journal(paths[0]) is first
    for path in paths[1:]:
        open_journal(path)
    assert open_journal(paths[0]) is not first


def test_open_journal_replaced_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "tuning.journal"
    tune_as("a", path)
    before = open_journal(path)
    path.unlink()
    tune_as("b", path)
    assert open_journal(path) is not before
    assert list(studies(path)) == ["b"]


def test_open_journal_other_process_reads_it_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tuning.journal"
    tune_as("a", path)
    before = open_journal(path)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert open_journal(path) is not before


def test_open_journal_writer_was_killed_the_next_record_gets_its_own_line(tmp_path: Path) -> None:
    path = tmp_path / "tuning.journal"
    tune_as("a", path)
    storage = open_journal(path)
    whole = path.read_bytes()
    with path.open("ab") as file:
        file.write(whole.splitlines()[-1][:20])
    optuna.create_study(storage=storage, study_name="b")
    assert path.read_bytes().startswith(whole + b'{"op_code":0,')
    assert set(studies(path)) == {"a", "b"}


def test_open_journal_foreign_text_at_the_end_raises_and_leaves_it(tmp_path: Path) -> None:
    path = tmp_path / "tuning.journal"
    tune_as("a", path)
    storage = open_journal(path)
    with path.open("ab") as file:
        file.write(b"my notes")
    content = path.read_bytes()
    with pytest.raises(UserError, match="is damaged"):
        optuna.create_study(storage=storage, study_name="b")
    assert path.read_bytes() == content


def test_open_journal_last_record_longer_than_a_block_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "tuning.journal"
    tune_as("a", path, note="x" * 200_000)
    assert tune_as("a", path, note="x").reused
    assert len(studies(path)["a"].user_attrs["note"]) == 200_000


def test_tune_without_symbolic_links_locks_with_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no symbolic links here")

    monkeypatch.setattr(os, "symlink", refuse)
    assert tune_as("a", tmp_path / "tuning.journal").n_trials == 2
    assert [path.name for path in tmp_path.iterdir()] == ["tuning.journal"]


def test_tune_relative_path_is_locked_by_a_link_that_leads_to_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Optuna waits for a lock without a pause, and for ever, if its link leads nowhere."""
    targets, symlink = [], os.symlink

    def recorded(target: str, link: str) -> None:
        targets.append(Path(link).parent / target)
        symlink(target, link)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "symlink", recorded)
    tune_as("a", "folder/tuning.journal")
    assert set(targets) == {tmp_path / "folder" / "tuning.journal"}


@pytest.mark.slow
def test_tune_killed_workers_complete_every_tuning_in_one_journal(tmp_path: Path) -> None:
    path, n_tunings, n_trials, n_kills = tmp_path / "tuning.journal", 8, 10, 8
    code = (
        "from tests.tuning.worker import tune\n"
        f"for k in range({n_tunings}): tune({str(path)!r}, {n_trials}, 0.003, name=f't{{k}}')\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", code], env=environment)

    workers = [start() for _ in range(3)]
    for turn in range(n_kills):
        time.sleep(2.0 + 0.13 * turn)
        workers[turn % 3].kill()
        workers[turn % 3].wait()
        workers[turn % 3] = start()
    assert [worker.wait(timeout=200) for worker in workers] == [0, 0, 0]
    found = studies(path)
    assert len(found) == n_tunings
    for study in found.values():
        complete = [t for t in study.trials if t.state is optuna.trial.TrialState.COMPLETE]
        assert sorted(t.user_attrs["slot"] for t in complete) == list(range(n_trials))


def test_tune_folder_of_an_older_version_is_continued(tmp_path: Path) -> None:
    tune_as("a", f"{tmp_path}/tuning/", 3)
    result = tune_as("a", tmp_path / "tuning.journal", 6)
    assert params(result) == params(tune(None, 6))
    assert len(studies(tmp_path / "tuning" / "a.journal")["a"].trials) == 6
    tune_as("b", tmp_path / "tuning.journal")
    assert set(studies(tmp_path / "tuning.journal")) == {"b"}
