"""What selected sets lose, and every score of it: each is declared once, in `SELECTION_SCORES`.

One selection and the simulator's many selections describe their losses in the same arrays, so that
both compute every score by the same function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hwnas.selection._pareto import Float


@dataclass(frozen=True)
class SetLosses:
    """What the members of `n_sets` sets of architectures lose against the true front.

    Parameters
    ----------
    n_sets : int
    of_set : array of int, shape (m,)
        The set that each member belongs to, from 0.
    accuracy : array, shape (m,)
        Reduction in accuracy: the accuracy of the best architecture of the true front that is at
        least as good in everything, minus the member's own, in percent points.
    hardware : array, shape (m, n_metrics)
        The same along each hardware axis: the member's own cost minus the lowest cost of the true
        front at the same or a better accuracy (and other costs).
    """

    n_sets: int
    of_set: NDArray[np.intp]
    accuracy: Float
    hardware: Float

    @property
    def sizes(self) -> Float:
        """Number of members of each set, shape (n_sets,)."""
        return np.bincount(self.of_set, minlength=self.n_sets).astype(np.float64)

    @property
    def mean_accuracy(self) -> Float:
        """Mean reduction in accuracy of each set, shape (n_sets,)."""
        return self._mean(self.accuracy)

    @property
    def mean_hardware(self) -> Float:
        """Mean loss along each hardware axis, shape (n_sets, n_metrics)."""
        return np.stack([self._mean(column) for column in self.hardware.T], axis=1)

    def _mean(self, losses: Float) -> Float:
        return np.asarray(np.bincount(self.of_set, losses, self.n_sets) / self.sizes)


@dataclass(frozen=True)
class Losses:
    """What selections lose.

    Parameters
    ----------
    selected : SetLosses
        Of the selected sets.
    verified : SetLosses
        Of what is left of them after verification.
    hypervolume, best_hypervolume : array, shape (n_sets,)
        Of the verified sets with true values, and of the true fronts. Accuracy in [0, 1], costs
        standardised over the whole table, reference point (0, 1.1 × the largest cost of the
        candidate set).
    n_measured : array, shape (n_sets,)
        Architectures measured for verification.
    """

    selected: SetLosses
    verified: SetLosses
    hypervolume: Float
    best_hypervolume: Float
    n_measured: Float

    @property
    def retained_hypervolume(self) -> Float:
        """Hypervolume divided by that of the true front; 1 loses nothing."""
        best = self.best_hypervolume
        # Where even the true front encloses nothing, nothing can be lost.
        return np.divide(self.hypervolume, best, out=np.ones_like(best), where=best > 0)


Of = Literal["selected", "verified"]


@dataclass(frozen=True)
class SelectionScore:
    """One score of a selection (Laube et al. 2022, section 5).

    Parameters
    ----------
    name : str
        Its key in results and its column in tables.
    title : str
        Its name in reports and figures, with the unit.
    compute : callable
        Takes `Losses`; returns one number a selection, or one a hardware metric.
    of : {"selected", "verified"}
        The set that it describes; its column in the report of an experiment.
    reported : bool
        Whether the report of an experiment has it.
    count : bool
        Whether it is a whole number.
    by_round : bool
        Whether it is stated for every round of verification.
    published : bool
        Whether the paper has it: those columns come first in ``simulation.csv``.
    """

    name: str
    title: str
    compute: Callable[[Losses], Float]
    of: Of = "selected"
    reported: bool = False
    count: bool = False
    by_round: bool = False
    published: bool = False


_HARDWARE = "mean loss along the hardware axis"
#: Losses along the hardware axis are in the metric's unit, in the simulator in its standard
#: deviations. The report has scores of the same title in one row.
SELECTION_SCORES = (
    SelectionScore(
        *("n_selected", "architectures", lambda x: x.selected.sizes), reported=True, count=True
    ),
    SelectionScore(
        *("n_measured", "measured", lambda x: x.n_measured), count=True, by_round=True
    ),
    SelectionScore(
        *("n_after_verification", "architectures", lambda x: x.verified.sizes, "verified"),
        reported=True, count=True, by_round=True,
    ),
    SelectionScore(
        *("mra_all_percent", "MRA [percent points]", lambda x: x.selected.mean_accuracy),
        reported=True, published=True,
    ),
    SelectionScore(
        *("mra_pareto_percent", "MRA [percent points]", lambda x: x.verified.mean_accuracy),
        of="verified", reported=True, by_round=True, published=True,
    ),
    SelectionScore("mra_all_hardware", _HARDWARE, lambda x: x.selected.mean_hardware),
    SelectionScore(
        "mra_pareto_hardware", _HARDWARE, lambda x: x.verified.mean_hardware, of="verified"
    ),
    SelectionScore(
        *("hypervolume", "hypervolume", lambda x: x.hypervolume), reported=True, published=True
    ),
    SelectionScore(
        *("retained_hypervolume", "retained hypervolume", lambda x: x.retained_hypervolume),
        reported=True, by_round=True, published=True,
    ),
)  # fmt: skip


def selection_scores(losses: Losses) -> dict[str, Float]:
    """Return every score, an array of shape (n_sets,) or (n_sets, n_metrics) by name."""
    return {each.name: np.asarray(each.compute(losses)) for each in SELECTION_SCORES}
