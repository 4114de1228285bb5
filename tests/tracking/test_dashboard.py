"""The command that makes a dashboard: what it does with and without a key."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import wandb

from hwnas.errors import UserError
from hwnas.extras import install_command
from hwnas.tracking import WandbTracker, dashboard
from tests.commands import Hwnas

ws = pytest.importorskip("wandb_workspaces.workspaces")


@pytest.fixture
def saving(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[object], None]], None]:
    """Return a function that replaces what saves a workspace. There is a key then."""

    def replace(save: Callable[[object], None]) -> None:
        monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
        monkeypatch.setattr(ws.Workspace, "save", save)
        monkeypatch.setattr(ws.Workspace, "url", "https://server/team/mine?nw=1")

    return replace


def test_dashboard_without_key_writes_it_and_says_how_to_log_in(
    tmp_path: Path, hwnas: Hwnas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = hwnas("dashboard", "tracking.entity=team")
    assert done.returncode == 0, done.stderr
    assert "outputs/dashboard.json" in done.stdout
    assert "wandb login" in done.stdout
    written = json.loads(Path("outputs/dashboard.json").read_text())
    assert (written["entity"], written["project"]) == ("team", "hwnas")


def test_dashboard_with_key_creates_it(
    tmp_path: Path, saving: Callable[[Callable[[object], None]], None]
) -> None:
    saved: list[object] = []
    saving(lambda made: saved.append(made))
    text = dashboard(WandbTracker(project="mine", entity="team"), None, tmp_path / "board.json")
    assert text == "dashboard  https://server/team/mine?nw=1"
    assert [(each.project, each.entity) for each in saved] == [("mine", "team")]  # type: ignore[attr-defined]
    assert not list(tmp_path.iterdir())


def test_dashboard_server_refuses_is_one_line(
    tmp_path: Path, saving: Callable[[Callable[[object], None]], None]
) -> None:
    def refuse(_: object) -> None:
        raise wandb.errors.CommError("no such\nproject.")

    saving(refuse)
    with pytest.raises(UserError, match=r"^dashboard: .*: no such project\. Try: .*--file"):
        dashboard(WandbTracker(entity="team"), None, tmp_path / "board.json")


def test_dashboard_library_not_installed_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb_workspaces", None)
    with pytest.raises(UserError) as caught:
        dashboard(WandbTracker(), tmp_path / "board.json", tmp_path)
    assert caught.value.remedy == install_command("wandb")
