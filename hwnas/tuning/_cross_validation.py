"""Kendall's τ of a predictor on measurements that it was not fitted on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.scores import kendall_tau
from hwnas.seeding import integer_seed

Split = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True)
class FoldScore:
    """How a predictor did on one fold that it was not fitted on."""

    kendall_tau: float
    fit_seconds: float


@dataclass(frozen=True)
class CrossValidation:
    """The folds of one tuning: the same for each of its trials.

    Parameters
    ----------
    splits : tuple of (train, test)
        Row numbers. Empty if there are too few measurements to hold any out.
    leave_pair_out : bool
        Whether each test fold is one pair of groups.
    """

    splits: tuple[Split, ...]
    leave_pair_out: bool

    @classmethod
    def of(cls, n: int, groups: NDArray[np.int64] | None, folds: int, seed: int) -> CrossValidation:
        """Split `n` measurements into `folds` folds; a group stays on one side.

        With fewer than 3 groups a fold, τ within a fold says next to nothing, and τ over the
        pooled held-out predictions is biased: each fold's mean is anticorrelated with that of
        the measurements left for fitting, so a constant model would score -1. Each pair of
        groups is held out in turn then, which is unbiased (Airola et al., *An experimental
        comparison of cross-validation techniques for estimating the area under the ROC curve*,
        CSDA 2011). With fewer than 4 groups nothing is left to fit on, and there are no folds.

        Examples
        --------
        >>> [test.tolist() for _, test in CrossValidation.of(6, None, 2, seed=0).splits]
        [[2, 4, 5], [0, 1, 3]]
        >>> len(CrossValidation.of(5, None, 3, seed=0).splits)
        10
        """
        from sklearn.model_selection import GroupKFold, LeavePGroupsOut

        labels = np.arange(n) if groups is None else groups
        n_groups = len(np.unique(labels))
        if n_groups < 4:
            return cls((), leave_pair_out=False)
        pairs = n_groups < 3 * folds
        splitter = (
            LeavePGroupsOut(2)
            if pairs
            else GroupKFold(folds, shuffle=True, random_state=integer_seed(seed, "tuning", "folds"))
        )
        return cls(tuple(splitter.split(labels, groups=labels)), leave_pair_out=pairs)

    def scores(
        self, predictor: Any, X: NDArray[Any], y: NDArray[np.float64]
    ) -> Iterator[FoldScore]:
        """Fit a clone for each fold and yield how it did, fold by fold.

        Models that train many at once (`hwnas.predictor.fit_many`) fit the folds together.
        Fitting is timed in CPU seconds, which the load of the machine does not change.
        """
        from sklearn.base import clone

        # A neural model trains all folds at once, in little more time than one of them.
        many = hasattr(type(getattr(predictor, "model", None)), "fit_many")
        batches = [self.splits] if many else [(split,) for split in self.splits]
        for batch in batches:
            fresh = [clone(predictor) for _ in batch]
            start = time.process_time()
            if many:
                from hwnas.predictor import fit_many

                fit_many(fresh, [X[train] for train, _ in batch], [y[train] for train, _ in batch])
            else:
                fresh[0].fit(X[batch[0][0]], y[batch[0][0]])
            seconds = (time.process_time() - start) / len(batch)
            for fitted, (_, test) in zip(fresh, batch, strict=True):
                yield FoldScore(kendall_tau(y[test], fitted.predict(X[test])), seconds)
