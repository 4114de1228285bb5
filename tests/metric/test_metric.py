"""The direction of a metric: its two values, and costs."""

from __future__ import annotations

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import InstantiationException
from hydra.utils import instantiate

from hwnas.composition import CONF, register
from hwnas.errors import UserError
from hwnas.metric import Metric


def test_cost_metric_to_maximise_is_negated() -> None:
    values = np.array([1.0, 2.0])
    np.testing.assert_array_equal(Metric("latency", "ms").cost(values), values)
    np.testing.assert_array_equal(Metric("speed", "1/ms", "maximize").cost(values), -values)


@pytest.mark.parametrize("lower", [0.0, float("-inf")])
@pytest.mark.parametrize("upper", [5.0, float("inf")])
def test_missing_infinite_value_is_missing(lower: float, upper: float) -> None:
    metric = Metric("latency", "ms", lower=lower, upper=upper)
    infinite = metric.missing([np.inf, -np.inf, np.nan, 1.0])
    assert infinite.tolist() == [True, True, True, False]


@pytest.mark.parametrize("direction", ["minimise", "max", "", "MINIMIZE"])
def test_metric_unknown_direction_raises(direction: str) -> None:
    with pytest.raises(UserError, match=rf"metric\.direction={direction}: it must be"):
        Metric("latency", "ms", direction)  # type: ignore[arg-type]


def test_metric_unknown_direction_in_configuration_raises_user_error() -> None:
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("run", ["metric.direction=minimise"])
    with pytest.raises(InstantiationException) as error:
        instantiate(config.metric)
    assert isinstance(error.value.__cause__, UserError)
