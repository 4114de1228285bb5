"""Deviations of simulated predictors, in standard deviations of the metric over the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from hwnas.errors import UserError, check_number
from hwnas.selection._pareto import Float


class Deviations(Protocol):
    """A distribution of a simulated predictor's deviations.

    To add a distribution, write a class with the method `draw` and a YAML file in
    ``conf/deviations/`` whose ``_target_`` names the class.
    """

    def draw(self, sigmas: Float, n: int, rng: np.random.Generator) -> Float:
        """Draw deviations with given standard deviations.

        Parameters
        ----------
        sigmas : array, shape (k,)
            Standard deviations of the deviations, in standard deviations of the metric over the
            table. For 0, every deviation is 0.
        n : int
            Number of architectures.
        rng : numpy.random.Generator

        Returns
        -------
        array of float64, shape (k, n)
            One row for each of `sigmas`.
        """
        ...


@dataclass(frozen=True)
class Mixture:
    """The paper's mixture of two normal distributions and a uniform one (Laube et al. 2022).

    Each row of deviations is drawn from N(+s, 1), N(−s, `wide`²) and U(−`far`, `far`), mixed
    with `weights`. The shift s ~ U(0, 2σ) is drawn once for each row. The row is then scaled to
    standard deviation σ, and its mean is kept. Each drawn value is used for `repeat` consecutive
    architectures, as in the paper.

    Parameters
    ----------
    weights : sequence of three floats
        Shares of the three distributions. They must sum to 1.
    wide : float
        Standard deviation of the second normal distribution.
    far : float
        Bound of the uniform distribution, which draws outliers.
    repeat : int
        Number of consecutive architectures that have the same deviation.

    Raises
    ------
    UserError
        If the weights are not three shares that sum to 1, or `repeat` is below 1.

    Examples
    --------
    >>> drawn = Mixture().draw(np.array([0.0, 0.5]), 1000, np.random.default_rng(0))
    >>> drawn.shape, drawn.std(axis=1).round(6).tolist(), len(set(drawn[1].tolist()))
    ((2, 1000), [0.0, 0.5], 67)
    """

    weights: Sequence[float] = (0.725, 0.265, 0.01)
    wide: float = 3.0
    far: float = 15.0
    repeat: int = 15

    def __post_init__(self) -> None:
        if len(self.weights) != 3 or min(self.weights) < 0 or abs(sum(self.weights) - 1) > 1e-9:
            raise UserError(
                f"deviations.weights={list(self.weights)}: three shares that sum to 1 are needed",
                remedy="deviations.weights=[0.725,0.265,0.01]",
            )
        check_number("deviations.repeat", self.repeat, 1)

    def draw(self, sigmas: Float, n: int, rng: np.random.Generator) -> Float:
        """Draw deviations with given standard deviations, see `Deviations.draw`."""
        shape = (len(sigmas), -(-n // self.repeat))
        shift = rng.uniform(0.0, 2.0 * sigmas)[:, np.newaxis]
        # Decides which of the three distributions each value comes from.
        part = rng.random(shape)
        normal = rng.standard_normal(shape)
        values = np.where(part < self.weights[0], normal + shift, self.wide * normal - shift)
        outlier = part >= self.weights[0] + self.weights[1]
        values[outlier] = rng.uniform(-self.far, self.far, np.count_nonzero(outlier))
        return rescale(np.repeat(values, self.repeat, axis=1)[:, :n], sigmas)


@dataclass(frozen=True)
class Normal:
    """Independent normal deviations with expected value 0.

    Examples
    --------
    >>> Normal().draw(np.array([2.0]), 9, np.random.default_rng(0)).std().round(6)
    np.float64(2.0)
    """

    def draw(self, sigmas: Float, n: int, rng: np.random.Generator) -> Float:
        """Draw deviations with given standard deviations, see `Deviations.draw`."""
        return rescale(rng.standard_normal((len(sigmas), n)), sigmas)


@dataclass(frozen=True)
class Bootstrap:
    """Deviations drawn with replacement from the deviations of a fitted predictor.

    Parameters
    ----------
    observed : array, shape (m,)
        Deviations of architectures that the predictor was not fitted to, divided by the metric's
        standard deviation over the table. `draw` scales them, together with their mean, to the
        requested standard deviation.

    Raises
    ------
    ValueError
        If there are fewer than two deviations, one is NaN or infinite, or all are equal.

    Examples
    --------
    >>> real = Bootstrap(np.array([-0.3, 0.0, 0.1, 0.2]))
    >>> round(real.sigma, 4)
    0.1871
    >>> real.draw(np.array([real.sigma]), 8, np.random.default_rng(0)).shape
    (1, 8)
    """

    observed: Float = field(repr=False)

    def __post_init__(self) -> None:
        values = np.asarray(self.observed, dtype=np.float64)
        if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
            raise ValueError("observed deviations must be at least two finite numbers")
        if values.std() == 0:
            raise ValueError("observed deviations are all equal, so they cannot be scaled")
        object.__setattr__(self, "observed", values)

    @classmethod
    def of_result(cls, folder: str | Path) -> Bootstrap:
        """Return the deviations in a result folder, without those of training measurements.

        Parameters
        ----------
        folder : path
            The result folder of a finished experiment.

        Raises
        ------
        UserError
            If the folder has no readable ``predictions.parquet``.
        """
        import pyarrow as pa
        from pyarrow import parquet

        path = Path(folder) / "predictions.parquet"
        remedy = "deviations.folder=<a result folder of run.py>"
        if not path.is_file():
            raise UserError(f"deviations.folder={folder}: no predictions of a run in it", remedy)
        try:
            table = parquet.read_table(path, columns=["true", "predicted", "part"])
        except (OSError, pa.ArrowException) as error:
            raise UserError(f"{path} cannot be read as predictions: {error}", remedy) from error
        true, predicted = table["true"].to_numpy(), table["predicted"].to_numpy()
        not_fitted = table["part"].to_numpy() != "train"
        return cls((predicted - true)[not_fitted] / true.std())

    @property
    def sigma(self) -> float:
        """Standard deviation of the observed deviations."""
        return float(self.observed.std())

    def draw(self, sigmas: Float, n: int, rng: np.random.Generator) -> Float:
        """Draw deviations with given standard deviations, see `Deviations.draw`."""
        drawn = self.observed[rng.integers(len(self.observed), size=(len(sigmas), n))]
        return np.asarray(drawn * (sigmas / self.sigma)[:, np.newaxis])


def rescale(values: Float, sigmas: Float) -> Float:
    """Multiply each row by a factor that gives it the standard deviation in `sigmas`.

    The factor scales the mean of the row, too. A constant row becomes 0, because no factor gives
    it another standard deviation. `Mixture` draws constant rows for `repeat` or fewer
    architectures.

    Parameters
    ----------
    values : array, shape (k, n)
    sigmas : array, shape (k,)

    Examples
    --------
    >>> rescale(np.array([[1.0, 3.0], [5.0, 5.0]]), np.array([0.5, 0.5])).tolist()
    [[0.5, 1.5], [0.0, 0.0]]
    """
    std = values.std(axis=1)
    factor = np.divide(sigmas, std, out=np.zeros(len(std)), where=std > 0)
    return np.asarray(values * factor[:, np.newaxis])
