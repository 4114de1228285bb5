"""NGBoost as a scikit-learn estimator."""

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
    """NGBoost (Duan et al., ICML 2020) with regression trees and a normal distribution.

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
        Share of the training measurements that a round uses. A round uses at least two.
    random_state : int or None
        Seed for drawing training measurements and columns.

    Attributes
    ----------
    boosting_ : ngboost.NGBRegressor
        The fitted library model.
    """

    # The trees fit the training measurements almost exactly, so the standard deviations are those
    # of training errors. On 124 measurements of hwnas/raspi4 a 90 % interval made of them holds
    # 4 % of other measurements. `Predictor.predict_interval` therefore cross-validates.
    overconfident = True

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
        """Return the means, or with `return_std` a pair: means and standard deviations."""
        distribution = self.boosting_.pred_dist(X)
        return (distribution.loc, distribution.scale) if return_std else distribution.loc

    def saved_state(self) -> dict[str, Any]:
        """Return the trees, the step size of each round and the initial distribution."""
        boosting = self.boosting_
        return {
            "trees": boosting.base_models,
            "steps": [float(step) for step in boosting.scalings],
            "start": boosting.init_params,
            "n_features": boosting.n_features,
        }

    def restore_state(self, state: dict[str, Any]) -> None:
        """Set the fitted attributes from the return value of `saved_state`."""
        boosting = self._boosting(minibatch_frac=self.minibatch_frac)
        boosting.base_models, boosting.scalings = state["trees"], state["steps"]
        boosting.init_params, boosting.n_features = state["start"], state["n_features"]
        # Every round uses all columns: this class sets no `col_sample`.
        boosting.col_idxs = [np.arange(boosting.n_features)] * len(boosting.base_models)
        self.boosting_ = boosting

    def _boosting(self, minibatch_frac: float) -> _Boosting:
        """Return the library's model, unfitted."""
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
    """Normal distribution whose standard deviation stays between 1/1000 and 1000.

    The unit is the standard deviation of the training measurements. With few measurements the trees
    fit each of them exactly. Without the bounds the variance would become 0, and the library would
    divide by it.
    """

    limit = np.log(1e3)

    def __init__(self, params: Values) -> None:
        super().__init__(np.stack([params[0], np.clip(params[1], -self.limit, self.limit)]))

    @staticmethod
    def fit(Y: Values) -> Values:
        """Return the initial mean and the initial logarithm of the standard deviation."""
        return np.array([Y.mean(), np.log(Y.std() + 1e-3)])


class _Boosting(NGBRegressor):
    def _base_learners(self) -> list[Any]:
        # Draw another seed for each tree. Otherwise all trees would draw the same columns, or the
        # columns would depend on NumPy's global generator.
        draw = self.random_state.randint
        trees = [clone(self.Base) for _ in range(self.Manifold.n_params)]
        return [tree.set_params(random_state=draw(2**31 - 1)) for tree in trees]
