"""Scores of predicted values against true values; `SCORES` declares every one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.metric import Metric

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Score:
    """One score of predictions (Laube et al. 2022, section 4).

    Parameters
    ----------
    name : str
        The score's key in results.
    title : str
        The score's name in printed tables.
    compute : callable
        Takes four arrays of shape (n,): true values, predicted values, true costs, predicted
        costs. The values are in the metric's unit. Returns a number.
    in_unit : bool
        Whether the score has the metric's unit. Otherwise it is dimensionless.
    of_networks : bool
        Whether the score uses one architecture of each network, the first one.
    """

    name: str
    title: str
    compute: Callable[[Values, Values, Values, Values], float]
    in_unit: bool = False
    of_networks: bool = False


def score(
    true: Values,
    predicted: Values,
    metric: Metric | None = None,
    network: NDArray[Any] | None = None,
) -> dict[str, float]:
    """Score predicted values.

    Parameters
    ----------
    true, predicted : array of float64, shape (n,)
        In the metric's unit.
    metric : Metric, optional
        Its direction says which values are better. Without a metric, lower values are better.
    network : array, shape (n,), optional
        Equal for architectures with the same network, whose true values differ by noise only.
        Default: all networks are different.

    Returns
    -------
    dict of str to float
        Every score of `SCORES` by its name, and under ``n`` the number of architectures.

    Raises
    ------
    ValueError
        If a value is NaN or infinite, the shapes differ, or there are fewer than two values.

    Examples
    --------
    >>> score(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0]))["mae"]
    0.333...
    """
    _check(true, predicted)
    costs = [values if metric is None else metric.cost(values) for values in (true, predicted)]
    every = (true, predicted, *costs)
    first = slice(None) if network is None else np.unique(network, return_index=True)[1]
    distinct = tuple(values[first] for values in every)
    computed = {
        each.name: float(each.compute(*(distinct if each.of_networks else every)))
        for each in SCORES
    }
    return {"n": len(true)} | computed


def kendall_tau(true: Values, predicted: Values) -> float:
    """Return Kendall's tau-b of true and predicted values; 0 if either array is constant.

    Raises
    ------
    ValueError
        If a value is NaN or infinite, the shapes differ, or there are fewer than two values.

    Examples
    --------
    >>> kendall_tau(np.array([1.0, 2.0, 3.0]), np.array([10.0, 30.0, 20.0]))
    0.333...
    >>> kendall_tau(np.array([1.0, 2.0, 3.0]), np.array([5.0, 5.0, 5.0]))
    0.0
    """
    from scipy.stats import kendalltau

    _check(true, predicted)
    if _either_constant(true, predicted):
        return 0.0
    return float(kendalltau(true, predicted).statistic)


def _spearman(true: Values, predicted: Values) -> float:
    from scipy.stats import spearmanr

    return 0.0 if _either_constant(true, predicted) else float(spearmanr(true, predicted).statistic)


def _pearson(true: Values, predicted: Values) -> float:
    from scipy.stats import pearsonr

    return 0.0 if _either_constant(true, predicted) else float(pearsonr(true, predicted).statistic)


def _either_constant(true: Values, predicted: Values) -> bool:
    """Return whether all true values or all predicted values are equal.

    SciPy returns NaN for such correlations. This module returns 0 instead.
    """
    return bool(np.ptp(true) == 0 or np.ptp(predicted) == 0)


def precision_at(true: Values, predicted: Values, k: int) -> float:
    """Return the share of the `k` lowest predicted costs that are among the `k` lowest true costs.

    Every architecture whose true cost equals the k-th lowest counts as among the k lowest. If
    several predicted costs equal the k-th lowest, the share is its mean over all ways to break the
    tie. It then depends neither on the order of the architectures nor on luck.

    Parameters
    ----------
    true, predicted : array of float64, shape (n,)
        Costs: lower is better.
    k : int
        Replaced by n if it is larger than n.

    Examples
    --------
    >>> precision_at(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 9.0, 2.0, 8.0]), 2)
    0.5
    >>> precision_at(np.array([1.0, 1.0, 1.0, 4.0]), np.array([3.0, 2.0, 1.0, 9.0]), 1)
    1.0
    >>> precision_at(np.array([1.0, 2.0, 3.0, 4.0]), np.array([5.0, 5.0, 5.0, 5.0]), 2)
    0.5
    """
    k = min(k, len(true))
    good = true <= np.partition(true, k - 1)[k - 1]
    kth_predicted = np.partition(predicted, k - 1)[k - 1]
    certain, tied = predicted < kth_predicted, predicted == kth_predicted
    n_good = good[certain].sum() + (k - certain.sum()) * good[tied].mean()
    return float(n_good / k)


def _check(true: Values, predicted: Values) -> None:
    if true.shape != predicted.shape or true.ndim != 1 or len(true) < 2:
        raise ValueError(
            f"true values of shape {true.shape} and predicted values of shape {predicted.shape} "
            "cannot be scored: both must have the shape (n,) with n of at least 2"
        )
    if not (np.isfinite(true).all() and np.isfinite(predicted).all()):
        raise ValueError("values that are NaN or infinite cannot be scored")


SCORES = (
    Score("kendall_tau", "Kendall's tau", lambda y, p, *_: kendall_tau(y, p)),
    Score("spearman", "Spearman", lambda y, p, *_: _spearman(y, p)),
    Score("pearson", "Pearson", lambda y, p, *_: _pearson(y, p)),
    Score("mae", "MAE", lambda y, p, *_: np.abs(p - y).mean(), in_unit=True),
    Score("rmse", "RMSE", lambda y, p, *_: np.sqrt(np.square(p - y).mean()), in_unit=True),
    Score("deviation_mean", "deviation, mean", lambda y, p, *_: (p - y).mean(), in_unit=True),
    Score("deviation_std", "deviation, std", lambda y, p, *_: (p - y).std(), in_unit=True),
    Score(
        *("precision_at_10", "precision@10", lambda *v: precision_at(v[2], v[3], 10)),
        of_networks=True,
    ),
    Score(
        *("precision_at_20", "precision@20", lambda *v: precision_at(v[2], v[3], 20)),
        of_networks=True,
    ),
)
