"""How well predicted values match true ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.metric import Metric


@dataclass(frozen=True)
class Scores:
    """Scores of a predictor on a set of architectures (study, section 4).

    Parameters
    ----------
    n : int
        Number of architectures scored.
    kendall_tau, spearman, pearson : float
        Correlation of predicted and true values, signed. A predictor that says the same of every
        architecture ranks nothing: 0.
    mae, rmse, deviation_mean, deviation_std : float
        Of the deviations (predicted minus true), in the metric's unit.
    precision_at_10, precision_at_20 : float
        Share of the k architectures predicted best that are among the k truly best.
    """

    n: int
    kendall_tau: float
    spearman: float
    pearson: float
    mae: float
    rmse: float
    deviation_mean: float
    deviation_std: float
    precision_at_10: float
    precision_at_20: float


def kendall_tau(true: NDArray[np.float64], predicted: NDArray[np.float64]) -> float:
    """Return Kendall's tau-b; 0 where one side is constant.

    Examples
    --------
    >>> kendall_tau(np.array([1.0, 2.0, 3.0]), np.array([10.0, 30.0, 20.0]))
    0.333...
    >>> kendall_tau(np.array([1.0, 2.0, 3.0]), np.array([5.0, 5.0, 5.0]))
    0.0
    """
    from scipy.stats import kendalltau

    _check(true, predicted)
    if _constant(true) or _constant(predicted):
        return 0.0
    return float(kendalltau(true, predicted).statistic)


def score(true: NDArray[np.float64], predicted: NDArray[np.float64], metric: Metric) -> Scores:
    """Score predicted values.

    Parameters
    ----------
    true, predicted : array of float64, shape (n,)
        In the metric's unit.
    metric : Metric
        Its direction says which values are best.

    Raises
    ------
    ValueError
        If a value is NaN or infinite, or there are fewer than two.
    """
    from scipy.stats import pearsonr, spearmanr

    _check(true, predicted)
    ranks_nothing = _constant(true) or _constant(predicted)
    deviations = predicted - true
    return Scores(
        n=len(true),
        kendall_tau=kendall_tau(true, predicted),
        spearman=0.0 if ranks_nothing else float(spearmanr(true, predicted).statistic),
        pearson=0.0 if ranks_nothing else float(pearsonr(true, predicted).statistic),
        mae=float(np.abs(deviations).mean()),
        rmse=float(np.sqrt(np.square(deviations).mean())),
        deviation_mean=float(deviations.mean()),
        deviation_std=float(deviations.std()),
        precision_at_10=precision_at(metric.cost(true), metric.cost(predicted), 10),
        precision_at_20=precision_at(metric.cost(true), metric.cost(predicted), 20),
    )


def precision_at(true: NDArray[np.float64], predicted: NDArray[np.float64], k: int) -> float:
    """Return the share of the `k` lowest predicted costs that are among the `k` lowest true ones.

    Whatever ties with the k-th lowest true cost counts as among them: many cells of a space
    compute nothing and cost the same.

    Examples
    --------
    >>> precision_at(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 9.0, 2.0, 8.0]), 2)
    0.5
    >>> precision_at(np.array([1.0, 1.0, 1.0, 4.0]), np.array([3.0, 2.0, 1.0, 9.0]), 1)
    1.0
    """
    k = min(k, len(true))
    good_enough = np.partition(true, k - 1)[k - 1]
    chosen = np.argsort(predicted, kind="stable")[:k]
    return float(np.mean(true[chosen] <= good_enough))


def _constant(values: NDArray[np.float64]) -> bool:
    return bool(values.min() == values.max())


def _check(true: NDArray[np.float64], predicted: NDArray[np.float64]) -> None:
    if true.shape != predicted.shape or true.ndim != 1 or len(true) < 2:
        raise ValueError(f"cannot score {predicted.shape} predictions of {true.shape} values")
    if not (np.isfinite(true).all() and np.isfinite(predicted).all()):
        raise ValueError("cannot score values that are NaN or infinite")
