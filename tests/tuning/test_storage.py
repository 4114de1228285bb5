"""Tests of stored trials: shared by several workers, continued after a kill, in damaged files."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from hwnas.errors import UserError
from hwnas.tuning import TuningResult
from tests.tuning.worker import tune

WORKER = Path(__file__).with_name("worker.py")
ROOT = Path(__file__).parents[2]


def start_worker(
    storage: str, n_trials: int, seconds: float, gate: Path | None = None
) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    command = [sys.executable, str(WORKER), storage, str(n_trials), str(seconds)]
    command += [] if gate is None else [str(gate)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def params(result: TuningResult) -> list[object]:
    return [row["params"] for row in result.trials]


def ended(study: optuna.Study) -> int:
    return len(study.get_trials(states=(TrialState.COMPLETE, TrialState.PRUNED)))


def wait_for_trials(storage: str, at_least: int, deadline: float = 60.0) -> None:
    """Wait until at least so many trials of a journal are complete or pruned."""
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        if Path(storage).exists():
            journal = JournalStorage(JournalFileBackend(storage))
            names = optuna.get_all_study_names(journal)
            if names and ended(optuna.load_study(study_name=names[0], storage=journal)) >= at_least:
                return
        time.sleep(0.05)
    raise AssertionError(f"not {at_least} trials after {deadline} s")


def test_tune_stored_trials_are_reused(tmp_path: Path) -> None:
    storage = str(tmp_path / "new folder" / "trials.journal")
    first, second = tune(storage, 6), tune(storage, 6)
    assert not first.reused
    assert second.reused
    assert second.trials == first.trials
    assert second.best_params == first.best_params


def test_tune_folder_as_storage_holds_a_journal(tmp_path: Path) -> None:
    tune(f"{tmp_path}/", 2)
    assert [path.name for path in tmp_path.glob("*.journal")] == ["tuning.journal"]
    assert tune(f"{tmp_path}/", 2).reused


def test_tune_more_trials_continues_the_stored_ones(tmp_path: Path) -> None:
    storage = str(tmp_path / "trials.journal")
    tune(storage, 4)
    assert params(tune(storage, 9)) == params(tune(None, 9))
    assert tune(storage, 4).n_trials == 4


def test_tune_force_reuses_no_trial(tmp_path: Path) -> None:
    storage = str(tmp_path / "trials.journal")
    tune(storage, 4)
    assert not tune(storage, 4, force=True).reused


def test_tune_stored_other_objectives_raises(tmp_path: Path) -> None:
    storage = str(tmp_path / "trials.journal")
    tune(storage, 2)
    with pytest.raises(UserError, match=r"tuning\.force=true"):
        tune(storage, 2, objectives=("kendall_tau", "fit_seconds"))


def test_tune_sqlite_url_stores_the_trials(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'trials.db'}"
    assert params(tune(url, 5)) == params(tune(None, 5))
    assert tune(url, 5).reused


@pytest.mark.parametrize(
    "url", ["sqlite:////no/such/folder/trials.db", "nosuchdb://host/name", "://"]
)
def test_tune_missing_database_raises(url: str) -> None:
    with pytest.raises(UserError, match=r"tuning\.storage="):
        tune(url, 2)


def test_tune_storage_path_not_writable_raises(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=rf"tuning\.storage={tmp_path}/$"):
        tune(str(tmp_path), 2)
    (tmp_path / "file").touch()
    for place in ("/proc/x.journal", f"{tmp_path}/file/x.journal", f"{tmp_path}/file/"):
        with pytest.raises(UserError, match=rf"^tuning\.storage={place}: .*Try: tuning"):
            tune(place, 2)


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda content: content + b"garbage", "is damaged"),
        (lambda content: content + b"garbage\n", "is damaged"),
        (lambda content: b'{"op_code": 99, "worker_id": ""}\n' + content, "is damaged"),
        (lambda content: content[len(content) // 3 :], "is not a journal of Optuna"),
        (lambda content: b"garbage\n" + content, "is not a journal of Optuna"),
        (lambda _: b"\xff\xfe\n\xff\n", "is not a journal of Optuna"),
        (lambda content: b"5\n" + content, "is not a journal of Optuna"),
        (lambda content: b"{}\n" + content, "is not a journal of Optuna"),
    ],
)
def test_tune_damaged_journal_raises_and_leaves_it(
    damage: Callable[[bytes], bytes], problem: str, tmp_path: Path
) -> None:
    path = tmp_path / "trials.journal"
    tune(str(path), 2)
    content = damage(path.read_bytes())
    path.write_bytes(content)
    with pytest.raises(UserError, match=rf"^tuning\.storage.*{path}.* {problem}") as caught:
        tune(str(path), 2)
    assert path.read_bytes() == content
    assert "rm " not in str(caught.value)
    path.unlink()
    assert tune(str(path), 2).n_trials == 2


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'{"my":1}', "is not a journal of Optuna"),
        (b'{"my":1}\n', "is not a journal of Optuna"),
        (b'{"', "is not a journal of Optuna"),
        (b'{"op_code": 0, "wor', "is not a journal of Optuna"),
        (b"two lines\nof some text\n", "is not a journal of Optuna"),
        (b"SQLite format 3\x00" + bytes(100), "is an SQLite database"),
    ],
)
def test_tune_other_file_as_storage_raises_and_leaves_it(
    content: bytes, problem: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=problem) as caught:
        tune(str(path), 2)
    assert path.read_bytes() == content
    assert [file.name for file in tmp_path.iterdir()] == ["mine.json"]
    assert "rm " not in str(caught.value)
    remedy = caught.value.remedy or ""
    assert remedy.startswith(
        f"tuning.storage=sqlite:///{path}" if b"SQLite" in content else "tuning.storage="
    )


def test_tune_suggested_sqlite_url_reuses_the_trials(tmp_path: Path) -> None:
    path = tmp_path / "trials.db"
    tune(f"sqlite:///{path}", 2)
    with pytest.raises(UserError) as caught:
        tune(str(path), 2)
    suggested = (caught.value.remedy or "").removeprefix("tuning.storage=")
    assert tune(suggested, 2).reused


def test_tune_pipe_as_storage_raises(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(UserError, match="not a regular file"):
        tune(str(path), 2)


def test_tune_incomplete_last_record_is_dropped(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "trials.journal"
    start_worker(str(path), 3, 0).communicate(timeout=100)
    *before, last = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(before) + last[:-7])
    caplog.set_level(logging.WARNING)
    assert tune(str(path), 3).n_trials == 3
    assert f"{path}: dropped {len(last) - 7} bytes" in caplog.text
    assert path.read_bytes().startswith(b"".join(before))


def test_tune_empty_journal_starts_anew(tmp_path: Path) -> None:
    (tmp_path / "trials.journal").touch()
    assert not tune(str(tmp_path / "trials.journal"), 2).reused


@pytest.mark.thorough
def test_tune_two_processes_run_the_exact_number_of_trials(tmp_path: Path) -> None:
    storage = str(tmp_path / "trials.journal")
    gate = tmp_path / "gate"
    gate.mkdir()
    workers = [start_worker(storage, 30, 0.01, gate) for _ in range(2)]
    outputs = [worker.communicate(timeout=100)[0].split() for worker in workers]
    study = optuna.load_study(
        study_name="tuning", storage=JournalStorage(JournalFileBackend(storage))
    )
    names = {t.user_attrs["worker"] for t in study.trials if t.state is TrialState.COMPLETE}

    assert ended(study) == 30
    assert len(names) == 2, "one worker ran all trials, so they were not shared"
    assert [output[0] for output in outputs] == ["30", "30"]
    assert outputs[0] == outputs[1]


@pytest.mark.thorough
def test_tune_killed_process_resumes(tmp_path: Path) -> None:
    storage = str(tmp_path / "trials.journal")
    worker = start_worker(storage, 12, 0.05)
    wait_for_trials(storage, 2)
    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    (Path(storage).parent / f"{Path(storage).name}.lock").unlink(missing_ok=True)

    result = tune(storage, 12)
    study = optuna.load_study(
        study_name="tuning", storage=JournalStorage(JournalFileBackend(storage))
    )
    assert ended(study) == result.n_trials == 12
    assert not study.get_trials(states=(TrialState.RUNNING, TrialState.WAITING))
    uninterrupted = tune(None, 12)
    assert params(result) == params(uninterrupted)


@pytest.mark.slow
def test_tune_trial_of_a_killed_worker_is_taken_over(tmp_path: Path) -> None:
    storage = str(tmp_path / "trials.journal")
    doomed = start_worker(storage, 10, 0.1)
    wait_for_trials(storage, 1)
    survivor = start_worker(storage, 10, 0.1)
    wait_for_trials(storage, 4)
    doomed.send_signal(signal.SIGKILL)
    doomed.communicate()
    (Path(storage).parent / f"{Path(storage).name}.lock").unlink(missing_ok=True)
    output = survivor.communicate(timeout=100)[0].split()
    assert output[0] == "10"
