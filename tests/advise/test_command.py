"""``hwnas advise`` as a user calls it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hydra.utils import instantiate

from hwnas.advise._command import predictors
from hwnas.space import FBNet
from tests.commands import Hwnas, python
from tests.composed import composed
from tests.tables_of_users import write_csv


def test_advise_command_invalid_budget_prints_one_line(hwnas: Hwnas) -> None:
    run = hwnas("advise", "budget=2x")
    assert run.returncode == 2
    assert run.stderr == (
        "error: budget=2x: not a duration above 0. Try: budget=2h, 90min, 45s or 1h30min\n"
    )


def test_advise_command_budget_below_one_measurement_prints_one_line(hwnas: Hwnas) -> None:
    run = hwnas("advise", "budget=10s")
    assert run.returncode == 2
    assert run.stderr == (
        "error: budget=10s is shorter than one measurement (measurement=20s). Try: "
        "budget=20s or more, or a smaller measurement= if measuring one architecture takes less "
        "time\n"
    )


@pytest.mark.thorough
def test_advise_command_published_table_prints_a_plan(hwnas_data: Path, tmp_path: Path) -> None:
    run = python(
        "-m", "hwnas", "advise", "dataset=hwnas/raspi4", "budget=2h", "predictors=[ridge]",
        "scenarios=4", "repeats=3", data=hwnas_data, HWNAS_CACHE=str(tmp_path),
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    for expected in (
        "15,625 candidates",
        "plan        ",
        "next best",
        "twice the",
    ):
        assert expected in run.stdout


def test_predictors_transfer_has_the_other_devices_of_the_dataset(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "help" / "fbnet"
    (folder / "latency").mkdir(parents=True)
    torch.save(FBNet().sample(30, np.random.default_rng(0)).tolist(), folder / "op_idx.pt")
    for name, values in zip("ab", np.random.default_rng(0).random((2, 30)) + 1, strict=True):
        torch.save(values.tolist(), folder / "latency" / f"{name}.pt")
    given = ["dataset=help/fbnet", "dataset.device=a", f"paths.data={tmp_path / 'data'}"]
    with composed("run", *given, f"paths.cache={tmp_path / 'cache'}") as (cfg, _):
        table = instantiate(cfg.dataset).load()
        model = predictors(["transfer"], table, cfg)["transfer"].model
    assert model.sources.names == ["b"]


def test_advise_command_own_table_has_the_space_left_to_measure(
    hwnas: Hwnas, tmp_path: Path
) -> None:
    board = write_csv(tmp_path / "board.csv", 60)
    run = hwnas(
        *("advise", f"table={board}", "budget=10min", "predictors=[ridge]"),
        *("scenarios=1", "repeats=2"),
    )
    assert run.returncode == 0, run.stderr
    # The 60 architectures are of 57 networks.
    assert "7,122 candidates; 57 measured so far" in run.stdout
