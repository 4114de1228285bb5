"""Fitting to a whole table: scores on held-out measurements, and what is kept and printed."""

from __future__ import annotations

import shlex
import time
from pathlib import Path

import numpy as np
import pytest

import hwnas as api
from hwnas.dataset import Table
from hwnas.fitted import cross_validate
from hwnas.space import NASBench201
from tests.commands import Hwnas
from tests.tables import ridge, whole_table
from tests.tables_of_users import bundled, write_csv


def test_cross_validate_noise_has_no_tau_and_right_coverage() -> None:
    cells = NASBench201().enumerate()[::99]
    values = 10 + np.random.default_rng(0).normal(size=len(cells))
    scores = cross_validate(ridge(), Table.from_arrays(NASBench201(), cells, values))
    assert scores is not None
    assert abs(scores.kendall_tau) < 0.2
    assert scores.error_percent == pytest.approx(100 * 0.8 / 10, rel=0.3)
    assert 80 < scores.coverage_percent < 98


def test_cross_validate_exact_values_have_almost_no_error() -> None:
    cells = NASBench201().enumerate()[::99]
    values = 1.0 + (cells == 3).sum(axis=1)
    exact = api.make_predictor("lin_reg", NASBench201())
    scores = cross_validate(exact, Table.from_arrays(NASBench201(), cells, values))
    assert scores is not None
    assert scores.error_percent < 0.5


@pytest.mark.parametrize(("n", "folds"), [(3, None), (4, 2), (8, 4), (60, 5)])
def test_cross_validate_few_measurements_lower_the_number_of_folds(
    n: int, folds: int | None
) -> None:
    scores = cross_validate(ridge(), whole_table(n))
    assert (None if scores is None else scores.folds) == folds


def test_cross_validate_does_not_depend_on_the_order_of_rows() -> None:
    table = whole_table(40)
    turned = table.rows(np.arange(len(table))[::-1].copy())
    one, other = cross_validate(ridge(), table), cross_validate(ridge(), turned)
    assert one is not None
    assert other is not None
    assert one.n == other.n
    assert one.error_percent == pytest.approx(other.error_percent, rel=1e-6)


def test_fit_prints_a_command_that_works_and_keeps_the_same_bytes(
    hwnas: Hwnas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    board = write_csv(tmp_path / "data" / "board.csv", 40)
    fitted = hwnas("fit", f"table={board}", "predictor=ridge", "tuning=none")
    assert fitted.returncode == 0, fitted.stderr
    command = shlex.split(fitted.stdout.splitlines()[-1])
    asked = hwnas(*command[command.index("predict") :])
    assert asked.returncode == 0, asked.stderr
    assert len(asked.stdout.splitlines()) == 2

    first = (tmp_path / "board.hwnas").read_bytes()
    hwnas("fit", f"table={board}", "predictor=ridge", "tuning=none", "out=again.hwnas")
    assert (tmp_path / "again.hwnas").read_bytes() == first


def test_fit_accuracy_is_in_percent(
    hwnas: Hwnas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "board.csv", 30)
    words = ("metric=accuracy", "predictor=ridge", "tuning=none", "out=accuracy.hwnas")
    assert hwnas("fit", "table=board.csv", *words).returncode == 0
    loaded = api.load_predictor("accuracy.hwnas")
    assert loaded.bounds == (0.0, 100.0)
    known = loaded.metadata_
    assert (known["metric"], known["unit"], known["direction"]) == (
        "accuracy",
        "percent",
        "maximize",
    )


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "dataset=csv: no file is given. Try: table=FILE.csv"),
        (("table=board.csv", "predictor=lut"), "it chooses its own training measurements"),
        (("table=board.csv", "folds=1"), "folds=1: at least 2 is needed"),
        (("table=board.csv", "out=."), "out=.: is a folder"),
        (("table=board.csv", "outt=b.hwnas"), "outt=b.hwnas: no such key; did you mean 'out'?"),
        (("table=board.csv", "space=fbnet"), "Try: space=nasbench201"),
    ],
)
def test_fit_mistake_is_one_line_and_exit_code_2(
    arguments: tuple[str, ...],
    problem: str,
    hwnas: Hwnas,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "board.csv", 20)
    finished = hwnas("fit", *arguments)
    assert finished.returncode == 2
    assert problem in finished.stderr
    assert finished.stderr.count("\n") == 1
    assert list(tmp_path.glob("*.hwnas")) == []


def test_best_fitted_to_300_rows_answers_a_search_loop(tmp_path: Path) -> None:
    """Bounds of issue 16, in CPU seconds, so that other programs do not matter."""
    table = bundled()
    some = np.random.default_rng(0).choice(len(table), 300, replace=False)
    best = api.make_predictor("best", table.space)
    best.fit(table.architectures[some], table.values[some]).save(tmp_path / "best.hwnas")
    loaded = api.load_predictor(tmp_path / "best.hwnas")
    strings = table.space.to_strings(table.architectures[:10_000])
    loaded.predict(strings[:1], return_std=True)

    def seconds(queries: list[list[str]]) -> float:
        start = time.process_time()
        for query in queries:
            loaded.predict(query, return_std=True)
        return (time.process_time() - start) / len(queries)

    # 100,000 in 10 s are 10,000 in one.
    assert seconds([strings]) < 1.0
    assert seconds([[string] for string in strings[:50]]) < 0.005
