"""The learning curve of a predictor, from held-out measurements, and where it leads."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hwnas.advise._problem import Float, Problem

if TYPE_CHECKING:
    from hwnas.predictor import Predictor

#: Share of the measurements held out, and number of train sizes of the curve.
HELD_OUT, N_SIZES = 0.2, 5
#: Floors tried for the power law, as shares of the smallest deviation seen.
FLOORS = np.linspace(0.0, 0.98, 15)
#: Relative error of a point of the curve that is always reckoned with.
CURVE_NOISE = 0.05


@dataclass(frozen=True)
class LearningCurve:
    """Standard deviation of a predictor's deviations against its training measurements.

    Parameters
    ----------
    name : str
        The predictor.
    sizes : array of int64, shape (n_sizes,)
        Train sizes.
    sigma : array, shape (repeats, n_sizes)
        Standard deviation of the held-out deviations, in the metric's unit.
    fit_seconds : array, shape (n_sizes,)
    query_seconds : float
        For one architecture.
    held_out : array, shape (3, m)
        Predicted costs, deviations (true minus predicted) and accuracies at the largest size.
    n_now : int
        Number of measurements so far.
    laws : array, shape (n_draws, 4)
        Power laws ``floor + a n^-b``, rows (floor, a, b, trust), each fitted to the curve of other
        repeats: how sure the curve is. Beyond `n_now` only the share `trust` of the improvement
        is believed, for curves have knees that small train sizes do not show.
    """

    name: str
    sizes: NDArray[np.int64]
    sigma: Float
    fit_seconds: Float
    query_seconds: float
    held_out: Float
    n_now: int
    laws: Float

    def sigma_at(self, n: float) -> Float:
        """Return the standard deviation at `n` training measurements, one a power law."""
        floor, a, b, trust = self.laws.T
        law = floor + a * float(n) ** -b
        if n <= self.n_now:
            return np.asarray(law)
        now = floor + a * float(self.n_now) ** -b
        return np.asarray(now + trust * (law - now))

    def fit_seconds_at(self, n: int) -> float:
        """Return the seconds of a fit, on the straight line through those timed."""
        slope, base = np.polyfit(self.sizes, self.fit_seconds, 1)
        return float(max(base + max(slope, 0.0) * n, self.fit_seconds.min()))


def learn(
    name: str,
    predictor: Predictor,
    problem: Problem,
    rng: np.random.Generator,
    repeats: int = 8,
    draws: int = 30,
) -> LearningCurve:
    """Fit a predictor to growing parts of the measurements so far, and test it on the others.

    Parameters
    ----------
    name : str
    predictor : Predictor
    problem : Problem
    rng : numpy.random.Generator
    repeats : int
        Random orders of the measurements; each holds a fifth of them out.
    draws : int
        Power laws, each fitted to a resample of the repeats.
    """
    from sklearn.base import clone

    X, y = problem.architectures[problem.measured], problem.cost
    accuracy = problem.accuracy[problem.measured]
    n = len(y)
    n_held = max(4, round(HELD_OUT * n))
    sizes = np.unique(np.geomspace(max(5, n // 12), n - n_held, N_SIZES).astype(np.int64))
    sigma, seconds = np.empty((repeats, len(sizes))), np.empty((repeats, len(sizes)))
    held_out = []
    for repeat in range(repeats):
        order = rng.permutation(n)
        held, rest = order[:n_held], order[n_held:]
        for i, size in enumerate(sizes):
            start = time.process_time()
            fitted = clone(predictor).fit(X[rest[:size]], y[rest[:size]])
            seconds[repeat, i] = time.process_time() - start
            predicted = fitted.predict(X[held])
            # Exactly predictable metrics, such as FLOPs, leave no deviations to take logarithms of.
            sigma[repeat, i] = max((y[held] - predicted).std(ddof=1), 1e-9 * y.std())
        held_out.append(np.stack([predicted, y[held] - predicted, accuracy[held]]))
    whole = clone(predictor).fit(X, y)
    start = time.process_time()
    whole.predict(problem.architectures)
    query = (time.process_time() - start) / len(problem)
    resampled = rng.integers(repeats, size=(draws, repeats))
    return LearningCurve(
        name=name,
        sizes=sizes,
        sigma=sigma,
        # The first fit of a library loads it: the median forgets that.
        fit_seconds=np.median(seconds, axis=0),
        query_seconds=query,
        held_out=np.concatenate(held_out, axis=1),
        n_now=n,
        laws=np.array(
            [
                (*power_law(sizes, sigma[chosen].mean(axis=0), rng), rng.random())
                for chosen in resampled
            ]
        ),
    )


def power_law(
    sizes: NDArray[np.int64], sigma: Float, rng: np.random.Generator | None = None
) -> tuple[float, float, float]:
    """Fit ``floor + a n^-b`` with b >= 0 by least squares of the logarithm.

    Learning curves of regressors follow a power law down to the part that no amount of data
    explains (Hestness et al., *Deep learning scaling is predictable, empirically*, 2017).

    Parameters
    ----------
    sizes : array of int64, shape (n_sizes,)
    sigma : array, shape (n_sizes,)
    rng : numpy.random.Generator, optional
        Draw one of the floors that explain the curve about as well, by their likelihood: a few
        sizes cannot tell where it ends. Default the one that fits best.

    Examples
    --------
    >>> sizes = np.array([10, 20, 40, 80])
    >>> floor, a, b = power_law(sizes, 3.0 * sizes**-0.5)
    >>> round(floor, 2), round(a, 2), round(b, 2)
    (0.0, 3.0, 0.5)
    """
    laws, errors = [], []
    x = np.log(sizes)
    for floor in FLOORS * sigma.min():
        rest = np.log(sigma - floor)
        slope, offset = np.polyfit(x, rest, 1)
        b = max(-float(slope), 0.0)
        a = float(np.exp(offset if b > 0 else rest.mean()))
        laws.append((float(floor), a, b))
        errors.append(np.square(np.log(floor + a * sizes**-b) - np.log(sigma)).sum())
    lowest = float(np.min(errors))
    if rng is None:
        return laws[int(np.argmin(errors))]
    noise = lowest / len(sizes) + CURVE_NOISE**2
    weights = np.exp(-(np.array(errors) - lowest) / (2 * noise))
    return laws[int(rng.choice(len(laws), p=weights / weights.sum()))]
