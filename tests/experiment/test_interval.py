"""Tests of the scores of a predictor's intervals in a result, and of their lines in the report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.gaussian_process import GaussianProcessRegressor

from hwnas.encoding import OneHot, Operations
from hwnas.experiment import Experiment, Result, split
from hwnas.experiment._report import report
from hwnas.predictor import Predictor
from hwnas.predictor.lut import LookupTable
from hwnas.space import NASBench201
from tests.tables import made_table, ridge, whole_table

SPACE = NASBench201()


@pytest.fixture(scope="module")
def result() -> Result:
    table = whole_table()
    return Experiment(table, ridge(), split(table, 60, 200, 0)).run()


def test_run_result_has_the_coverage_of_the_intervals(result: Result) -> None:
    interval = result.interval
    assert interval is not None
    assert interval["nominal"] == 0.9
    assert interval["source"] == "conformal, 5 folds, 60 residuals"
    assert interval["skipped"] is None
    assert 200 * interval["coverage"] >= binom(200, 0.9).ppf(1e-4)
    assert result.details is not None
    predictor, test = result.details.predictor, result.details.split
    lower, upper = predictor.predict_interval(test.test_architectures)
    inside = (lower <= test.test_values) & (test.test_values <= upper)
    assert interval["coverage"] == pytest.approx(inside.mean())
    assert interval["mean_width"] == pytest.approx((upper - lower).mean())


def test_report_any_result_names_the_source_of_its_intervals(result: Result) -> None:
    text = report(result, Path("folder"))
    assert "90 % interval, coverage" in text
    assert "90 % interval, width [ms]" in text
    assert "90 % interval from: conformal, 5 folds, 60 residuals" in text
    assert "interval" not in report(replace(result, interval=None), Path("folder"))


def test_run_own_distribution_needs_no_cross_validation() -> None:
    table = whole_table()
    own = Predictor(SPACE, OneHot(), GaussianProcessRegressor(alpha=0.1))
    done = Experiment(table, own, split(table, 60, 200, 0), intervals=False).run()
    assert done.interval is not None
    assert done.interval["source"] == "predictive distribution"
    assert done.interval["coverage"] is not None


def test_run_intervals_false_leaves_them_out() -> None:
    table = whole_table()
    done = Experiment(table, ridge(), split(table, 60, 200, 0), intervals=False).run()
    assert done.interval == {
        "nominal": 0.9,
        "coverage": None,
        "mean_width": None,
        "source": None,
        "skipped": "intervals=false",
    }
    assert "no 90 % interval: intervals=false" in report(done, Path("folder"))


def test_run_few_measurements_says_how_many_an_interval_needs() -> None:
    table = whole_table()
    done = Experiment(table, ridge(), split(table, 8, 200, 0)).run()
    assert done.interval is not None
    assert done.interval["skipped"] == ("8 training measurements, but a finite interval needs 9")
    enough = Experiment(table, ridge(), split(table, 9, 200, 0)).run()
    assert enough.interval is not None
    assert enough.interval["coverage"] is not None


def test_run_lookup_table_says_why_it_has_no_interval() -> None:
    lut = Predictor(SPACE, Operations(), LookupTable())
    every = SPACE.enumerate()
    table = made_table(every, 1.0 + (every == 3).sum(axis=1))
    done = Experiment(table, lut, split(table, 2, 200, 0, lut.training_design())).run()
    assert done.interval is not None
    assert "needs every one of its 25 training measurements" in done.interval["skipped"]
    assert np.isfinite(done.scores["kendall_tau"])
