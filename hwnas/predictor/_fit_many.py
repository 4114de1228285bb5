"""Fit many predictors together."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from hwnas.predictor._predictor import Predictor


def fit_many(
    predictors: Sequence[Predictor], X: Sequence[ArrayLike], y: Sequence[ArrayLike]
) -> list[Predictor]:
    """Fit every predictor to its own training measurements.

    If the model's class defines ``fit_many(models, X, y)``, that method trains all models in one
    batch. Otherwise the predictors are fitted one after another. Both ways give the same
    predictors as ``fit``, up to rounding.

    Parameters
    ----------
    predictors : sequence of Predictor
        Unfitted predictors. Their models are all of one class.
    X, y : sequences
        The training measurements of each predictor, as in :meth:`Predictor.fit`.

    Returns
    -------
    list of Predictor
        The same objects, fitted.
    """
    fit_models = getattr(type(predictors[0].model), "fit_many", None) if predictors else None
    if fit_models is None:
        for predictor, architectures, values in zip(predictors, X, y, strict=True):
            predictor.fit(architectures, values)
        return list(predictors)
    # Keep all arrays alive: `encoded` has their ids as keys.
    X, y = list(X), list(y)
    models, inputs, targets = [], [], []
    encoded: dict[tuple[int, int, bytes], tuple[Any, Any]] = {}
    for predictor, architectures, values in zip(predictors, X, y, strict=True):
        rows, target = predictor._start_fit(architectures, values)
        (name, encoding), (_, model) = predictor.pipeline_.steps
        # Several predictors may share one array of measurements, which is then encoded once.
        key = (id(architectures), id(values), pickle.dumps(encoding))
        if key not in encoded:
            encoded[key] = (encoding, encoding.fit_transform(rows, target))
        predictor.pipeline_.steps[0] = (name, encoded[key][0])
        models.append(model)
        inputs.append(encoded[key][1])
        targets.append(target)
    fit_models(models, inputs, targets)
    return list(predictors)
