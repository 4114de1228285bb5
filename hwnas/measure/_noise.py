"""The noise of measurements, estimated from the agreement of their passes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: A table is called noisy below this tau between halves of the passes, or above this drift.
QUIET_TAU = 0.95
QUIET_DRIFT = 0.05


@dataclass(frozen=True)
class Noise:
    """The noise of one statistic of one backend.

    Parameters
    ----------
    tau : float
        Kendall's tau between the medians of the even passes and of the odd passes. A predictor that
        is trained on one half and scored on the other can hardly reach a higher tau. NaN with fewer
        than two passes.
    drift : float
        How much the slowest or fastest pass deviates from all passes, as a share. The speed of a
        pass is the median over architectures of its time divided by the median over all passes.
    n_passes, n_architectures : int
        Number of passes and architectures from which both were computed.
    """

    tau: float
    drift: float
    n_passes: int
    n_architectures: int

    @property
    def noisy(self) -> bool:
        """Whether the user should measure on a quieter machine or with more passes."""
        return not self.tau >= QUIET_TAU or self.drift > QUIET_DRIFT

    def __str__(self) -> str:
        of = f"{self.n_architectures:,} architectures"
        if self.n_passes < 2:
            return f"one pass of {of} does not show the noise (passes=2 adds a pass)"
        verdict = "NOISY, measure while no other program runs" if self.noisy else "quiet"
        return (
            f"tau between halves of {self.n_passes} passes of {of} {self.tau:.3f}, "
            f"drift between passes {self.drift:.1%} ({verdict})"
        )


def judge(values: NDArray[np.float64]) -> Noise:
    """Return the noise of passes over the same architectures.

    Parameters
    ----------
    values : array of float64, shape (n_passes, n_architectures)

    Examples
    --------
    >>> print(judge(np.array([[1.0, 2.0, 3.0], [1.1, 2.2, 3.3]])))
    tau between halves of 2 passes of 3 architectures 1.000, drift between passes 4.8% (quiet)
    """
    ratios = np.median(values / np.median(values, axis=0), axis=1)
    halves = np.array([combine(values[0::2]), combine(values[1::2])]) if len(values) > 1 else values
    return Noise(tau_between(halves), float(np.abs(ratios - 1).max()), *values.shape)


def tau_between(values: NDArray[np.float64]) -> float:
    """Return the mean of Kendall's tau over all pairs of rows, or NaN for a single row."""
    from itertools import combinations

    from scipy.stats import kendalltau

    taus = [kendalltau(a, b).statistic for a, b in combinations(values, 2)]
    return float(np.mean(taus)) if taus else float("nan")


def tau_between_halves(values: NDArray[np.float64]) -> float:
    """Return Kendall's tau between the means of the first and of the second half of the rows.

    Returns NaN for a single row. The last of an odd number of rows is left out.
    """
    half = len(values) // 2
    if half == 0:
        return float("nan")
    return tau_between(np.stack([values[:half].mean(axis=0), values[half : 2 * half].mean(axis=0)]))


def combine(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median over passes, shape (n_architectures,).

    Parameters
    ----------
    values : array of float64, shape (n_passes, n_architectures)
    """
    combined: NDArray[np.float64] = np.median(values, axis=0)
    return combined
