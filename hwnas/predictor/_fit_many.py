"""Fit many predictors at once, in one batched training where the model can."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

from numpy.typing import ArrayLike

from hwnas.predictor._predictor import Predictor


def fit_many(
    predictors: Sequence[Predictor], X: Sequence[ArrayLike], y: Sequence[ArrayLike]
) -> list[Predictor]:
    """Fit every predictor to its own training measurements.

    Models that define ``fit_many(models, X, y)`` train together; the others one after another.
    Either way the result is what ``fit`` would give, up to rounding.

    Parameters
    ----------
    predictors : sequence of Predictor
        Not fitted yet, with models of one class.
    X, y : sequences
        The training measurements of each, as in :meth:`Predictor.fit`.

    Returns
    -------
    list of Predictor
        The same objects, fitted.
    """
    together = getattr(type(predictors[0].model), "fit_many", None) if predictors else None
    if together is None:
        for predictor, architectures, values in zip(predictors, X, y, strict=True):
            predictor.fit(architectures, values)
        return list(predictors)
    X, y = list(X), list(y)  # alive throughout: their identities are keys
    models, seen, targets = [], [], []
    encoded: dict[tuple[int, int, bytes], tuple[Any, Any]] = {}
    for predictor, architectures, values in zip(predictors, X, y, strict=True):
        rows, target = predictor._start_fit(architectures, values)
        (name, encoding), (_, model) = predictor.pipeline_.steps
        # Many seeds or configurations on the very same measurements: those are encoded once.
        key = (id(architectures), id(values), pickle.dumps(encoding))
        if key not in encoded:
            encoded[key] = (encoding, encoding.fit_transform(rows, target))
        predictor.pipeline_.steps[0] = (name, encoded[key][0])
        models.append(model)
        seen.append(encoded[key][1])
        targets.append(target)
    together(models, seen, targets)
    return list(predictors)
