"""Held-out residuals of a predictor, by cross-validation on its training measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hwnas.errors import UserError
from hwnas.predictor._fit_many import fit_many
from hwnas.predictor._interval import Residuals
from hwnas.seeding import integer_seed
from hwnas.space import Architectures

if TYPE_CHECKING:
    from hwnas.predictor._predictor import Predictor

Values = NDArray[np.float64]
_REMEDY = "predictor.calibrate_on(X, y) with measurements of other architectures"


def cross_validated(
    predictor: Predictor, training: tuple[Architectures, Values] | None, folds: int, seed: int
) -> Residuals:
    """Return the residuals of clones that are fitted to all folds but one.

    Parameters
    ----------
    predictor : Predictor
        It stays unchanged.
    training : pair of arrays, shape (n, n_positions) and (n,), or None
        The training measurements, in canonical order. None if they are not known.
    folds : int
        Number of folds, at most the number of different functions. Architectures that compute the
        same function are in the same fold.
    seed : int
        Seed of the assignment to folds.

    Raises
    ------
    UserError
        If no training measurement can be held out.
    """
    from sklearn.base import clone
    from sklearn.model_selection import GroupKFold

    X, y = _check(predictor, training)
    groups = predictor.space.representative(X)
    n_folds = min(folds, len(np.unique(groups)))
    if n_folds < 2:
        raise UserError(
            "all training measurements are of one function, so none can be held out for an "
            "interval",
            remedy=_REMEDY,
        )
    shuffled = GroupKFold(n_folds, shuffle=True, random_state=integer_seed(seed, "interval"))
    splits = list(shuffled.split(X, groups=groups))
    clones = fit_many(
        [clone(predictor) for _ in splits],
        [X[train] for train, _ in splits],
        [y[train] for train, _ in splits],
    )
    predicted = np.empty(len(y))
    for fitted, (_, held_out) in zip(clones, splits, strict=True):
        predicted[held_out] = fitted.predict(X[held_out])
    return Residuals(predicted, y, n_folds)


def _check(
    predictor: Predictor, training: tuple[Architectures, Values] | None
) -> tuple[Architectures, Values]:
    """Return the training measurements; raise `UserError` if none of them can be held out."""
    design = predictor.training_design()
    if design is not None:
        raise UserError(
            f"{type(predictor.model).__name__} needs every one of its {len(design)} training "
            "measurements, so none can be held out for an interval",
            remedy=_REMEDY,
        )
    if training is None:
        raise UserError(
            "this predictor was saved without residuals, so it cannot give an interval",
            remedy="predictor.calibrate() before predictor.save(path), or " + _REMEDY,
        )
    return training
