"""Tracking with Weights & Biases, offline."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest
import wandb
from PIL import Image

from hwnas.errors import UserError
from hwnas.extras import install_command
from hwnas.tracking import NoTracker, WandbTracker
from hwnas.tracking._wandb import has_key


@pytest.fixture
def codes(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """Return a list that the exit code of each finished run is appended to."""
    codes: list[int | None] = []
    finish = wandb.Run.finish

    def recorded(run: wandb.Run, exit_code: int | None = None) -> None:
        codes.append(exit_code)
        finish(run, exit_code)

    monkeypatch.setattr(wandb.Run, "finish", recorded)
    return codes


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "no-netrc"))


def track(folder: Path, *, fail: bool = False) -> None:
    plots = folder / "plots"
    plots.mkdir()
    Image.fromarray(np.zeros((8, 8, 3), dtype=np.uint8)).save(plots / "fronts.png")
    with WandbTracker().start("a/b", "study", ["ridge"], {"seed": 0}, folder) as run:
        if fail:
            raise RuntimeError
        run.log({"scores": {"kendall_tau": 0.81}}, plots)


def test_wandb_without_key_writes_the_run_offline(tmp_path: Path, codes: list[int | None]) -> None:
    track(tmp_path)
    assert codes == [None]
    (run,) = tmp_path.glob("wandb/offline-run-*")
    (binary,) = run.glob("*.wandb")
    # W&B writes the file in another process, which may end later than the run.
    deadline = time.monotonic() + 30
    while b"kendall_tau" not in (content := binary.read_bytes()):
        assert time.monotonic() < deadline, content[:100]
        time.sleep(0.2)
    assert b"0.81" in content
    assert b"study" in content
    assert list(run.glob("files/media/images/fronts*.png"))


def test_wandb_experiment_fails_finishes_the_run_with_exit_code_1(
    tmp_path: Path, codes: list[int | None]
) -> None:
    with pytest.raises(RuntimeError):
        track(tmp_path, fail=True)
    assert codes == [1]
    assert wandb.run is None
    assert list(tmp_path.glob("wandb/offline-run-*"))


def test_wandb_online_without_key_raises() -> None:
    assert not has_key()
    with pytest.raises(UserError, match="wandb login"):
        WandbTracker(mode="online")


@pytest.fixture
def _no_wandb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)


@pytest.mark.usefixtures("_no_wandb")
def test_wandb_not_installed_logs_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    track(tmp_path)
    (line,) = caplog.messages
    assert line.startswith("tracking=wandb: W&B is not installed, so this run is not tracked")
    assert line.endswith(install_command("wandb"))
    assert [path.name for path in tmp_path.iterdir()] == ["plots"]


@pytest.mark.usefixtures("_no_wandb")
def test_wandb_online_not_installed_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    with pytest.raises(UserError, match=r"tracking\.mode=online: wandb is not installed"):
        WandbTracker(mode="online")


def test_wandb_unknown_mode_raises() -> None:
    with pytest.raises(UserError, match="auto, online, offline"):
        WandbTracker(mode="sometimes")


def test_no_tracker_writes_nothing(tmp_path: Path) -> None:
    with NoTracker().start("a/b", "study", [], {}, tmp_path) as run:
        run.log({"scores": {}}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_wandb_mode_auto_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    track(tmp_path)
    assert not list(tmp_path.glob("wandb/*run-*"))
    # With a key, W&B would contact the server if WANDB_MODE did not prevent it.
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    monkeypatch.setenv("WANDB_MODE", "offline")
    other = tmp_path / "other"
    other.mkdir()
    track(other)
    assert list(other.glob("wandb/offline-run-*"))
