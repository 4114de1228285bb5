"""Cross-validation: Kendall's τ of a predictor on held-out training measurements."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.scores import kendall_tau
from hwnas.seeding import integer_seed
from hwnas.space import Identities

#: Row numbers of the measurements to fit and of the measurements held out.
Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True)
class FoldScore:
    """Score and fit time of a predictor on one fold.

    Parameters
    ----------
    kendall_tau : float
        Kendall's τ on the held-out measurements.
    fit_seconds : float
        CPU seconds of the fit.
    """

    kendall_tau: float
    fit_seconds: float


@dataclass(frozen=True)
class CrossValidation:
    """The folds of one tuning, which all its trials share.

    Parameters
    ----------
    splits : tuple of (train, test)
        Row numbers of each fold. Empty if the measurements are too few for cross-validation.
    leave_pair_out : bool
        Whether each fold holds out one pair of groups.
    """

    splits: tuple[Fold, ...]
    leave_pair_out: bool

    @classmethod
    def of(cls, n: int, groups: Identities | None, folds: int, seed: int) -> CrossValidation:
        """Split `n` measurements into folds, and keep the measurements of a group together.

        With fewer than 3 groups in a fold, the τ of a fold has a high variance. The τ of the
        pooled held-out predictions is biased: the mean of a fold is anticorrelated with the mean
        of the measurements that the model is fitted to, so a model that predicts this mean would
        score -1. Therefore each pair of groups is held out in turn, which is unbiased (Airola et
        al., *An experimental comparison of cross-validation techniques for estimating the area
        under the ROC curve*, CSDA 2011). Fewer than 4 groups give no folds.

        Parameters
        ----------
        n : int
            Number of measurements.
        groups : array, shape (n,), or None
            Measurements with the same number are one group. None: each measurement is a group.
        folds : int
            Number of folds, unless pairs are held out.
        seed : int
            Seed of the assignment to folds.

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
        leave_pair_out = n_groups < 3 * folds
        splitter = (
            LeavePGroupsOut(2)
            if leave_pair_out
            else GroupKFold(folds, shuffle=True, random_state=integer_seed(seed, "tuning", "folds"))
        )
        return cls(tuple(splitter.split(labels, groups=labels)), leave_pair_out=leave_pair_out)

    def scores(
        self, predictor: Any, X: NDArray[Any], y: NDArray[np.float64]
    ) -> Iterator[FoldScore]:
        """Fit a clone of a predictor for each fold and yield its score.

        A model with a method ``fit_many`` fits all folds together (`hwnas.predictor.fit_many`),
        and each fold gets an equal share of the time. Fits are timed in CPU seconds, because other
        processes on the machine would change wall-clock seconds.

        Parameters
        ----------
        predictor : sklearn estimator
            Unfitted.
        X : array, shape (n, n_positions)
            Architectures.
        y : array, shape (n,)
            Their values, in the metric's unit.
        """
        from sklearn.base import clone

        # Some models train all folds together in little more time than one fold takes. Other
        # models fit one fold at a time, so that the pruner can end a trial after each.
        fits_many = hasattr(type(getattr(predictor, "model", None)), "fit_many")
        batches = [self.splits] if fits_many else [(fold,) for fold in self.splits]
        for batch in batches:
            clones = [clone(predictor) for _ in batch]
            start = time.process_time()
            if fits_many:
                from hwnas.predictor import fit_many

                fit_many(clones, [X[train] for train, _ in batch], [y[train] for train, _ in batch])
            else:
                clones[0].fit(X[batch[0][0]], y[batch[0][0]])
            seconds = (time.process_time() - start) / len(batch)
            for fitted, (_, test) in zip(clones, batch, strict=True):
                yield FoldScore(kendall_tau(y[test], fitted.predict(X[test])), seconds)
