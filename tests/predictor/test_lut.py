"""The lookup table against values by hand and the published figures."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import kendalltau

from hwnas.encoding import Operations
from hwnas.errors import UserError
from hwnas.predictor import Predictor
from hwnas.predictor.lut import LookupTable
from hwnas.space import Architectures, FBNet, NASBench201, SearchSpace, TransNASMacro, TransNASMicro
from tests.predictor.conftest import Measured


def lut(space: SearchSpace) -> Predictor:
    return Predictor(space, Operations(), LookupTable())


@pytest.mark.parametrize(
    ("space", "n"),
    [(NASBench201(), 25), (TransNASMicro(), 19), (TransNASMacro(), 21), (FBNet(), 177)],
)
def test_fit_additive_metric_predicts_exactly(space: SearchSpace, n: int) -> None:
    cost = np.random.default_rng(0).random((space.n_positions, len(space.operations)))

    def metric(X: Architectures) -> NDArray[np.float64]:
        summed: NDArray[np.float64] = cost[np.arange(space.n_positions), X].sum(axis=1)
        return summed

    design = lut(space).training_design()
    assert design is not None
    assert len(design) == n
    if isinstance(space, FBNet):
        X = np.random.default_rng(1).integers(9, size=(50, 22)).astype(np.int8)
    else:
        X = space.enumerate()
    predicted = lut(space).fit(design, metric(design)).predict(X)
    np.testing.assert_allclose(predicted, metric(X), rtol=1e-9)


def test_training_design_macro_is_in_the_space_and_around_both_bases() -> None:
    space = TransNASMacro()
    design = lut(space).training_design()
    assert design is not None
    rows = {tuple(row) for row in design.tolist()}
    assert rows <= {tuple(row) for row in space.enumerate().tolist()}
    assert {(1, 1, 1, 1, 4, 0), (1, 1, 1, 4, 0, 0), (1, 1, 1, 4, 3, 0), (1, 1, 1, 1, 4, 2)} <= rows


def test_fit_one_operation_costs_more_predicts_it_there_only() -> None:
    space = NASBench201()
    design = lut(space).training_design()
    assert design is not None
    y = np.full(len(design), 2.0)
    y[(design == [0, 0, 3, 0, 0, 0]).all(axis=1)] = 5.0
    predicted = lut(space).fit(design, y).predict([[4, 1, 3, 0, 0, 2], [3, 3, 0, 3, 3, 3]])
    np.testing.assert_allclose(predicted, [5.0, 2.0])


def test_fit_missing_measurement_raises_with_its_name() -> None:
    space = TransNASMicro()
    design = lut(space).training_design()
    assert design is not None
    with pytest.raises(UserError, match=r"1 of the 19 .* the first is 64-41414-0_00_002"):
        lut(space).fit(np.delete(design, 2, axis=0), np.ones(18))


def test_fit_further_measurements_change_nothing() -> None:
    space = NASBench201()
    design = lut(space).training_design()
    assert design is not None
    y = np.arange(25.0)
    more = np.vstack([design, [[3, 3, 3, 3, 3, 3]]])
    X = space.enumerate()[::97]
    np.testing.assert_allclose(
        lut(space).fit(more, np.append(y, 1e4)).predict(X), lut(space).fit(design, y).predict(X)
    )


@pytest.mark.parametrize(
    ("device", "tau"), [("raspi4", 0.462), ("pixel3", 0.475), ("fpga", 0.999), ("eyeriss", 0.992)]
)
def test_predict_real_table_reaches_published_tau(
    device: str, tau: float, cifar10_latency: Measured
) -> None:
    space = NASBench201()
    X, y = cifar10_latency(device)
    predictor = lut(space)
    design = predictor.training_design()
    assert design is not None
    trained = np.isin(space.rank(X), space.rank(design))
    predicted = predictor.fit(X[trained], y[trained]).predict(X)
    assert round(kendalltau(predicted, y).statistic, 3) == tau
