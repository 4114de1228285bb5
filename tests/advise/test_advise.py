"""Advice on a small made table whose truth is known, and the command as a user runs it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from hwnas.advise import (
    Advisor,
    Plan,
    Problem,
    Scenario,
    duration,
    learn,
    power_law,
    replay,
    seconds,
    verify_within,
)
from hwnas.advise._command import predictors
from hwnas.advise._learning_curve import LearningCurve
from hwnas.advise._plan import Expected, train_sizes
from hwnas.advise._report import _expect
from hwnas.advise._scenarios import ScenarioOutcome, draw_worlds, smooth_uniform
from hwnas.dataset import Local, Table
from hwnas.encoding import OneHot, Operations
from hwnas.errors import UserError
from hwnas.paths import Paths
from hwnas.predictor import Predictor
from hwnas.predictor.lut import LookupTable
from hwnas.space import NASBench201
from tests.commands import python
from tests.tables import made_table

SPACE = NASBench201()
PREDICTORS = {"ridge": Predictor(SPACE, OneHot(), Ridge())}


def learnable_table(n: int = 1200) -> Table:
    """A table with what ridge can learn, pairs of edges that it cannot, and noise."""
    rng = np.random.default_rng(0)
    X = SPACE.enumerate()[rng.permutation(SPACE.size)[:n]]
    cost_of = np.array([0.0, 0.2, 1.0, 3.0, 0.6])
    y = 2.0 + cost_of[X].sum(axis=1) * rng.normal(1.0, 0.05, n)
    y += 2.0 * ((X[:, 0] == 3) & (X[:, 5] == 3)) + 1.0 * ((X[:, 1] == 2) & (X[:, 4] == 3))
    accuracy = np.clip(60 + 2.5 * y + rng.normal(0, 4, n), 1, 99)
    return made_table(X, y, accuracy)


TABLE = learnable_table()


@pytest.fixture(scope="module")
def advisor() -> Advisor:
    problem = Problem.of(TABLE, 60, seed=0)
    return Advisor(problem, PREDICTORS, measure_seconds=10.0, scenarios=12, repeats=5)


@pytest.mark.parametrize("text", ["", "2", "2x", "-1h", "0s", "h", "1h and more"])
def test_wrong_durations_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="budget="):
        seconds("budget", text)


@given(st.integers(1, 10**7))
def test_durations_come_back(value: int) -> None:
    again = seconds("budget", duration(value))
    # Two units are written: less than one of the smaller is lost.
    assert 0 <= value - again < max(value / 24, 1)


def test_situation_of_a_whole_table_is_a_sample_of_it() -> None:
    problem = Problem.of(TABLE, 60, seed=0)
    assert len(problem.measured) == 60
    assert (np.diff(problem.accuracy) <= 0).all()
    assert problem.truth is not None
    assert np.array_equal(problem.truth[problem.measured], problem.cost)
    # A larger sample of the same seed begins with the smaller one.
    assert np.array_equal(Problem.of(TABLE, 90, seed=0).measured[:60], problem.measured)
    assert len(Problem.of(TABLE, None, seed=0).measured) == 124


def test_a_network_is_a_candidate_once_measured_or_not() -> None:
    # Rows 100 to 199 copy rows 0 to 99, all measured; rows 300 to 399 copy 200 to 299, none is.
    assert TABLE.accuracy is not None
    rank, row = SPACE.rank(TABLE.architectures), np.arange(len(TABLE))
    original = np.where(((row >= 100) & (row < 200)) | ((row >= 300) & (row < 400)), row - 100, row)
    values, accuracy = TABLE.values[original].copy(), TABLE.accuracy[original]
    values[200:] = np.nan
    table = replace(TABLE, values=values, accuracy=accuracy, copy_of=rank[original])
    problem = Problem.of(table, None, seed=0)
    assert len(problem) == len(TABLE) - 200
    assert len(np.unique(SPACE.rank(problem.architectures))) == len(problem)
    assert len(problem.measured) == 100
    X = problem.architectures[problem.measured]
    assert set(SPACE.rank(X).tolist()) == set(rank[:100].tolist())
    np.testing.assert_array_equal(problem.cost, values[table.locate(X)])
    assert problem.truth is None
    with pytest.raises(ValueError, match="every value is known"):
        replay(Plan(None, 1, 101, 0), problem, PREDICTORS, np.random.default_rng(0))


def test_a_value_that_only_a_copy_has_is_not_lost() -> None:
    rank, values = SPACE.rank(TABLE.architectures), TABLE.values.copy()
    values[0] = np.nan
    copy_of = rank.copy()
    copy_of[1] = rank[0]
    problem = Problem.of(replace(TABLE, values=values, copy_of=copy_of), 60, seed=0)
    assert len(problem) == len(TABLE) - 1
    assert problem.truth is not None


def test_two_networks_of_one_function_are_two_candidates() -> None:
    same = replace(TABLE, representative=np.full(len(TABLE), SPACE.rank(TABLE.architectures)[0]))
    whole = replace(same, copy_of=SPACE.rank(TABLE.architectures))
    assert len(Problem.of(whole, 60, seed=0).measured) == 60


def test_candidates_of_the_bundled_table_are_networks(tmp_path: Path) -> None:
    table = Local("cpu", TABLE.metric, SPACE, Paths(tmp_path, tmp_path, tmp_path)).load()
    problem = Problem.of(table, 60, seed=0)
    rows = table.locate(problem.architectures)
    assert len(problem) < len(table)
    np.testing.assert_array_equal(table.measured_on()[rows], rows)


def test_too_little_to_advise_on() -> None:
    with pytest.raises(UserError, match="needs 15 at least"):
        Problem.of(TABLE, 5, seed=0)
    few = replace(TABLE, values=np.where(np.arange(len(TABLE)) < 10, TABLE.values, np.nan))
    for n_measured in (None, 5, 99999):
        with pytest.raises(UserError, match=r"of 10 .*15 at least. Try: measure more first"):
            Problem.of(few, n_measured, seed=0)
    with pytest.raises(UserError, match="no accuracy"):
        Problem.of(replace(TABLE, accuracy=None), 60, seed=0)
    with pytest.raises(UserError, match="are equal"):
        Problem.of(replace(TABLE, values=np.ones(len(TABLE))), 60, seed=0)


def test_more_measurements_than_there_are_is_what_is_said() -> None:
    with pytest.raises(UserError) as refused:
        Problem.of(TABLE, 99999, seed=0)
    assert str(refused.value) == (
        "measured=99999: made has no more than 1,200 measurements. Try: measured=124"
    )
    assert len(Problem.of(TABLE, 1200, seed=0).measured) == 1200


@pytest.mark.parametrize(("floor", "a", "b"), [(0.0, 2.0, 0.4), (0.5, 3.0, 0.8), (0.0, 1.0, 0.0)])
def test_power_law_is_found_and_foretells(floor: float, a: float, b: float) -> None:
    sizes = np.array([8, 16, 32, 64, 128])
    found = power_law(sizes, floor + a * sizes**-b)
    ahead = floor + a * 1000.0**-b
    assert found[0] + found[1] * 1000.0 ** -found[2] == pytest.approx(ahead, rel=0.05)


def test_learning_curve_falls_and_foretells_more_measurements() -> None:
    problem = Problem.of(TABLE, 80, seed=1)
    curve = learn("ridge", PREDICTORS["ridge"], problem, np.random.default_rng(0))
    assert curve.sigma.mean(axis=0)[-1] < curve.sigma.mean(axis=0)[0]
    assert problem.truth is not None
    X = problem.architectures
    rows = Problem.of(TABLE, 400, seed=1).measured
    fitted = Predictor(SPACE, OneHot(), Ridge()).fit(X[rows], problem.truth[rows])
    real = np.delete(problem.truth - fitted.predict(X), rows).std()
    low, high = np.quantile(curve.sigma_at(400), [0.05, 0.95])
    assert low <= real <= high
    assert high < curve.sigma.mean(axis=0)[0]
    assert 0 < curve.fit_seconds_at(400) < 1


@given(st.integers(0, 2**32 - 1), st.integers(0, 40), st.sampled_from([0.0, 1.0]))
def test_verification_keeps_its_limit(seed: int, limit: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    accuracy = np.sort(rng.integers(1, 90, 60))[::-1].astype(float)
    true = rng.integers(0, 30, 60).astype(float)
    predicted = true + rng.normal(0, 3, 60)
    before = rng.permutation(60)[:5]
    done = verify_within(accuracy, predicted, true, before, limit, spread)
    assert len(set(done.rows.tolist())) == len(done.rows) <= 5 + limit
    assert set(before.tolist()) <= set(done.rows.tolist())


def test_benefit_of_the_doubt_spends_what_is_left_and_finds_more() -> None:
    plain, doubt = [], []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        accuracy = np.sort(rng.uniform(10, 90, 2000))[::-1]
        true = rng.gamma(2.0, 3.0, 2000)
        predicted = true + rng.normal(0, 2.0, 2000)
        scenario = Scenario(accuracy, true)
        none = np.array([], dtype=np.int64)
        once = verify_within(accuracy, predicted, true, none, 200)
        more = verify_within(accuracy, predicted, true, none, 200, spread=2.0)
        assert len(once.rows) < len(more.rows) == 200
        plain.append(scenario.outcome(once.rows))
        doubt.append(scenario.outcome(more.rows))
    for score in ("retained_hypervolume", "mra_pareto_percent"):
        before, after = (np.mean([getattr(o, score) for o in part]) for part in (plain, doubt))
        assert after > before if score == "retained_hypervolume" else after < before


def test_verification_learns_between_its_rounds() -> None:
    rng = np.random.default_rng(3)
    accuracy = np.sort(rng.uniform(10, 90, 500))[::-1]
    true = rng.gamma(2.0, 3.0, 500)
    asked: list[int] = []

    def relearn(rows: NDArray[np.int64]) -> NDArray[np.float64]:
        asked.append(len(rows))
        return true

    none = np.array([], dtype=np.int64)
    done = verify_within(accuracy, -true, true, none, 100, 0.0, relearn)
    assert asked == sorted(asked)
    assert done.n_fits == len(asked)
    # One lesson is enough to measure the true front.
    assert Scenario(accuracy, true).outcome(done.rows).retained_hypervolume == pytest.approx(1.0)


def test_everything_measured_is_the_truth() -> None:
    scenario = Scenario(np.array([90.0, 80.0, 70.0]), np.array([3.0, 1.0, 2.0]))
    whole = scenario.outcome(np.arange(3))
    assert whole.retained_hypervolume == pytest.approx(1.0)
    assert whole.mra_pareto_percent == 0.0
    part = scenario.outcome(np.array([0, 2]))
    assert part.mra_pareto_percent == pytest.approx(5.0)
    assert part.retained_hypervolume < 1


def test_fields_of_deviations_are_uniform_and_smooth() -> None:
    X = SPACE.enumerate()
    rng = np.random.default_rng(0)
    drawn = np.stack([smooth_uniform(X, rng) for _ in range(20)])
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert np.quantile(drawn, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.05)
    near = np.corrcoef(drawn[:, X[:, 5] == 0].ravel(), drawn[:, X[:, 5] == 1].ravel())[0, 1]
    far = np.corrcoef(drawn.ravel(), drawn[:, ::-1].ravel())[0, 1]
    assert near == pytest.approx(0.4, abs=0.1)
    assert abs(far) < 0.1


def test_worlds_have_the_deviations_asked_for() -> None:
    problem = Problem.of(TABLE, 120, seed=0)
    curve = learn("ridge", PREDICTORS["ridge"], problem, np.random.default_rng(0))
    now = float(curve.sigma_at(120).mean())
    draws = draw_worlds(problem, curve, PREDICTORS["ridge"], 10, np.random.default_rng(1))
    rest = np.setdiff1d(np.arange(len(problem)), problem.measured)
    for wanted in (0.5 * now, now):
        spread = [(draw.scenario.true - draw.predict(wanted, now))[rest].std() for draw in draws]
        assert np.mean(spread) == pytest.approx(wanted, rel=0.2)
    # A worse predictor ranks worse.
    for draw in draws:
        taus = [
            np.corrcoef(draw.scenario.true, draw.predict(share * now, now))[0, 1]
            for share in (0.3, 1.0, 2.5)
        ]
        assert taus[0] > taus[1] > taus[2]
        assert np.array_equal(draw.scenario.true[problem.measured], problem.cost)
        assert draw.scenario.true.min() >= 0


def test_plans_keep_the_budget_and_more_budget_gets_more(advisor: Advisor) -> None:
    advice = [advisor.advise(budget) for budget in (100.0, 600.0, 3000.0)]
    for one in advice:
        assert all(plan.seconds <= one.budget_seconds + 1e-6 for plan in one.considered)
        best = one.plan.mean("retained_hypervolume")
        assert best >= max(p.mean("retained_hypervolume") for p in one.considered) - 1e-6
        assert one.next_best is not None
        assert one.next_best.plan.predictor != one.plan.plan.predictor
        low, high = one.plan.interval("retained_hypervolume")
        assert low <= high
    expected = [one.plan.mean("retained_hypervolume") for one in advice]
    assert expected[0] < expected[1] < expected[2] <= 1 + 1e-12


def test_measuring_everything_is_chosen_where_it_is_affordable(advisor: Advisor) -> None:
    advice = advisor.advise(1e6)
    assert advice.plan.mean("retained_hypervolume") == pytest.approx(1.0)
    whole = next(one for one in advice.considered if one.plan.predictor is None)
    assert whole.plan.n_train == len(TABLE)
    assert "measure all 1,200" in whole.plan.describe(len(TABLE))


def test_a_budget_below_one_measurement_is_refused(advisor: Advisor) -> None:
    with pytest.raises(UserError, match="does not pay for one measurement"):
        advisor.advise(9.0)


def test_wrong_settings_are_refused() -> None:
    problem = Problem.of(TABLE, 60, seed=0)
    with pytest.raises(UserError, match="no such objective"):
        Advisor(problem, PREDICTORS, 1.0, objective="accuracy")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="at least one"):
        Advisor(problem, {}, 1.0)
    lut = {"lut": Predictor(SPACE, Operations(), LookupTable())}
    with pytest.raises(UserError, match="lut chooses its measurements itself"):
        Advisor(problem, lut, 1.0)


def test_the_seed_decides_the_advice() -> None:
    problem = Problem.of(TABLE, 40, seed=0)
    one, same = (
        Advisor(problem, PREDICTORS, 10.0, seed=5, scenarios=4, repeats=3).advise(400.0)
        for _ in range(2)
    )
    # Fit times are measured and differ; what is expected does not.
    assert one.plan.plan.predictor == same.plan.plan.predictor
    assert one.considered[0].outcomes == same.considered[0].outcomes


def test_following_beats_a_random_subset_and_unverified_learning(advisor: Advisor) -> None:
    got, random = [], []
    for trial in range(4):
        problem = Problem.of(TABLE, 60, seed=trial)
        plan = advisor.advise(900.0).plan.plan
        rng = np.random.default_rng(trial)
        outcome, n_measured = replay(plan, problem, PREDICTORS, rng)
        assert n_measured <= 90
        got.append(outcome.retained_hypervolume)
        subset = replay(Plan(None, 90, 150, 0), problem, PREDICTORS, rng)[0]
        random.append(subset.retained_hypervolume)
    assert np.mean(got) > np.mean(random)


def test_train_sizes_start_at_none_and_grow() -> None:
    sizes = train_sizes(60, 900)
    assert sizes[0] == 0
    assert sizes[-1] == 900
    assert sizes == sorted(set(sizes))
    assert train_sizes(60, 0) == [0]


def test_fit_seconds_do_not_fall_with_size() -> None:
    empty = np.empty((0, 0))
    curve = LearningCurve(
        "x", np.array([10, 20]), empty, np.array([2.0, 1.0]), 0.0, empty, 20, empty
    )
    assert curve.fit_seconds_at(1000) >= 1.0


def test_a_predictor_that_is_not_there_is_named() -> None:
    with pytest.raises(UserError, match="did you mean 'ridge'"):
        predictors(["rigde"], SPACE, 0)


def test_a_mistake_is_one_line() -> None:
    run = python("-m", "hwnas", "advise", "budget=2x")
    assert run.returncode == 2
    assert run.stderr == (
        "error: budget=2x: not a duration. Try: budget=2h, 90min, 45s or 1h30min\n"
    )


def test_a_budget_below_one_measurement_is_one_line() -> None:
    run = python("-m", "hwnas", "advise", "budget=10s")
    assert run.returncode == 2
    assert run.stderr == (
        "error: budget=10s does not pay for one measurement, measurement=20s. Try: "
        "budget=20s or more, or measurement= if measuring is faster\n"
    )


def test_what_is_expected_lies_in_its_range_and_a_mean_is_said_to_be_one() -> None:
    # One bad truth of twenty: the mean is 0.995, below nine tenths of all.
    outcomes = (ScenarioOutcome(0.0, 1.0),) * 19 + (ScenarioOutcome(2.0, 0.9),)
    lines = _expect(Expected(Plan("ridge", 0, 60, 10, 0.0), 100.0, 90.0, 9.0, outcomes))
    assert lines[1:] == [
        "  expect    retained hypervolume 1.0000 in the median, foreseen between 1.0000 and 1.0000 "
        "(half of our trials fell outside); 0.9950 in the mean",
        "  expect    MRA [%] 0.00 in the median, foreseen between 0.00 and 0.00 "
        "(half of our trials fell outside); 0.10 in the mean",
    ]


def test_plan_for_a_published_table(hwnas_data: Path, tmp_path: Path) -> None:
    run = python(
        "-m", "hwnas", "advise", "dataset=hwnas/raspi4", "budget=2h", "predictors=[ridge]",
        "scenarios=4", "repeats=3", data=hwnas_data, HWNAS_CACHE=str(tmp_path),
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    for expected in (
        "15,625 candidates",
        "plan        ",
        "next best",
        "foreseen between",
        "twice the",
    ):
        assert expected in run.stdout
