"""Scores on hand-computed values."""

from __future__ import annotations

import numpy as np
import pytest

from hwnas.metric import Metric
from hwnas.scores import kendall_tau, precision_at, score

LATENCY = Metric("latency", "ms")
TRUE = np.array([1.0, 2.0, 3.0, 4.0])


def test_hand_computed() -> None:
    scores = score(TRUE, np.array([1.0, 3.0, 2.0, 6.0]), LATENCY)
    assert scores["kendall_tau"] == pytest.approx(4 / 6)  # 5 concordant pairs, 1 discordant
    assert scores["spearman"] == pytest.approx(0.8)  # 1 - 6·2 / (4·15)
    assert scores["mae"] == pytest.approx(1.0)
    assert scores["rmse"] == pytest.approx(np.sqrt(6 / 4))
    assert scores["deviation_mean"] == pytest.approx(0.5)
    assert scores["deviation_std"] == pytest.approx(np.sqrt(6 / 4 - 0.25))


def test_correlations_keep_their_sign() -> None:
    scores = score(TRUE, -TRUE, LATENCY)
    assert (scores["kendall_tau"], scores["spearman"]) == (-1.0, -1.0)
    assert scores["pearson"] == pytest.approx(-1.0)


def test_constant_prediction_ranks_nothing() -> None:
    scores = score(TRUE, np.full(4, 7.0), LATENCY)
    assert (scores["kendall_tau"], scores["spearman"], scores["pearson"]) == (0.0, 0.0, 0.0)


def test_ties_use_tau_b() -> None:
    # Pairs: 4 concordant, 0 discordant, 2 tied in one side each: 4 / sqrt(5 · 5).
    true, predicted = np.array([1.0, 1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0, 3.0])
    assert kendall_tau(true, predicted) == pytest.approx(4 / 5)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="NaN"):
        score(TRUE, np.array([1.0, 2.0, 3.0, bad]), LATENCY)


def test_precision_follows_the_direction_of_the_metric() -> None:
    true, predicted = np.arange(40.0), np.arange(40.0)
    predicted[0] = 100.0  # the best latency is taken for the worst
    assert precision_at(true, predicted, 10) == 0.9
    intensity = Metric("arithmetic_intensity", "ops/byte", "maximize")
    # Among the ten highest, one is pushed out by the wrong one.
    assert score(true, predicted, intensity)["precision_at_10"] == 0.9
    assert score(true, predicted, LATENCY)["precision_at_20"] == 0.95
