"""Tasks of the launcher that share the jobs of a study, and the time that is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.study.sweeping import ESTIMATED, QUICK, Sweep, results


@pytest.mark.thorough
def test_sweep_tasks_share_the_jobs_and_give_the_same_scores(sweep: Sweep, tmp_path: Path) -> None:
    """Three tasks of the launcher run four jobs, each with an override that Hydra would resolve."""
    some = (*QUICK, *ESTIMATED, "tuning=none", "n_test=100", "n_train=11", "seed=0")
    assert sweep(*some, "predictor=ridge", outputs=tmp_path / "one").failed == 0
    outputs = tmp_path / "shared"
    assert sweep(*some, "sweep.tasks=3", outputs=outputs).failed == 0

    rows = {row["axis.predictor"]: row for row in results(outputs, "quick")}
    assert rows.keys() == {"lin_reg", "ridge", "lgb", "xgb"}
    (alone,) = results(tmp_path / "one", "quick")
    assert rows["ridge"]["scores.kendall_tau"] == alone["scores.kendall_tau"]
    assert "grid points of a kind" not in sweep("action=status", *some, outputs=outputs).printed


def test_sweep_status_says_how_much_time_the_rest_takes(sweep: Sweep) -> None:
    some = (*QUICK, *ESTIMATED, "tuning=none", "n_test=100", "n_train=11", "predictor=lin_reg")
    assert sweep(*some, "seed=0").failed == 0
    assert "left       1 s of CPU time\n" in sweep("action=status", *some).printed
