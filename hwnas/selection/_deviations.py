"""Deviations of simulated predictors, in standard deviations of the hardware metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from hwnas.errors import UserError, check_number
from hwnas.selection._pareto import Float


class Deviations(Protocol):
    """How a simulated predictor deviates from the truth.

    Write a class with this method, and name it by `_target_` in a YAML under ``conf/deviations/``:
    that is all a new kind of deviation needs.
    """

    def draw(self, sigmas: Float, n: int, rng: np.random.Generator) -> Float:
        """Return deviations of standard deviation σ, one row a noise level.

        Parameters
        ----------
        sigmas : array, shape (k,)
            Standard deviations wanted, of a metric standardised over the whole table; 0 gives 0.
        n : int
            Number of architectures.
        rng : numpy.random.Generator

        Returns
        -------
        array of float64, shape (k, n)
        """
        ...


@dataclass(frozen=True)
class Mixture:
    """The study's mixture: mostly a positive shift, some wide and negative, few far outliers.

    One draw mixes N(+s, 1), N(−s, `wide`²) and U(−`far`, `far`) with `weights`, where the shift
    s ~ U(0, 2σ) is drawn once for all of it. It is rescaled to standard deviation σ; its mean is
    not removed. Every value is repeated for `repeat` neighbours, in the random order in which the
    candidates were drawn, which makes it less smooth (Laube et al. 2022, section on simulation).

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
                f"deviations.weights={list(self.weights)}: three shares that add up to 1",
                remedy="deviations.weights=[0.725,0.265,0.01]",
            )
        check_number("deviations.repeat", self.repeat, 1)

    def draw(self, sigmas: Float, n: int, rng: np.random.Generator) -> Float:
        """Return deviations of standard deviation σ, one row a noise level."""
        k, m = len(sigmas), -(-n // self.repeat)
        shift = rng.uniform(0.0, 2.0 * sigmas)[:, np.newaxis]
        part = rng.random((k, m))
        normal = rng.standard_normal((k, m))
        values = np.where(part < self.weights[0], normal + shift, self.wide * normal - shift)
        outlier = part >= self.weights[0] + self.weights[1]
        values[outlier] = rng.uniform(-self.far, self.far, np.count_nonzero(outlier))
        return rescale(np.repeat(values, self.repeat, axis=1)[:, :n], sigmas)


@dataclass(frozen=True)
class Normal:
    """Independent, unbiased normal deviations.

    Examples
    --------
    >>> Normal().draw(np.array([2.0]), 9, np.random.default_rng(0)).std().round(6)
    np.float64(2.0)
    """

    def draw(self, sigmas: Float, n: int, rng: np.random.Generator) -> Float:
        """Return deviations of standard deviation σ, one row a noise level."""
        return rescale(rng.standard_normal((len(sigmas), n)), sigmas)


@dataclass(frozen=True)
class Bootstrap:
    """Deviations drawn with replacement from those of a real, fitted predictor.

    Parameters
    ----------
    observed : array, shape (m,)
        Predicted minus true values of architectures that the predictor was not fitted to,
        divided by the metric's standard deviation over the table. Only their shape counts: they
        are rescaled to the standard deviation asked for, and their mean scales along.

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
            raise ValueError("observed deviations: at least two finite numbers")
        if values.std() == 0:
            raise ValueError("observed deviations are all the same: nothing to draw from")
        object.__setattr__(self, "observed", values)

    @classmethod
    def of_result(cls, folder: str | Path) -> Bootstrap:
        """Return the deviations of a finished run, of all but its training measurements.

        Parameters
        ----------
        folder : path
            A result folder of ``run.py``.

        Raises
        ------
        UserError
            If it holds no predictions.
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
            raise UserError(f"{path}: no predictions of a run ({error})", remedy) from error
        true, predicted = table["true"].to_numpy(), table["predicted"].to_numpy()
        unseen = table["part"].to_numpy() != "train"
        return cls((predicted - true)[unseen] / true.std())

    @property
    def sigma(self) -> float:
        """Standard deviation of the observed deviations."""
        return float(self.observed.std())

    def draw(self, sigmas: Float, n: int, rng: np.random.Generator) -> Float:
        """Return deviations of standard deviation σ, one row a noise level."""
        drawn = self.observed[rng.integers(len(self.observed), size=(len(sigmas), n))]
        return np.asarray(drawn * (sigmas / self.sigma)[:, np.newaxis])


def rescale(values: Float, sigmas: Float) -> Float:
    """Scale each row to standard deviation σ; the mean is not removed.

    A row that is constant, such as a single repeated draw, has no spread to scale: it becomes 0.

    Examples
    --------
    >>> rescale(np.array([[1.0, 3.0], [5.0, 5.0]]), np.array([0.5, 0.5])).tolist()
    [[0.5, 1.5], [0.0, 0.0]]
    """
    spread = values.std(axis=1)
    factor = np.divide(sigmas, spread, out=np.zeros(len(spread)), where=spread > 0)
    return np.asarray(values * factor[:, np.newaxis])
