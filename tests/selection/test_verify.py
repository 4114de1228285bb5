"""Rounds of verification, and the choice of one architecture under a limit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import BayesianRidge, Ridge

from hwnas.dataset import Table as DataTable
from hwnas.encoding import OneHot, Operations
from hwnas.errors import UserError
from hwnas.metric import Direction, Metric
from hwnas.predictor import Predictor
from hwnas.predictor.lut import LookupTable
from hwnas.selection import (
    SELECTION_SCORES,
    Calibration,
    CandidateSet,
    Learner,
    Scale,
    Selector,
    constrain,
    constraint_rates,
    score_selected,
    select_front,
    simulate,
    verify,
)
from hwnas.selection._many_predictions import score_many
from hwnas.space import NASBench201
from tests.selection.test_select import Table, brute_front, tables
from tests.tables import made_table

Float = NDArray[np.float64]
SPACE = NASBench201()


def noisy_table(n: int = 400, sigma: float = 1.0) -> Table:
    rng = np.random.default_rng(3)
    true = rng.gamma(2.0, 3.0, n)
    return np.clip(60 + 2 * true + rng.normal(0, 5, n), 1, 95), true, true + rng.normal(0, sigma, n)


@given(tables(), st.integers(1, 4))
def test_verify_each_round_measures_new_rows_and_keeps_their_true_front(
    table: Table, rounds: int
) -> None:
    accuracy, true, predicted = table
    done = verify(accuracy, predicted, lambda rows: true[rows], rounds)
    assert set(done.measured[0].tolist()) == brute_front(accuracy, predicted)
    everything: set[int] = set()
    for fresh, kept in zip(done.measured, done.kept, strict=True):
        assert not everything & set(fresh.tolist())
        everything |= set(fresh.tolist())
        known = np.array(sorted(everything))
        front = brute_front(accuracy[known], true[known])
        assert set(kept.tolist()) == {int(known[i]) for i in front}


@given(tables(), st.integers(1, 4))
def test_score_many_several_rounds_equals_verify(table: Table, rounds: int) -> None:
    accuracy, true, predicted = table
    order = np.argsort(-accuracy, kind="stable")
    accuracy, true, predicted = accuracy[order], true[order], predicted[order]
    reference = 1.1 * float(true.max())
    found = score_many(accuracy, true, predicted[np.newaxis], reference, rounds)
    done = verify(accuracy, predicted, lambda rows: true[rows], rounds)
    points = np.column_stack([-accuracy, true])
    scored = score_selected(
        points,
        np.arange(len(points)),
        done.measured[0],
        Scale(np.zeros(1), np.ones(1)),
        done.kept[-1],
        sum(map(len, done.measured)),
    ).to_dict()
    for name in (each.name for each in SELECTION_SCORES):
        assert found[name][0] == pytest.approx(scored[name], abs=1e-9), name


@given(tables())
def test_verify_many_rounds_optimistic_predictions_finds_the_true_front(table: Table) -> None:
    accuracy, true, predicted = table
    optimistic = np.minimum(true, predicted)
    done = verify(accuracy, optimistic, lambda rows: true[rows], rounds=len(true))
    assert set(done.kept[-1].tolist()) == brute_front(accuracy, true)


def test_simulate_more_rounds_retains_more_hypervolume() -> None:
    accuracy, true, _ = noisy_table()
    means = [
        simulate(accuracy, true, [300], [0.5], trials=40, rounds=rounds) for rounds in (1, 2, 4)
    ]
    retained = [float(one.mean("retained_hypervolume")[0, 0]) for one in means]
    measured = [float(one.mean("n_measured")[0, 0]) for one in means]
    assert retained[0] < retained[1] <= retained[2] <= 1
    assert measured[0] < measured[1] < measured[2]
    # One round measures exactly the selected set.
    assert measured[0] == means[0].mean("n_selected")[0, 0]


def test_verify_with_relearn_corrects_unmeasured_predictions() -> None:
    accuracy, true, _ = noisy_table()
    wrong_sign = -true

    def relearn(rows: NDArray[np.int64], costs: Float) -> Float:
        return np.asarray(wrong_sign * np.sign(costs.mean() / wrong_sign[rows].mean()))

    done = verify(accuracy, wrong_sign, lambda rows: true[rows], 2, relearn)
    assert set(brute_front(accuracy, true)) == set(done.kept[-1].tolist())
    assert len(done.measured) == 2
    without = verify(accuracy, wrong_sign, lambda rows: true[rows], 2)
    assert set(without.kept[-1].tolist()) != brute_front(accuracy, true)


def test_selector_three_rounds_has_scores_of_each() -> None:
    table = noisy_table()
    one = Selector().run(*table, np.random.default_rng(0))
    assert one.to_dict() == select_front(*table).to_dict()
    three = Selector(rounds=3).run(*table, np.random.default_rng(0))
    rounds = three.to_dict()["rounds"]
    assert [entry["n_measured"] for entry in rounds] == sorted(
        {entry["n_measured"] for entry in rounds}
    )
    assert rounds[0]["n_measured"] == one.scores["n_selected"]
    assert rounds[0]["mra_pareto_percent"] == pytest.approx(one.scores["mra_pareto_percent"])
    assert rounds[-1]["retained_hypervolume"] == three.scores["retained_hypervolume"]
    assert three.scores["retained_hypervolume"] > one.scores["retained_hypervolume"]
    assert three.scores["mra_all_percent"] == one.scores["mra_all_percent"]


def test_selector_verify_device_measures_the_selected_set() -> None:
    accuracy, true, predicted = noisy_table()
    measured: list[int] = []

    def measure(rows: NDArray[np.int64]) -> Float:
        measured.extend(rows.tolist())
        return true[rows] * 1.01

    selection = Selector(verify="device").run(
        accuracy, true, predicted, np.random.default_rng(0), measure=measure
    )
    assert sorted(measured) == sorted(selection.selected.tolist())
    with pytest.raises(UserError, match="dataset=local/cpu"):
        Selector(verify="device").run(accuracy, true, predicted, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rounds": 0}, "rounds"),
        ({"verify": "phone"}, "selection.verify: no 'phone'"),
        ({"confidence": 1.0}, "between 0 and 1"),
    ],
)
def test_selector_wrong_setting_raises(settings: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Selector(**settings)  # type: ignore[arg-type]


def test_probability_skewed_deviations_is_calibrated() -> None:
    rng = np.random.default_rng(0)
    std = rng.uniform(0.5, 2.0, 4000)
    # The errors are skewed. Their standard deviation is twice the one that the predictor returns.
    true = 10 + 2 * std * (rng.exponential(1.0, 4000) - 1)
    predicted = np.full(4000, 10.0)
    calibration = Calibration.of(true[:2000], predicted[:2000], std[:2000])
    for limit in (9.0, 10.0, 12.0, 14.0):
        claimed = calibration.probability(predicted[2000:], limit, std[2000:])
        assert claimed.mean() == pytest.approx((true[2000:] <= limit).mean(), abs=0.03)
    assert calibration.probability(np.array([-1e9]), 0.0)[0] == 2000 / 2001


def test_constrain_three_architectures_equals_choice_by_hand() -> None:
    accuracy, true = np.array([90.0, 85.0, 80.0]), np.array([5.0, 3.0, 1.0])
    predicted, within = np.array([4.0, 3.0, 1.0]), np.array([0.7, 0.9, 1.0])
    high = constrain(accuracy, true, predicted, within, limit=4.0, confidence=0.9)
    assert (high.row, high.violated, high.reduction_percent) == (1, False, 0.0)
    low = constrain(accuracy, true, predicted, within, limit=4.0, confidence=0.6)
    assert (low.row, low.violated, low.reduction_percent) == (0, True, -5.0)
    none = constrain(accuracy, true, predicted, within * 0.5, limit=0.5, confidence=0.6)
    assert none.to_dict() == {
        "row": None,
        "probability": 0.0,
        "violated": False,
        "dominated": False,
        "reduction_percent": None,
    }


def test_constrain_equally_accurate_and_certain_chooses_the_predicted_cheapest() -> None:
    accuracy, predicted = np.full(3, 90.0), np.array([2.0, 1.0, 3.0])
    chosen = constrain(accuracy, np.full(3, 1.0), predicted, np.full(3, 0.95), 4.0, 0.9)
    assert (chosen.row, chosen.dominated) == (1, False)


def test_constrain_another_as_certain_is_truly_cheaper_is_dominated() -> None:
    accuracy, predicted = np.array([90.0, 90.0]), np.array([1.0, 2.0])
    true, within = np.array([3.0, 2.5]), np.array([0.95, 0.95])
    chosen = constrain(accuracy, true, predicted, within, 4.0, 0.9)
    assert (chosen.row, chosen.dominated) == (0, True)
    # An architecture that is less certain does not dominate the choice.
    assert not constrain(accuracy, true, predicted, np.array([0.95, 0.94]), 4.0, 0.9).dominated


def test_verify_one_network_measures_its_predicted_cheapest_once() -> None:
    # Rows 0 to 2 have one network. All rows are on the predicted front.
    accuracy, predicted = np.array([70.0, 80.0, 80.0, 90.0]), np.array([1.0, 2.0, 2.0, 3.0])
    true, network = np.array([5.0, 1.0, 1.0, 6.0]), np.array([4, 4, 4, 9])
    done = verify(accuracy, predicted, lambda rows: true[rows], rounds=3, network=network)
    assert [rows.tolist() for rows in done.measured] == [[0, 3]]
    assert done.kept[-1].tolist() == [0, 3]
    every = verify(accuracy, predicted, lambda rows: true[rows], rounds=1)
    assert every.measured[0].tolist() == [0, 1, 2, 3]


def test_constraint_rates_more_confidence_violates_less_and_loses_accuracy() -> None:
    accuracy, true, predicted = noisy_table(3000)
    calibration = Calibration.of(true[:500], predicted[:500])
    rates = [
        constraint_rates(
            accuracy, true, predicted, calibration, confidence, 500, 300, np.random.default_rng(1)
        )
        for confidence in (0.5, 0.9, 0.99)
    ]
    assert rates[0].violation_rate > rates[1].violation_rate > rates[2].violation_rate
    assert rates[0].reduction_percent < rates[2].reduction_percent
    assert rates[2].violation_rate < 0.1


class CalibratedLearner:
    """A learner with a given calibration, for a selection with one round of verification."""

    def __init__(self, calibration: Calibration) -> None:
        self.calibration = calibration

    def relearn(self, measured: NDArray[np.int64], costs: Float) -> Float:
        raise AssertionError(f"relearn({measured}, {costs}) was called, but there is one round")

    def calibrate(self) -> tuple[Calibration, None]:
        return self.calibration, None

    def cost(self, value: float) -> float:
        return value


def test_selector_limit_chooses_one_architecture() -> None:
    accuracy, true, predicted = noisy_table()
    limit = float(np.median(true))
    learner = CalibratedLearner(Calibration.of(true[:100], predicted[:100]))
    chosen = Selector(limit=limit).run(
        accuracy, true, predicted, np.random.default_rng(0), learner=learner
    )
    constraint = chosen.to_dict()["constraint"]
    assert constraint["probability"] >= 0.9
    assert constraint["violated"] == (true[constraint["row"]] > limit)
    with pytest.raises(UserError, match="cannot be calibrated"):
        Selector(limit=limit).run(accuracy, true, predicted, np.random.default_rng(0))


def speed_table(direction: Direction = "maximize") -> DataTable:
    X = SPACE.enumerate()[::23]
    y = (X == 3).sum(axis=1) + 0.5 * (X == 4).sum(axis=1) + 3.0
    accuracy = np.clip(50 + 6 * y + np.random.default_rng(0).normal(0, 3, len(y)), 1, 95)
    return made_table(X, y, accuracy, metric=Metric("speed", "1/ms", direction))


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@pytest.mark.parametrize("model", ["ridge", "bayes"])
def test_learner_fitted_predictor_calibrates_and_relearns(direction: Direction, model: str) -> None:
    table = speed_table(direction)
    X, y, accuracy = table.architectures, table.values, table.accuracy
    assert accuracy is not None
    train = np.random.default_rng(1).permutation(len(X))[:12]
    regressor = Ridge(alpha=5.0) if model == "ridge" else BayesianRidge()
    predictor = Predictor(SPACE, OneHot(), regressor).fit(X[train], y[train])
    learner = Learner(predictor, CandidateSet(table, np.arange(len(X))), train)
    cost = table.metric.cost
    done = Selector(rounds=4, limit=5.0).run(
        accuracy,
        cost(y),
        cost(predictor.predict(X)),
        np.random.default_rng(0),
        learner=learner,
    )
    assert done.rounds[-1]["retained_hypervolume"] >= done.rounds[0]["retained_hypervolume"]
    assert done.constraint is not None
    calibration, std = learner.calibrate()
    assert len(calibration.deviations) == 12
    assert (std is None) == (model == "ridge")
    # After it learnt from more measurements, the predictor has smaller errors.
    measured = np.arange(0, len(X), 5)
    relearned = learner.relearn(measured, cost(y[measured])[:, np.newaxis])
    error_before = np.abs(predictor.predict(X) - y).mean()
    assert np.abs(cost(relearned) - y).mean() < 0.8 * error_before


def test_calibrate_predictor_with_training_design_raises() -> None:
    predictor = Predictor(SPACE, Operations(), LookupTable())
    learner = Learner(predictor, CandidateSet(speed_table(), np.arange(10)), np.arange(25))
    message = r"LookupTable needs every one of its 25 .*selection.limit=null"
    with pytest.raises(UserError, match=message):
        learner.calibrate()
