"""The tracker of Weights & Biases: where it records, what it rejects, and its failures."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import wandb
from wandb.errors import AuthenticationError, CommError

from hwnas.errors import UserError
from hwnas.extras import install_command
from hwnas.tracking import Artifact, Lines, NoTracker, Record, RunInfo, WandbTracker
from hwnas.tracking._settings import has_key
from hwnas.tracking._upload import upload
from tests.tracking.reading import read_runs

INFO = RunInfo("a/b", "study", ["ridge", "x" * 80], {"seed": 0})
KEY = "0" * 40


def record(folder: Path, **more: Any) -> Record:
    return Record({"scores": {"kendall_tau": 0.81}}, folder, **more)


def track(folder: Path, **more: Any) -> None:
    with WandbTracker().start(INFO, folder) as run:
        run.log(record(folder, **more))


def test_wandb_without_key_writes_the_run_offline(tmp_path: Path, image: Path) -> None:
    track(tmp_path, plots=[image])
    (run,) = read_runs(tmp_path)
    assert run.summary["scores"] == {"kendall_tau": 0.81}
    assert (run.run.run_id, run.run.run_group, run.run.display_name) == (INFO.id, "study", "a/b")
    assert list(run.run.tags) == ["ridge", "x" * 64]
    assert run.exit_code == 0
    assert list(run.folder.glob("files/media/images/fronts*.png"))


def test_wandb_same_identity_replaces_the_older_offline_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wandb" / f"offline-run-20200101_000000-{INFO.id}").mkdir(parents=True)
    other = tmp_path / "wandb" / "offline-run-20200101_000000-other"
    other.mkdir()
    monkeypatch.setenv("WANDB_RUN_ID", "mine")
    track(tmp_path)
    found = sorted(path.name for path in tmp_path.glob("wandb/offline-run-*"))
    assert found[0] == other.name
    assert [name.rpartition("-")[2] for name in found[1:]] == [INFO.id]


def test_wandb_experiment_fails_keeps_the_older_run(tmp_path: Path) -> None:
    older = tmp_path / "wandb" / f"offline-run-20200101_000000-{INFO.id}"
    older.mkdir(parents=True)
    with pytest.raises(ZeroDivisionError), WandbTracker().start(INFO, tmp_path):
        raise ZeroDivisionError
    assert wandb.run is None
    older.rmdir()
    (run,) = read_runs(tmp_path)
    assert run.exit_code == 1


def test_wandb_fails_to_record_warns_in_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with WandbTracker().start(INFO, tmp_path) as run:
        run.log(record(tmp_path, tables={"selected": tmp_path / "missing.csv"}))
        assert not run.complete
    (line,) = (each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING)
    assert "not everything was recorded (FileNotFoundError: " in line
    assert line.endswith(f"track {tmp_path}")
    (read,) = read_runs(tmp_path)
    assert read.exit_code == 1


def test_wandb_fails_to_finish_a_failed_experiment_claims_no_result(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run: Any = SimpleNamespace(disabled=True)
    run.finish = lambda **_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    with pytest.raises(ZeroDivisionError), pytest.MonkeyPatch.context() as patch:
        patch.setattr(WandbTracker, "_init", lambda *_: run)
        with WandbTracker().start(INFO, tmp_path):
            raise ZeroDivisionError
    (line,) = (each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING)
    assert line.endswith("; there is no result")


def test_upload_long_table_is_shown_in_parts_and_is_whole_in_the_artifact(tmp_path: Path) -> None:
    path = tmp_path / "predictions.parquet"
    pd.DataFrame({"predicted": range(12_345)}).to_parquet(path)
    data = Artifact("data/raspi4", "dataset", {"sha256": "1234"}, used=True)
    made = Artifact("predictor, x" + "y" * 200, "predictor", {"seed": 0}, [path])
    line = Lines(pd.DataFrame({"x": [1], "y": [2.0], "line": ["a"]}), "x", "y", "line", "title")
    track(tmp_path, tables={"predictions": path}, artifacts=[data, made], lines={"curves": line})
    (run,) = read_runs(tmp_path)
    rows = [row["predicted"] for row in run.table("predictions")]
    assert (len(rows), rows[0], rows[-1]) == (10_000, 0, 12_344)
    assert run.table("curves_table") == [{"x": 1, "y": 2.0, "line": "a"}]
    used, logged = (each for each in run.artifacts if each.type in ("dataset", "predictor"))
    assert (used.name, used.use_after_commit) == ("data-raspi4", True)
    assert (len(logged.name), logged.use_after_commit) == (128, False)
    (entry,) = logged.manifest.contents
    assert entry.local_path == str(path)


class _Online:
    """An online run that notes what it is asked to do."""

    offline, disabled, step = False, False, 0

    def __init__(self, step: int = 0) -> None:
        self.step = step
        self.summary: dict[str, Any] = {}
        self.calls: list[tuple[str, str]] = []

    def define_metric(self, name: str, **_: Any) -> None:
        self.calls.append(("define_metric", name))

    def log(self, values: dict[str, Any]) -> None:
        self.calls += [("log", name) for name in values]

    def use_artifact(self, artifact: wandb.Artifact) -> None:
        self.calls.append(("use_artifact", artifact.name))

    def log_artifact(self, artifact: wandb.Artifact) -> None:
        self.calls.append(("log_artifact", artifact.name))


def test_upload_online_uses_and_logs_artifacts(tmp_path: Path) -> None:
    run: Any = _Online()
    artifacts = [
        Artifact("data", "dataset", {}, used=True),
        Artifact("selection", "selection", {}),
    ]
    upload(run, record(tmp_path, artifacts=artifacts))
    assert run.calls == [("use_artifact", "data"), ("log_artifact", "selection")]


@pytest.mark.parametrize(("step", "n_trials"), [(0, 1), (9, 0)])
def test_upload_resumed_run_does_not_repeat_the_trials(
    tmp_path: Path, step: int, n_trials: int
) -> None:
    run: Any = _Online(step)
    trial = {"trial": 0, "state": "complete", "kendall_tau": 0.5, "fit_seconds": 0.1, "alpha": 1.0}
    upload(run, record(tmp_path, trials=[trial]))
    assert run.calls.count(("log", "tuning/best_kendall_tau")) == n_trials
    assert run.calls.count(("log", "trials")) == 1


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the modes of the runs that are opened. An online one fails."""
    modes: list[str] = []

    def init(mode: str, **_: Any) -> Any:
        modes.append(mode)
        if mode == "online":
            raise CommError("no route\nto host")
        return SimpleNamespace(disabled=True, finish=lambda **_: None)

    monkeypatch.setattr(wandb, "init", init)
    monkeypatch.setattr(wandb, "teardown", lambda: modes.append("teardown"))
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    return modes


def test_wandb_server_does_not_answer_goes_on_offline(
    tmp_path: Path, opened: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    with WandbTracker().start(INFO, tmp_path):
        pass
    assert opened == ["online", "teardown", "offline"]
    (line,) = caplog.messages
    assert line.endswith("(no route to host), so this run is stored offline")


def test_wandb_online_server_does_not_answer_raises(tmp_path: Path, opened: list[str]) -> None:
    with pytest.raises(UserError, match="no route to host"):
        WandbTracker(mode="online").start(INFO, tmp_path).__enter__()
    assert opened == ["online"]


def test_wandb_key_is_refused_says_how_to_log_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def init(**_: Any) -> None:
        raise AuthenticationError("401")

    monkeypatch.setattr(wandb, "init", init)
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    with pytest.raises(UserError, match=r"refuses the key.*wandb login --relogin"):
        WandbTracker(mode="online").start(INFO, tmp_path).__enter__()


@pytest.mark.parametrize("mode", ["offline", "disabled"])
def test_wandb_mode_auto_follows_the_environment(
    mode: str, tmp_path: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", mode)
    with WandbTracker().start(INFO, tmp_path):
        pass
    assert opened == [mode]


def test_wandb_other_wrong_variable_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_INIT_TIMEOUT", "soon")
    wandb.teardown()
    with pytest.raises(UserError) as caught:
        WandbTracker().start(INFO, tmp_path).__enter__()
    assert "WANDB_INIT_TIMEOUT=soon" in caught.value.problem
    assert caught.value.remedy == "unset WANDB_INIT_TIMEOUT"


def test_has_key_finds_the_key_of_any_server_of_wandb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not has_key()
    netrc = tmp_path / "netrc"
    monkeypatch.setenv("NETRC", str(netrc))
    for host in ("api.wandb.ai", wandb.Settings().base_url.removeprefix("https://")):
        netrc.write_text(f"machine {host} login user password {KEY}\n")
        assert has_key(), host


def test_wandb_online_without_key_raises() -> None:
    with pytest.raises(UserError, match="wandb login"):
        WandbTracker(mode="online")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"mode": "sometimes"}, r"tracking\.mode=sometimes: .* auto, online, offline"),
        ({"project": "team/project"}, r"tracking\.project=team/project: .* does not allow /"),
        ({"project": "p" * 129}, "129 characters"),
        ({"entity": "a/b"}, r"tracking\.entity=a/b"),
        ({"tags": ["t" * 65]}, "has 65 characters"),
        ({"tags": [""]}, "has 0 characters"),
    ],
)
def test_wandb_setting_that_it_rejects_raises(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        WandbTracker(**settings)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("WANDB_MODE", "nonsense"),
        *(("WANDB_BASE_URL", url) for url in ("htp:/x", "localhost", "http://", "http://h:port")),
    ],
)
def test_wandb_wrong_variable_raises(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UserError, match=f"^{variable}={value}: .* Try: unset {variable}"):
        WandbTracker()


@pytest.fixture
def _no_wandb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)


@pytest.mark.usefixtures("_no_wandb")
def test_wandb_not_installed_logs_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    track(tmp_path)
    (line,) = caplog.messages
    assert line.startswith("tracking=wandb: W&B is not installed, so this run is not tracked")
    assert line.endswith(install_command("wandb"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("_no_wandb")
def test_wandb_online_not_installed_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    with pytest.raises(UserError, match=r"tracking\.mode=online: wandb is not installed"):
        WandbTracker(mode="online")


def test_no_tracker_writes_nothing(tmp_path: Path) -> None:
    with NoTracker().start(INFO, tmp_path) as run:
        run.log(record(tmp_path))
        assert run.place is None
    assert list(tmp_path.iterdir()) == []
