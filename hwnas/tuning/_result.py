"""What tuning hands back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


def parameter_path(name: str) -> str:
    """Return where a predictor keeps a parameter of its search space.

    Examples
    --------
    >>> parameter_path("alpha"), parameter_path("encoding.depth"), parameter_path("net.width")
    ('model__alpha', 'encoding__depth', 'model__net__width')
    """
    path = name.replace(".", "__")
    return path if path.startswith(("encoding__", "model__")) else f"model__{path}"


@dataclass(frozen=True)
class TuningResult:
    """The outcome of tuning one predictor.

    Parameters
    ----------
    best_params : dict
        Values by their names in the predictor's search space; empty if nothing was tuned.
    best_value : float or None
        Kendall's τ on held-out folds of the best trial; None if nothing was tuned.
    n_trials : int
        Trials that ended (complete or pruned).
    seconds : float
        Wall-clock seconds this call took.
    trials : tuple of dict
        One row a trial: ``trial``, ``state``, ``kendall_tau``, ``fit_seconds`` and ``params``.
    reused : bool
        Whether every trial was already in the storage, so that this call ran none.

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
    """Set parameters that are named as in a search space; return the predictor."""
    return predictor.set_params(**{parameter_path(name): v for name, v in params.items()})
