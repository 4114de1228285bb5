"""Fit many predictors at once, in one batched training where the model can."""

from __future__ import annotations

from collections.abc import Sequence

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
    starts = [
        p._start_fit(architectures, values)
        for p, architectures, values in zip(predictors, X, y, strict=True)
    ]
    together = getattr(type(predictors[0].model), "fit_many", None) if predictors else None
    encoded = []
    for predictor, (architectures, values) in zip(predictors, starts, strict=True):
        if together is None:
            predictor.pipeline_.fit(architectures, values)
        else:
            encoding = predictor.pipeline_.named_steps["encoding"]
            encoded.append(encoding.fit_transform(architectures, values))
    if together is not None:
        models = [predictor.pipeline_.named_steps["model"] for predictor in predictors]
        together(models, encoded, [values for _, values in starts])
    return list(predictors)
