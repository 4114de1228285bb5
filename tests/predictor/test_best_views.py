"""`best`: the rare view of needed operations, and files of versions without it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import kendalltau

from hwnas.encoding import Operations
from hwnas.predictor import Predictor
from hwnas.predictor.best import Best
from hwnas.predictor.best._features import describe
from hwnas.predictor.best._views import MARGINS, Needed
from hwnas.space import Architectures, NASBench201, TransNASMicro
from tests.predictor.members import draw

SPACE = NASBench201()
CELLS = SPACE.enumerate()


def fitted(X: Architectures, y: NDArray[np.float64]) -> Best:
    predictor = Predictor(SPACE, Operations(), Best(random_state=0)).fit(X, y)
    model: Best = predictor.pipeline_.named_steps["model"]
    return model


def cost_by_read_node(X: Architectures) -> NDArray[np.float64]:
    """Return latencies in ms: cheap operations on the cell's input, dear ones on inner nodes."""
    on_input = np.array([0.0, 0.0, 1.0, 1.0, 0.2])
    on_inner = np.array([0.0, 1.4, 1.5, 1.6, 1.4])
    kept = np.where(Needed().keeps(SPACE, X), X, 0)
    reads_input = np.array([True, True, False, True, False, False])
    cost: NDArray[np.float64] = on_input[kept][:, reads_input].sum(axis=1)
    cost += on_inner[kept][:, ~reads_input].sum(axis=1)
    return 2 + cost


# Edges: 0>1, 0>2, 1>2, 0>3, 1>3, 2>3. Operations: none, skip, 1x1, 3x3, pooling.
@pytest.mark.parametrize(
    ("cell", "edges"),
    [
        ((3, 3, 3, 3, 3, 3), (1, 1, 1, 1, 1, 1)),
        # Only `none` reads node 2, so that the output needs none of the edges into it.
        ((3, 3, 0, 3, 3, 0), (1, 0, 0, 1, 1, 0)),
        # Nothing enters node 1, but the output needs what reads it.
        ((0, 3, 3, 3, 0, 3), (0, 1, 1, 1, 0, 1)),
        # No path leads to the output: the cell is a constant.
        ((3, 3, 3, 0, 0, 0), (0, 0, 0, 0, 0, 0)),
    ],
)
def test_needed_cells_by_hand_keeps_edges_that_lead_to_the_output(
    cell: tuple[int, ...], edges: tuple[int, ...]
) -> None:
    kept = Needed().keeps(SPACE, np.array([cell], dtype=np.int8))
    assert tuple(kept[0].astype(int)) == edges


def test_describe_needed_counts_operations_by_the_node_they_read() -> None:
    # A skip and a 1x1 convolution read node 0, a 3x3 convolution node 1, a pooling node 2.
    cell = np.array([[1, 2, 3, 0, 0, 4]], dtype=np.int8)
    chosen = (cell[:, :, None] == np.arange(5)).astype(float)
    groups = Needed().groups(chosen * (cell != 0)[:, :, None])
    assert groups["by_node"].reshape(3, 5).tolist() == [
        [0, 1, 1, 0, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 0, 0, 1],
    ]
    assert groups["inner"].tolist() == [[0, 0, 0, 1, 1]]


def test_best_costs_by_read_node_learns_them_from_55_measurements() -> None:
    X = draw(SPACE, 55, seed=1)
    noise = np.random.default_rng(0).normal(0, 0.1, len(X))
    model = fitted(X, cost_by_read_node(X) + noise)
    assert model.model_.view == "needed" or "needed" in (model.model_.views or ())
    assert kendalltau(model.predict(CELLS[::20]), cost_by_read_node(CELLS[::20])).statistic > 0.93


@pytest.mark.parametrize("n", [11, 55])
def test_best_costs_as_written_leaves_the_rare_view_out(n: int) -> None:
    cost = np.array([0.0, 0.0, 1.0, 4.0, 1.0])
    for seed in range(3):
        X = draw(SPACE, n, seed=seed)
        noise = np.random.default_rng(seed).normal(0, 0.5, n)
        model = fitted(X, 3 + cost[X].sum(axis=1) + noise).model_
        assert model.view != "needed"
        assert "needed" not in (model.views or ())


def test_best_too_few_measurements_to_compare_models_leaves_the_rare_view_out() -> None:
    X = draw(SPACE, 8, seed=0)
    assert fitted(X, cost_by_read_node(X)).model_.views == ("raw", "executed", "live")


def test_describe_has_the_views_that_fit_the_space() -> None:
    features = describe(SPACE, CELLS[:5])
    assert set(features.views) == set(MARGINS)
    assert "needed" not in describe(TransNASMicro(), draw(TransNASMicro(), 5, seed=0)).views


def test_of_views_some_views_has_no_blocks_of_the_others() -> None:
    features = describe(SPACE, CELLS[:5])
    kept = features.of_views(["raw", "live"])
    names = {name.partition(":")[0] for name in [*kept.linear, *kept.choices]}
    assert names == {"raw", "live"}
    assert not features.additive("needed", by_position=True).choices


@pytest.mark.parametrize("n", [5, 8])
def test_best_few_measurements_90_percent_intervals_cover_nine_of_ten(n: int) -> None:
    """Take the mean over tables that differ in noise and in how costs add up."""
    shares = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        cost = rng.exponential(1.0, (6, 5)) + np.array([0, 0, 1, 4, 1]) * rng.uniform(0, 1)
        y = 3 + cost[np.arange(6), CELLS].sum(axis=1)
        y += rng.standard_t(5, len(y)) * y.std() * rng.choice([0, 0.1, 0.3, 0.6])
        order = rng.permutation(len(y))
        train, test = order[:n], order[-500:]
        predictor = Predictor(SPACE, Operations(), Best(random_state=0)).fit(CELLS[train], y[train])
        predicted, std = predictor.predict(CELLS[test], return_std=True)
        shares.append(float((np.abs(y[test] - predicted) <= 1.645 * std).mean()))
    assert 0.85 < np.mean(shares) < 0.95
