"""NGBoost as a scikit-learn estimator: the library's own regressor breaks some of their rules."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from ngboost import NGBRegressor
from ngboost.distns import Normal
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.tree import DecisionTreeRegressor

Values = NDArray[np.float64]


class NGBoost(RegressorMixin, BaseEstimator):
    """NGBoost (Duan et al., ICML 2020) on regression trees, with a Normal distribution.

    Parameters
    ----------
    n_estimators : int
        Number of boosting rounds.
    learning_rate : float
        Step size of a round.
    max_depth : int or None
        Depth of the trees.
    max_features : float
        Share of the columns that a tree considers at each split.
    minibatch_frac : float
        Share of the training measurements that are drawn for a round; at least two are drawn.
    random_state : int or None
        Seed of the draws of rows and columns.

    Attributes
    ----------
    boosting_ : ngboost.NGBRegressor
        The fitted library model.
    """

    def __init__(
        self,
        n_estimators: int = 505,
        learning_rate: float = 0.081,
        max_depth: int | None = 6,
        max_features: float = 0.79,
        minibatch_frac: float = 0.5,
        random_state: int | None = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.max_depth = max_depth
        self.max_features = max_features
        self.minibatch_frac = minibatch_frac
        self.random_state = random_state

    def fit(self, X: Values, y: Values) -> Self:
        """Fit to encoded architectures, shape (n, n_features), and values, shape (n,)."""
        rows = min(1.0, max(self.minibatch_frac, 2 / len(y)))
        self.boosting_ = self._boosting(minibatch_frac=rows).fit(X, y)
        return self

    def predict(self, X: Values, return_std: bool = False) -> Values | tuple[Values, Values]:
        """Return means, shape (n,), and with `return_std` also standard deviations, shape (n,)."""
        distribution = self.boosting_.pred_dist(X)
        return (distribution.loc, distribution.scale) if return_std else distribution.loc

    def saved_state(self) -> dict[str, Any]:
        """Return the trees, each round's step and where boosting starts."""
        boosting = self.boosting_
        return {
            "trees": boosting.base_models,
            "steps": [float(step) for step in boosting.scalings],
            "start": boosting.init_params,
            "n_features": boosting.n_features,
        }

    def restore_state(self, state: dict[str, Any]) -> None:
        """Fit this model from what `saved_state` returned."""
        boosting = self._boosting(minibatch_frac=self.minibatch_frac)
        boosting.base_models, boosting.scalings = state["trees"], state["steps"]
        boosting.init_params, boosting.n_features = state["start"], state["n_features"]
        # Every round sees all columns.
        boosting.col_idxs = [np.arange(boosting.n_features)] * len(boosting.base_models)
        self.boosting_ = boosting

    def _boosting(self, minibatch_frac: float) -> _Boosting:
        """Return the library's model, not fitted yet."""
        tree = DecisionTreeRegressor(max_depth=self.max_depth, max_features=self.max_features)
        return _Boosting(
            Dist=_BoundedNormal,
            Base=tree,
            n_estimators=self.n_estimators,
            learning_rate=self.learning_rate,
            minibatch_frac=minibatch_frac,
            verbose=False,
            random_state=self.random_state,
        )


class _BoundedNormal(Normal):
    """Normal distribution with a bounded standard deviation.

    It stays within a factor of 1000 of 1, the standard deviation of the training measurements. The
    trees fit a handful of measurements exactly; without a bound the variance then becomes 0, and
    the library divides by it.
    """

    limit = np.log(1e3)

    def __init__(self, params: Values) -> None:
        super().__init__(np.stack([params[0], np.clip(params[1], -self.limit, self.limit)]))

    @staticmethod
    def fit(Y: Values) -> Values:
        """Return what boosting starts with: mean and logarithm of the standard deviation."""
        return np.array([Y.mean(), np.log(Y.std() + 1e-3)])


class _Boosting(NGBRegressor):
    def _base_learners(self) -> list[Any]:
        # The library would let all trees draw the same columns, or use NumPy's global generator.
        draw = self.random_state.randint
        trees = [clone(self.Base) for _ in range(self.Manifold.n_params)]
        return [tree.set_params(random_state=draw(2**31 - 1)) for tree in trees]
