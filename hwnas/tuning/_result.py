"""The result of tuning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


def parameter_path(name: str) -> str:
    """Return the scikit-learn name, for ``set_params``, of a parameter of a search space.

    A name without a prefix is a parameter of the predictor's model.

    Examples
    --------
    >>> parameter_path("alpha"), parameter_path("encoding.depth"), parameter_path("net.width")
    ('model__alpha', 'encoding__depth', 'model__net__width')
    """
    path = name.replace(".", "__")
    return path if path.startswith(("encoding__", "model__")) else f"model__{path}"


@dataclass(frozen=True)
class TuningResult:
    """The best hyperparameters of one predictor, and the trials that found them.

    Parameters
    ----------
    best_params : dict
        Values by their names in the predictor's search space. Empty if nothing was tuned.
    best_value : float or None
        Mean Kendall's τ of the best trial on the held-out folds. None if nothing was tuned.
    n_trials : int
        Number of trials that are complete, pruned, or failed because the predictor failed.
    seconds : float
        Wall-clock seconds of this call of `Tuner.tune`.
    trials : tuple of dict
        One row for each trial, with the keys ``trial``, ``state``, ``kendall_tau``,
        ``fit_seconds`` and ``params``. The state is ``complete``, ``pruned``, ``failed``, or
        ``short`` for a complete trial with a short training. The scores of a failed trial are None.
    reused : bool
        Whether this call ran no trial, because the storage already held all of them.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import Pipeline
    >>> pipeline = Pipeline([("model", Ridge())])
    >>> TuningResult({"alpha": 0.5}).apply(pipeline).get_params()["model__alpha"]
    0.5
    """

    best_params: Mapping[str, Any] = field(default_factory=dict)
    best_value: float | None = None
    n_trials: int = 0
    seconds: float = 0.0
    trials: tuple[Mapping[str, Any], ...] = ()
    reused: bool = False

    def apply(self, predictor: Any) -> Any:
        """Return an unfitted clone of `predictor` with the best parameters set."""
        from sklearn.base import clone

        return with_params(clone(predictor), self.best_params)


def with_params(predictor: Any, params: Mapping[str, Any]) -> Any:
    """Set the parameters of a predictor in place, and return the predictor.

    Parameters
    ----------
    predictor : sklearn estimator
    params : mapping
        Values by their names in the search space.
    """
    return predictor.set_params(**{parameter_path(name): v for name, v in params.items()})
