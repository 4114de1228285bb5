"""Pareto front, MRA and hypervolume, compared with brute force and values computed by hand."""

from __future__ import annotations

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hwnas.errors import UserError
from hwnas.selection import Selector, SetLosses, pareto_front, select_front

Float = NDArray[np.float64]
Table = tuple[Float, Float, Float]


@st.composite
def tables(draw: st.DrawFn, n_metrics: int | None = None) -> Table:
    """Draw accuracies, true and predicted costs. Small integers make ties and copies frequent."""
    n = draw(st.integers(2, 25))
    shape = (n,) if n_metrics is None else (n, n_metrics)
    accuracy = draw(hnp.arrays(np.float64, (n,), elements=st.integers(1, 8).map(float)))
    costs = hnp.arrays(np.float64, shape, elements=st.integers(0, 8).map(float))
    true = draw(costs.filter(lambda c: bool((np.ptp(c, axis=0) > 0).all())))
    return accuracy, true, draw(costs)


def brute_front(accuracy: Float, cost: Float) -> set[int]:
    points = np.column_stack([-accuracy, cost])
    return {
        i for i, p in enumerate(points) if not any((q <= p).all() and (q < p).any() for q in points)
    }


@given(tables())
def test_pareto_front_any_table_equals_brute_force(table: Table) -> None:
    accuracy, true, _ = table
    assert set(pareto_front(accuracy, true).tolist()) == brute_front(accuracy, true)


@given(tables(n_metrics=2))
def test_select_front_two_metrics_equals_brute_force(table: Table) -> None:
    accuracy, true, predicted = table
    chosen = select_front(accuracy, true, predicted)
    assert set(chosen.true_front.tolist()) == brute_front(accuracy, true)
    assert set(chosen.selected.tolist()) == brute_front(accuracy, predicted)
    assert len(chosen.scores["mra_all_hardware"]) == 2
    assert min(chosen.scores["mra_all_percent"], *chosen.scores["mra_all_hardware"]) >= 0


@given(tables())
def test_select_front_any_table_mra_equals_its_definition(table: Table) -> None:
    accuracy, true, predicted = table
    chosen = select_front(accuracy, true, predicted)
    lost_accuracy, lost_hardware = [], []
    for i in chosen.selected:
        better = [f for f in chosen.true_front if accuracy[f] >= accuracy[i] and true[f] <= true[i]]
        lost_accuracy.append(max(accuracy[better]) - accuracy[i])
        lost_hardware.append(true[i] - min(true[better]))
    assert chosen.scores["mra_all_percent"] == pytest.approx(np.mean(lost_accuracy))
    assert chosen.scores["mra_all_hardware"] == pytest.approx(np.mean(lost_hardware))
    kept = [lost_accuracy[list(chosen.selected).index(i)] for i in chosen.verified]
    assert chosen.scores["mra_pareto_percent"] == pytest.approx(np.mean(kept))
    assert set(chosen.verified.tolist()) <= set(chosen.selected.tolist())
    assert 0 <= chosen.scores["retained_hypervolume"] <= 1 + 1e-12


@given(tables())
def test_select_front_perfect_predictions_loses_nothing(table: Table) -> None:
    accuracy, true, _ = table
    chosen = select_front(accuracy, true, true)
    assert (
        chosen.scores["mra_all_percent"]
        == chosen.scores["mra_pareto_percent"]
        == chosen.scores["mra_all_hardware"]
        == 0.0
    )
    assert chosen.scores["retained_hypervolume"] == pytest.approx(1.0)
    assert (
        chosen.scores["n_selected"]
        == chosen.scores["n_after_verification"]
        == len(chosen.true_front)
    )


@settings(max_examples=50)
@given(tables(), st.data())
def test_select_front_shuffled_candidates_has_the_same_scores(
    table: Table, data: st.DataObject
) -> None:
    accuracy, true, predicted = table
    order = np.array(data.draw(st.permutations(range(len(accuracy)))))
    one = select_front(accuracy, true, predicted)
    other = select_front(accuracy[order], true[order], predicted[order])
    assert other.scores == pytest.approx(one.scores)
    assert sorted(order[other.selected].tolist()) == sorted(one.selected.tolist())


def test_select_front_four_architectures_equals_scores_by_hand() -> None:
    accuracy = np.array([90.0, 80.0, 70.0, 60.0])
    true = np.array([4.0, 1.0, 2.0, 3.0])
    chosen = select_front(accuracy, true, predicted=np.array([4.0, 3.0, 2.0, 1.0]))
    # The true front is 0 and 1. All four are selected. Compared with 1, 2 loses 10 percentage
    # points and 3 loses 20.
    assert chosen.true_front.tolist() == [0, 1]
    assert chosen.selected.tolist() == [0, 1, 2, 3]
    assert chosen.verified.tolist() == [0, 1]
    assert chosen.scores["mra_all_percent"] == pytest.approx((0 + 0 + 10 + 20) / 4)
    # The reductions are 0, 0, 10 and 20. One architecture has more than half of their sum.
    assert chosen.scores["median_reduction_all_percent"] == pytest.approx((0 + 10) / 2)
    assert chosen.scores["n_for_half_of_mra_all"] == 1
    assert chosen.scores["n_for_half_of_mra_pareto"] == 0
    assert chosen.scores["mra_all_hardware"] == pytest.approx((0 + 0 + 1 + 2) / 4)
    assert chosen.scores["mra_pareto_percent"] == 0.0
    z = (true - true.mean()) / true.std()
    right = 1.1 * z[0]
    assert chosen.scores["hypervolume"] == pytest.approx(0.8 * (z[0] - z[1]) + 0.9 * (right - z[0]))
    assert chosen.scores["retained_hypervolume"] == pytest.approx(1.0)


def test_select_front_candidate_set_scales_hypervolume_by_the_table() -> None:
    accuracy = np.array([90.0, 80.0, 70.0])
    true = np.array([3.0, 1.0, 8.0])
    chosen = select_front(accuracy, true, true, candidates=np.array([0, 1]))
    z = (true - true.mean()) / true.std()
    assert z[:2].max() < 0
    # The highest cost is negative, so the reference point, 1.1 × this cost, is below it. Only
    # architecture 1 costs less than the reference point.
    assert chosen.scores["hypervolume"] == pytest.approx(0.8 * (1.1 * z[0] - z[1]))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_select_front_value_not_finite_raises(bad: float) -> None:
    finite = np.array([1.0, 2.0])
    with pytest.raises(ValueError, match="1 of 2 architectures"):
        select_front(finite, np.array([1.0, bad]), finite)
    with pytest.raises(ValueError, match="first has index 0"):
        select_front(finite, finite, np.array([bad, 1.0]))


def test_pareto_front_wrong_arrays_raises() -> None:
    with pytest.raises(ValueError, match="shape"):
        pareto_front(np.ones(3), np.ones(2))
    with pytest.raises(ValueError, match="equal for all architectures"):
        select_front(np.array([1.0, 2.0]), np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match="no architectures to select from"):
        pareto_front(np.ones(0), np.ones(0))


def test_selector_same_generator_draws_the_same_candidates() -> None:
    rng = np.random.default_rng(1)
    accuracy, true = rng.uniform(10, 90, 50), rng.uniform(1, 2, 50)
    one, same, other = (
        Selector(n_candidates=20).run(accuracy, true, true, np.random.default_rng(s))
        for s in (0, 0, 1)
    )
    assert one.candidates.tolist() == same.candidates.tolist() != other.candidates.tolist()
    assert len(set(one.candidates.tolist())) == 20
    assert Selector().run(accuracy, true, true, rng).to_dict()["n_candidates"] == 50


@pytest.mark.parametrize(("n", "message"), [(0, "at least 1"), (4, "has 3 candidates")])
def test_selector_impossible_n_candidates_raises(n: int, message: str) -> None:
    three = np.array([1.0, 2.0, 3.0])
    with pytest.raises(UserError, match=message):
        Selector(n_candidates=n).run(three, three, three, np.random.default_rng(0))


def test_select_front_one_network_selects_its_predicted_cheapest() -> None:
    # The first three rows have one network, and their predictions are equal.
    accuracy = np.array([70.0, 70.0, 70.0, 90.0])
    true, predicted = np.array([3.0, 1.0, 2.0, 4.0]), np.array([1.0, 1.0, 1.0, 2.0])
    every = select_front(accuracy, true, predicted)
    assert every.selected.tolist() == [3, 1, 2, 0]
    chosen = select_front(accuracy, true, predicted, network=np.array([5, 5, 5, 7]))
    # The first of equal rows is paid with its own true value.
    assert chosen.selected.tolist() == [3, 0]
    assert chosen.scores["mra_all_hardware"] == pytest.approx((0 + 2) / 2)
    nearer = select_front(accuracy, true, predicted - 0.1 * true, network=np.array([5, 5, 5, 7]))
    assert nearer.selected.tolist() == [3, 0]


def test_losses_several_sets_equal_those_of_each_set() -> None:
    rng = np.random.default_rng(0)
    sets = rng.permutation(np.repeat(np.arange(4), [1, 4, 7, 10]))
    lost = rng.exponential(size=len(sets)) * (rng.random(len(sets)) < 0.7)
    lost[sets == 0] = 0.0
    losses = SetLosses(4, sets, lost, lost[:, np.newaxis])
    for number in range(4):
        of_set = np.sort(lost[sets == number])[::-1]
        assert losses.median_accuracy[number] == pytest.approx(np.median(of_set))
        enough = np.cumsum(of_set) >= of_set.sum() / 2
        expected = 0 if of_set.sum() == 0 else int(np.argmax(enough)) + 1
        assert losses.n_for_half[number] == expected
