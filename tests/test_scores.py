"""Scores of predictions, compared with values computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hwnas.metric import Metric
from hwnas.scores import kendall_tau, precision_at, score

LATENCY = Metric("latency", "ms")
TRUE = np.array([1.0, 2.0, 3.0, 4.0])


def test_score_four_values_equals_scores_by_hand() -> None:
    scores = score(TRUE, np.array([1.0, 3.0, 2.0, 6.0]), LATENCY)
    assert scores["kendall_tau"] == pytest.approx(4 / 6)  # 5 concordant pairs, 1 discordant
    assert scores["spearman"] == pytest.approx(0.8)  # 1 - 6·2 / (4·15)
    assert scores["mae"] == pytest.approx(1.0)
    assert scores["rmse"] == pytest.approx(np.sqrt(6 / 4))
    assert scores["deviation_mean"] == pytest.approx(0.5)
    assert scores["deviation_std"] == pytest.approx(np.sqrt(6 / 4 - 0.25))


def test_score_reversed_ranking_has_negative_correlations() -> None:
    scores = score(TRUE, -TRUE, LATENCY)
    assert (scores["kendall_tau"], scores["spearman"]) == (-1.0, -1.0)
    assert scores["pearson"] == pytest.approx(-1.0)


def test_score_constant_prediction_has_correlations_0() -> None:
    scores = score(TRUE, np.full(4, 7.0), LATENCY)
    assert (scores["kendall_tau"], scores["spearman"], scores["pearson"]) == (0.0, 0.0, 0.0)


def test_kendall_tau_ties_is_tau_b() -> None:
    # 4 concordant and 0 discordant pairs, 1 tie in the true and 1 in the predicted values:
    # tau-b is 4 / sqrt(5 · 5).
    true, predicted = np.array([1.0, 1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0, 3.0])
    assert kendall_tau(true, predicted) == pytest.approx(4 / 5)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_score_value_not_finite_raises(bad: float) -> None:
    with pytest.raises(ValueError, match="NaN"):
        score(TRUE, np.array([1.0, 2.0, 3.0, bad]), LATENCY)


def test_precision_at_equal_predictions_is_the_mean_over_all_orders() -> None:
    true = np.arange(10.0)
    assert precision_at(true, np.zeros(10), 4) == pytest.approx(0.4)
    # Row 9 is certainly chosen and wrong. The other place goes to one of rows 0 to 3.
    predicted = np.array([1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 0.0])
    assert precision_at(true, predicted, 2) == pytest.approx(0.5 / 2)


def test_score_several_architectures_of_a_network_precision_counts_the_first() -> None:
    # Networks 0 to 19 have two architectures each. Only noise tells their true values apart.
    network = np.repeat(np.arange(20), 2)
    true = network + np.tile([0.1, -0.1], 20)
    scores = score(true, network.astype(np.float64), LATENCY, network)
    assert scores["precision_at_10"] == 1.0
    assert score(true, network.astype(np.float64), LATENCY)["precision_at_10"] == 1.0
    noisy = np.where(network == 0, np.tile([0.0, 5.5], 20), true)
    assert score(noisy, network.astype(np.float64), LATENCY, network)["precision_at_10"] == 1.0
    assert score(noisy, network.astype(np.float64), LATENCY)["precision_at_10"] < 1.0


def test_precision_at_metric_to_maximise_counts_the_highest_values() -> None:
    true, predicted = np.arange(40.0), np.arange(40.0)
    predicted[0] = 100.0  # the lowest value is predicted to be the highest
    assert precision_at(true, predicted, 10) == 0.9
    intensity = Metric("arithmetic_intensity", "ops/byte", "maximize")
    # The wrong prediction takes the place of one of the ten highest values.
    assert score(true, predicted, intensity)["precision_at_10"] == 0.9
    assert score(true, predicted, LATENCY)["precision_at_20"] == 0.95
