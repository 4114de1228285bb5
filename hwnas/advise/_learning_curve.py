"""Learning curves: how a predictor's deviations shrink as its training measurements grow."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hwnas.advise._problem import Float, Problem

if TYPE_CHECKING:
    from hwnas.predictor import Predictor

#: Share of the measurements so far that each repeat holds out.
HELD_OUT_SHARE = 0.2
#: Number of train sizes of a learning curve.
N_SIZES = 5
#: Floors tried for the power law, as shares of the smallest standard deviation on the curve.
FLOORS = np.linspace(0.0, 0.98, 15)
#: Smallest relative error that is assumed for a point of the curve when floors are weighted.
CURVE_NOISE = 0.05


@dataclass(frozen=True)
class LearningCurve:
    """Standard deviation of a predictor's deviations against its number of training measurements.

    Parameters
    ----------
    name : str
        Name of the predictor.
    sizes : array of int64, shape (n_sizes,)
        Train sizes.
    sigma : array, shape (repeats, n_sizes)
        Standard deviation of the held-out deviations, in the metric's unit.
    fit_seconds : array, shape (n_sizes,)
        Median CPU seconds of a fit at each train size.
    query_seconds : float
        CPU seconds to predict one architecture.
    held_out : array, shape (3, m)
        Held-out measurements at the largest train size: predicted costs, true minus predicted
        costs, and accuracies.
    n_now : int
        Number of measurements so far.
    laws : array, shape (n_draws, 4)
        Power laws ``floor + a n^-b``, rows (floor, a, b, trust). Each is fitted to another
        resample of the repeats, so their spread shows how uncertain the curve is. Beyond `n_now`
        a law predicts an improvement, of which only the share `trust` is used: small train sizes
        do not show where a curve flattens.
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
        """Return the standard deviation at `n` training measurements under each power law.

        Returns
        -------
        array of float64, shape (n_draws,)
            In the metric's unit.
        """
        floor, a, b, trust = self.laws.T
        law = floor + a * float(n) ** -b
        if n <= self.n_now:
            return np.asarray(law)
        now = floor + a * float(self.n_now) ** -b
        return np.asarray(now + trust * (law - now))

    def fit_seconds_at(self, n: int) -> float:
        """Return the CPU seconds of a fit to `n` measurements, extrapolated linearly."""
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
    """Return the learning curve of a predictor on the measurements so far.

    Each repeat shuffles the measurements, holds out a fifth of them, and fits clones of the
    predictor to growing parts of the rest. The held-out measurements give the deviations.

    Parameters
    ----------
    name : str
        Name of the predictor.
    predictor : Predictor
        The function fits clones of it.
    problem : Problem
    rng : numpy.random.Generator
    repeats : int
        Number of shuffles.
    draws : int
        Number of power laws, each fitted to a resample of the repeats.
    """
    from sklearn.base import clone

    X, y = problem.architectures[problem.measured], problem.cost
    accuracy = problem.accuracy[problem.measured]
    n = len(y)
    n_held_out = max(4, round(HELD_OUT_SHARE * n))
    sizes = np.unique(np.geomspace(max(5, n // 12), n - n_held_out, N_SIZES).astype(np.int64))
    sigma, seconds = np.empty((repeats, len(sizes))), np.empty((repeats, len(sizes)))
    held_out = []
    for repeat in range(repeats):
        order = rng.permutation(n)
        test, train = order[:n_held_out], order[n_held_out:]
        for i, size in enumerate(sizes):
            start = time.process_time()
            fitted = clone(predictor).fit(X[train[:size]], y[train[:size]])
            seconds[repeat, i] = time.process_time() - start
            predicted = fitted.predict(X[test])
            # A metric such as FLOPs can be predicted exactly. The power law needs a logarithm,
            # so the standard deviation must not be 0.
            sigma[repeat, i] = max((y[test] - predicted).std(ddof=1), 1e-9 * y.std())
        held_out.append(np.stack([predicted, y[test] - predicted, accuracy[test]]))
    fitted = clone(predictor).fit(X, y)
    start = time.process_time()
    fitted.predict(problem.architectures)
    query_seconds = (time.process_time() - start) / len(problem)
    resampled = rng.integers(repeats, size=(draws, repeats))
    return LearningCurve(
        name=name,
        sizes=sizes,
        sigma=sigma,
        # A library's first fit also loads the library. The median ignores this outlier.
        fit_seconds=np.median(seconds, axis=0),
        query_seconds=query_seconds,
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
    """Fit ``floor + a n^-b`` with b >= 0 to a learning curve, by least squares of the logarithm.

    Learning curves of regressors follow a power law down to an error that more data does not
    reduce (Hestness et al., *Deep learning scaling is predictable, empirically*, 2017).

    Parameters
    ----------
    sizes : array of int64, shape (n_sizes,)
        Train sizes.
    sigma : array, shape (n_sizes,)
        Standard deviation of the deviations at each train size.
    rng : numpy.random.Generator, optional
        If given, the floor is drawn by its likelihood, because a few train sizes cannot tell the
        floor apart from others that fit about as well. Otherwise the best fit is returned.

    Returns
    -------
    floor, a, b : float

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
        above_floor = np.log(sigma - floor)
        slope, offset = np.polyfit(x, above_floor, 1)
        b = max(-float(slope), 0.0)
        a = float(np.exp(offset if b > 0 else above_floor.mean()))
        laws.append((float(floor), a, b))
        errors.append(np.square(np.log(floor + a * sizes**-b) - np.log(sigma)).sum())
    lowest = float(np.min(errors))
    if rng is None:
        return laws[int(np.argmin(errors))]
    noise = lowest / len(sizes) + CURVE_NOISE**2
    weights = np.exp(-(np.array(errors) - lowest) / (2 * noise))
    return laws[int(rng.choice(len(laws), p=weights / weights.sum()))]
