"""Losses of selected sets, and the scores of a selection, which `SELECTION_SCORES` declares.

`Losses` describes one selection or many at once. A single selection and the simulator, which
selects at many noise levels at once, therefore compute each score with the same function.
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
    """Losses of each architecture in several sets, compared with the true front.

    The architectures of all sets are in one array, and `set_index` says which set each is in.

    Parameters
    ----------
    n_sets : int
        Number of sets.
    set_index : array of int, shape (m,)
        Index of the set that each architecture is in, from 0.
    accuracy : array, shape (m,)
        Reduction in accuracy in percentage points: the highest accuracy on the true front at costs
        that are no higher than the architecture's, minus the architecture's accuracy.
    hardware : array, shape (m, n_metrics)
        The architecture's cost minus the lowest cost on the true front, for each metric. Only
        members of the front count that are at least as good in accuracy and in every cost.
    """

    n_sets: int
    set_index: NDArray[np.intp]
    accuracy: Float
    hardware: Float

    @property
    def sizes(self) -> Float:
        """Number of architectures in each set, shape (n_sets,)."""
        return np.bincount(self.set_index, minlength=self.n_sets).astype(np.float64)

    @property
    def mean_accuracy(self) -> Float:
        """Mean reduction in accuracy (MRA) of each set in percentage points, shape (n_sets,)."""
        return self._mean(self.accuracy)

    @property
    def median_accuracy(self) -> Float:
        """Median reduction in accuracy of each set in percentage points, shape (n_sets,)."""
        ordered = self.accuracy[np.lexsort((self.accuracy, self.set_index))]
        sizes = np.bincount(self.set_index, minlength=self.n_sets)
        first = np.cumsum(sizes) - sizes
        middle = ordered[first + (sizes - 1) // 2], ordered[first + sizes // 2]
        return np.asarray(sum(middle) / 2)

    @property
    def n_for_half(self) -> Float:
        """Smallest number of architectures with half of a set's reductions, shape (n_sets,).

        A small number says that few architectures make most of the mean. It is 0 if no
        architecture of the set loses accuracy.
        """
        order = np.lexsort((-self.accuracy, self.set_index))
        lost, sets = self.accuracy[order], self.set_index[order]
        total = np.bincount(sets, lost, self.n_sets)
        sizes = np.bincount(sets, minlength=self.n_sets)
        before = np.concatenate([[0.0], np.cumsum(lost)])[np.cumsum(sizes) - sizes]
        # Sum of the larger losses of the set, without the architecture itself.
        larger = np.cumsum(lost) - lost - before[sets]
        needed = (larger < total[sets] / 2) & (lost > 0)
        return np.asarray(np.bincount(sets, needed, self.n_sets), dtype=np.float64)

    @property
    def mean_hardware(self) -> Float:
        """Mean loss in each hardware metric, shape (n_sets, n_metrics)."""
        return np.stack([self._mean(column) for column in self.hardware.T], axis=1)

    def _mean(self, losses: Float) -> Float:
        return np.asarray(np.bincount(self.set_index, losses, self.n_sets) / self.sizes)


@dataclass(frozen=True)
class Losses:
    """Losses of one or several selections, from which every score is computed.

    Parameters
    ----------
    selected : SetLosses
        Losses of the selected sets.
    verified : SetLosses
        Losses of the sets that verification kept.
    hypervolume : array, shape (n_sets,)
        Hypervolume of the sets that verification kept, with true costs. Accuracies are in [0, 1]
        and costs are standardised over the whole table. The reference point is accuracy 0 and
        1.1 × the highest cost of the candidate set.
    best_hypervolume : array, shape (n_sets,)
        Hypervolume of the true front, in the same units.
    n_measured : array, shape (n_sets,)
        Number of architectures that verification measured.
    """

    selected: SetLosses
    verified: SetLosses
    hypervolume: Float
    best_hypervolume: Float
    n_measured: Float

    @property
    def retained_hypervolume(self) -> Float:
        """Hypervolume divided by that of the true front, shape (n_sets,)."""
        best = self.best_hypervolume
        # A true front with hypervolume 0 leaves nothing to lose, so the score is 1.
        return np.divide(self.hypervolume, best, out=np.ones_like(best), where=best > 0)


DescribedSet = Literal["selected", "verified"]


@dataclass(frozen=True)
class SelectionScore:
    """One score of a selection (Laube et al. 2022, section 5).

    Parameters
    ----------
    name : str
        The score's key in results and its column in tables.
    title : str
        The score's name in reports and figures, with the unit.
    compute : callable
        Takes `Losses`. Returns an array of shape (n_sets,), or (n_sets, n_metrics) for a score
        that has one value for each hardware metric.
    of : {"selected", "verified"}
        The set that the score describes. It selects the score's column in the printed report.
    reported : bool
        Whether the printed report of an experiment contains the score.
    count : bool
        Whether the score is a whole number.
    by_round : bool
        Whether results contain the score after each round of verification.
    published : bool
        Whether the paper's simulation has the score. ``simulation.csv`` has these columns first.
    """

    name: str
    title: str
    compute: Callable[[Losses], Float]
    of: DescribedSet = "selected"
    reported: bool = False
    count: bool = False
    by_round: bool = False
    published: bool = False


_HARDWARE = "mean loss along the hardware axis"
#: Every score of a selection. ``mra_all_hardware`` and ``mra_pareto_hardware`` are in the metric's
#: unit in an experiment, and in standard deviations of the metric in a simulation. The printed
#: report shows scores with the same title in one row.
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
        *("mra_all_percent", "MRA [percentage points]", lambda x: x.selected.mean_accuracy),
        reported=True, published=True,
    ),
    SelectionScore(
        *("mra_pareto_percent", "MRA [percentage points]", lambda x: x.verified.mean_accuracy),
        of="verified", reported=True, by_round=True, published=True,
    ),
    SelectionScore(
        *("median_reduction_all_percent", "median reduction [percentage points]"),
        lambda x: x.selected.median_accuracy, reported=True,
    ),
    SelectionScore(
        *("median_reduction_pareto_percent", "median reduction [percentage points]"),
        lambda x: x.verified.median_accuracy, of="verified", reported=True,
    ),
    SelectionScore(
        *("n_for_half_of_mra_all", "architectures with half of MRA"),
        lambda x: x.selected.n_for_half, reported=True, count=True,
    ),
    SelectionScore(
        *("n_for_half_of_mra_pareto", "architectures with half of MRA"),
        lambda x: x.verified.n_for_half, of="verified", reported=True, count=True,
    ),
    SelectionScore("mra_all_hardware", _HARDWARE, lambda x: x.selected.mean_hardware),
    SelectionScore(
        "mra_pareto_hardware", _HARDWARE, lambda x: x.verified.mean_hardware, of="verified"
    ),
    SelectionScore(
        *("hypervolume", "hypervolume", lambda x: x.hypervolume, "verified"),
        reported=True, published=True,
    ),
    SelectionScore(
        *("retained_hypervolume", "retained hypervolume", lambda x: x.retained_hypervolume),
        of="verified", reported=True, by_round=True, published=True,
    ),
)  # fmt: skip


def selection_scores(losses: Losses) -> dict[str, Float]:
    """Return every score by its name, as an array of shape (n_sets,) or (n_sets, n_metrics)."""
    return {each.name: np.asarray(each.compute(losses)) for each in SELECTION_SCORES}
