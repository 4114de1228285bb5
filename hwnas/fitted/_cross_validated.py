"""Scores of a predictor that is fitted to all measurements, so that none is left to test it on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import GroupKFold

from hwnas.dataset import Table
from hwnas.predictor import Predictor
from hwnas.scores import kendall_tau
from hwnas.seeding import integer_seed

#: Probability with which an interval shall contain a new measurement.
COVERAGE = 0.9
#: Fewest groups of measurements from which scores are computed.
FEWEST = 4


@dataclass(frozen=True)
class CrossValidated:
    """Scores on held-out measurements.

    Parameters
    ----------
    n : int
        Number of measurements, each held out once.
    folds : int
    kendall_tau : float
        Mean of Kendall's τ of the folds. The τ of all held-out predictions together would be
        biased, because the mean of a fold depends on the measurements that are left to fit.
    kendall_tau_std : float
        Standard deviation over the folds.
    error_percent : float
        Mean of ``|predicted - measured| / |measured|`` in percent. Measurements of 0 are left out.
    coverage_percent : float
        Share of the measurements that lie in their 90 % interval.
    """

    n: int
    folds: int
    kendall_tau: float
    kendall_tau_std: float
    error_percent: float
    coverage_percent: float

    def to_dict(self) -> dict[str, Any]:
        """Return the scores by name."""
        return asdict(self)

    def __str__(self) -> str:
        return (
            f"cross-validated ({self.folds} folds): Kendall's tau {self.kendall_tau:.3f}, "
            f"error {self.error_percent:.1f} %, {self.coverage_percent:.0f} % of the measurements "
            f"in their {COVERAGE:.0%} interval".replace("90%", "90 %")
        )


def cross_validate(
    predictor: Predictor, table: Table, folds: int = 5, seed: int = 0
) -> CrossValidated | None:
    """Fit clones of a predictor to all folds but one, and score them on the fold left out.

    Architectures that compute the same function are in the same fold.

    Parameters
    ----------
    predictor : Predictor
        Not fitted.
    table : Table
        Without missing values.
    folds : int
        Number of folds. It is lowered until each fold has two measurements.
    seed : int
        Seed of the assignment to folds.

    Returns
    -------
    CrossValidated or None
        None if there are fewer than 4 measurements of different functions.

    Examples
    --------
    >>> import hwnas
    >>> table = hwnas.load_dataset("local/cpu")
    >>> cells = table.architectures[::299]
    >>> small = hwnas.Table.from_arrays(table.space, cells, table.values[::299])
    >>> scores = cross_validate(hwnas.make_predictor("ridge", table.space), small)
    >>> scores.n, scores.folds, scores.kendall_tau > 0.6
    (53, 5, True)
    """
    functions = table.space.representative(table.architectures)
    n_functions = len(np.unique(functions))
    if n_functions < FEWEST:
        return None
    n_folds = min(folds, n_functions // 2)
    state = integer_seed(seed, "fit", "folds")
    splitter = GroupKFold(n_folds, shuffle=True, random_state=state)
    predicted, lower, upper = (np.empty(len(table)) for _ in range(3))
    taus = []
    for fitted, held_out in splitter.split(table.architectures, groups=functions):
        fold = clone(predictor).fit(table.architectures[fitted], table.values[fitted])
        X = table.architectures[held_out]
        predicted[held_out] = fold.predict(X)
        lower[held_out], upper[held_out] = fold.predict_interval(X, COVERAGE)
        taus.append(kendall_tau(table.values[held_out], predicted[held_out]))
    inside = (lower <= table.values) & (table.values <= upper)
    return CrossValidated(
        n=len(table),
        folds=n_folds,
        kendall_tau=float(np.mean(taus)),
        kendall_tau_std=float(np.std(taus)),
        error_percent=_error_percent(table.values, predicted),
        coverage_percent=100.0 * float(inside.mean()),
    )


def _error_percent(measured: NDArray[np.float64], predicted: NDArray[np.float64]) -> float:
    there = measured != 0
    if not there.any():
        return float("nan")
    relative = np.abs(predicted - measured)[there] / np.abs(measured[there])
    return 100.0 * float(relative.mean())
