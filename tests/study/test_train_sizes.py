"""The report part that compares predictors: tables, paired tests, ranks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hwnas.errors import UserError
from hwnas.figures import save_figure
from hwnas.study.report import Material, TrainSizes, _ranks, _train_sizes
from hwnas.study.report._paired import best_against_next
from hwnas.study.report._ranks import ranks_of
from hwnas.study.report._scores import Scores
from hwnas.study.report._write import marked_designs, suited_parts, with_axes

TAU = "scores.kendall_tau"


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the pictures, which take most of the time of a report."""
    for module in (_train_sizes, _ranks):
        monkeypatch.setattr(module, "save_figure", lambda *_, **__: None)


def row(predictor: str, data: str, n_train: int, seed: int, tau: float, **more: Any) -> Any:
    metric = more.pop("metric", "latency")
    return {
        "axis.predictor": predictor, "axis.data": data, "axis.n_train": n_train,
        "axis.seed": seed, "identity.metric": metric, "provenance.kind": "measured", TAU: tau,
        **more,
    }  # fmt: skip


#: Ridge is ahead on a and b by 0.1, the datasets of latency; xgb on c, a dataset of memory.
ROWS = pd.DataFrame(
    [
        row(predictor, data, n, seed, tau + 0.01 * seed + n / 1000, metric=metric)
        for predictor, data, tau, metric in [
            ("ridge", "a", 0.5, "latency"),
            ("ridge", "b", 0.7, "latency"),
            ("ridge", "c", 0.2, "memory"),
            ("xgb", "a", 0.4, "latency"),
            ("xgb", "b", 0.6, "latency"),
            ("xgb", "c", 0.3, "memory"),
        ]
        for n in (10, 50)
        for seed in range(3)
    ]
)


def material(rows: pd.DataFrame, folder: Path) -> Material:
    return Material("A study", rows, {}, {}, ("a", "b"), folder)


def written(rows: pd.DataFrame, folder: Path, **settings: Any) -> str:
    return TrainSizes(**settings).write(material(rows, folder))


def scores(rows: pd.DataFrame, folder: Path) -> Scores:
    return Scores.of(material(rows, folder), TAU, "τ", lowest_is_best=False)


def test_train_sizes_each_dataset_has_a_table_with_spread(tmp_path: Path) -> None:
    text = written(ROWS, tmp_path)
    assert "### a, latency\n\n| predictor | 10 | 50 |" in text
    assert "| ridge | **0.520 ±0.010** | **0.560 ±0.010** |" in text
    assert "| xgb | **0.320 ±0.010** | **0.360 ±0.010** |" in text
    table = pd.read_csv(tmp_path / "sizes.csv", index_col=[0, 1, 2, 3])
    assert table.loc[("memory", "c", "xgb", 50), "mean"] == pytest.approx(0.36)


def test_train_sizes_draws_curves_and_ranks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (_train_sizes, _ranks):
        monkeypatch.setattr(module, "save_figure", save_figure)
    written(ROWS, tmp_path)
    for name in ("sizes.png", "sizes_ranks.png"):
        assert (tmp_path / name).stat().st_size > 10_000


def test_train_sizes_means_are_over_datasets_of_one_metric(tmp_path: Path) -> None:
    text = written(ROWS, tmp_path)
    assert "### Mean over the 2 datasets of latency" in text
    # (0.520 + 0.720) / 2, without the 0.220 of memory.
    assert "| ridge | **0.620** | **0.660** |" in text
    assert "of memory" not in text


def test_train_sizes_incomplete_mean_is_marked_and_not_compared(tmp_path: Path) -> None:
    text = written(ROWS[(ROWS["axis.predictor"] == "xgb") | (ROWS["axis.data"] != "a")], tmp_path)
    assert "| ridge | 0.720 [1 of 2 datasets] | 0.760 [1 of 2 datasets] |" in text
    assert "| xgb | **0.520** | **0.560** |" in text
    assert "a mean marked [n of m] covers fewer" in text
    fewer = written(ROWS.drop(index=0), tmp_path)
    assert "| ridge | **0.525 ±0.007** [2 of 3 seeds] |" in fewer


def test_train_sizes_lowest_is_best_marks_the_lowest(tmp_path: Path) -> None:
    rows = ROWS.rename(columns={TAU: "selection.mra_all_percent"})
    text = written(
        rows, tmp_path, score="selection.mra_all_percent", title="MRA", lowest_is_best=True
    )
    assert "| xgb | **0.42 ±0.01** | **0.46 ±0.01** |" in text
    assert (tmp_path / "sizes_mra_all_percent.csv").is_file()


def test_train_sizes_other_axes_are_competitors_of_their_own(tmp_path: Path) -> None:
    tuned = ROWS.assign(**{"axis.tuning": "default"}).assign(**{TAU: ROWS[TAU] + 0.1})
    text = written(pd.concat([ROWS.assign(**{"axis.tuning": "none"}), tuned]), tmp_path)
    assert "| ridge tuning=default | **0.620 ±0.010** |" in text
    assert "| ridge tuning=none | 0.520 ±0.010 |" in text


def test_train_sizes_chosen_measurements_have_a_line_of_their_own(tmp_path: Path) -> None:
    chosen = ROWS.assign(**{"identity.train": "design"})
    both = pd.concat([ROWS.assign(**{"identity.train": "random"}), chosen])
    text = written(marked_designs(both), tmp_path)
    assert "| ridge |" in text
    assert "| ridge (train=design) |" in text


def test_train_sizes_unknown_score_raises() -> None:
    with pytest.raises(UserError, match=r"reports.score: no 'scores.kendal_tau'.*did you mean"):
        TrainSizes("scores.kendal_tau")


def test_best_against_next_pairs_datasets_and_seeds_of_one_metric(tmp_path: Path) -> None:
    latency, memory = (
        [each for each in best_against_next(scores(ROWS, tmp_path)) if each.metric == metric]
        for metric in ("latency", "memory")
    )
    assert [(each.n_train, each.best, each.other) for each in latency] == [
        (10, "ridge", "xgb"),
        (50, "ridge", "xgb"),
    ]
    assert latency[0].differences == pytest.approx(np.full(6, 0.1))
    assert latency[0].n_data == 2
    # All six pairs on one side: 2 / 2**6.
    assert latency[0].p_value == pytest.approx(0.03125)
    assert [(each.best, len(each.differences)) for each in memory] == [("xgb", 3)] * 2


def test_train_sizes_paired_table_corrects_for_the_number_of_tests(tmp_path: Path) -> None:
    text = written(ROWS, tmp_path)
    assert "| latency | 10 | ridge | xgb | +0.1000 | 6 of 6 | 0.062 |" in text
    assert "| memory | 10 | xgb | ridge | +0.1000 | 3 of 3 | too few pairs |" in text


def test_paired_interval_covers_the_mean_and_is_reproducible(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.05, len(ROWS))
    noisy = scores(ROWS.assign(**{TAU: ROWS[TAU] + noise}), tmp_path)
    paired = best_against_next(noisy)[0]
    interval = paired.interval()
    assert interval is not None
    assert interval[0] < paired.differences.mean() < interval[1]
    assert interval == best_against_next(noisy)[0].interval()


def test_ranks_of_a_metric_average_sizes_first_and_leave_out_what_covers_little(
    tmp_path: Path,
) -> None:
    lookup = pd.DataFrame([row("lut", data, 25, seed, 0.9) for data in "ab" for seed in range(3)])
    ranks = ranks_of(scores(pd.concat([ROWS, lookup]), tmp_path), "latency")
    assert ranks is not None
    assert ranks.mean.to_dict() == {"ridge": 1.0, "xgb": 2.0}
    assert ranks.n_blocks == 6
    # Demšar (2006), table 5: 1.960 for two classifiers.
    assert ranks.critical_difference == pytest.approx(1.960 * (2 * 3 / (6 * 6)) ** 0.5, abs=1e-3)
    assert ranks.groups() == []


def test_ranks_of_a_single_seed_on_one_dataset_do_not_exist(tmp_path: Path) -> None:
    one = ROWS[(ROWS["axis.seed"] == 0) & (ROWS["axis.data"] == "a")]
    assert ranks_of(scores(one, tmp_path), "latency") is None
    assert "ranks" not in written(one, tmp_path)


def test_suited_parts_follow_the_results() -> None:
    assert [type(part).__name__ for part in suited_parts(ROWS)] == ["TrainSizes"]
    selecting = suited_parts(ROWS.assign(**{"selection.mra_all_percent": 1.0}))
    assert [getattr(part, "score", "") for part in selecting] == [TAU, "selection.mra_all_percent"]
    simulated = pd.DataFrame({"sigma": [0.1], "pairing": ["sorted"]})
    assert [type(part).__name__ for part in suited_parts(simulated)] == ["SelectionCost"]


def test_with_axes_grid_without_the_axis_takes_the_identity() -> None:
    rows = pd.DataFrame({"axis.predictor": ["paper/ridge"], "identity.n_train": [55]})
    assert with_axes(rows)["axis.n_train"].tolist() == [55]
    assert with_axes(rows)["axis.predictor"].tolist() == ["paper/ridge"]
    # Of two grids, only the first one has the axis.
    two = pd.DataFrame({"axis.n_train": [11, None], "identity.n_train": [11, 55]})
    assert with_axes(two)["axis.n_train"].tolist() == [11, 55]
