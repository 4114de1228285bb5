"""NGBoost as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from ngboost import NGBRegressor
from ngboost.distns import Normal
from ngboost.scores import LogScore
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.tree import DecisionTreeRegressor

Values = NDArray[np.float64]
_LOG_ROOT_2_PI = np.log(2 * np.pi) / 2


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


class _LogScore(LogScore):
    """The negative log likelihood of a `_BoundedNormal`, and its natural gradient."""

    loc: Values
    scale: Values
    var: Values

    def score(self, Y: Values) -> Values:
        """Return the score of every measurement, shape (n,)."""
        deviation = (Y - self.loc) / self.scale
        score: Values = deviation**2 / 2.0 + _LOG_ROOT_2_PI + np.log(self.scale)
        return score

    def total_score(self, Y: Values, sample_weight: None = None) -> float:  # noqa: ARG002
        """Return the mean score; no caller here weighs measurements."""
        return float(self.score(Y).mean())

    def grad(self, Y: Values, natural: bool = True) -> Values:  # noqa: ARG002
        """Return the natural gradient, shape (n, 2).

        The Fisher information of a normal distribution is diagonal: 1 / variance for the mean, and
        2 for the logarithm of the standard deviation. The library solves n linear systems instead.
        The products are not simplified, so that they are rounded as the library rounds them.
        """
        deviation = self.loc - Y
        mean = (deviation / self.var) / (1 / self.var)
        return np.stack([mean, (1 - deviation**2 / self.var) / 2], axis=1)


class _BoundedNormal(Normal):
    """Normal distribution whose standard deviation stays between 1/1000 and 1000.

    The unit is the standard deviation of the training measurements. With few measurements the trees
    fit each of them exactly. Without the bounds the variance would become 0, and the library would
    divide by it.
    """

    limit = np.log(1e3)
    scores = (_LogScore,)

    def __init__(self, params: Values) -> None:
        # The constructor of `Normal` makes a distribution of scipy, which takes ten times as long
        # as everything else that is computed of a distribution in a round.
        self.loc = params[0]
        self.scale = np.exp(np.clip(params[1], -self.limit, self.limit))
        self.var = self.scale**2

    @staticmethod
    def fit(Y: Values) -> Values:
        """Return the initial mean and the initial logarithm of the standard deviation."""
        return np.array([Y.mean(), np.log(Y.std() + 1e-3)])


class _Boosting(NGBRegressor):
    """The library's model, whose trees get inputs that are checked once and not in every round."""

    def _base_learners(self) -> list[Any]:
        # Draw another seed for each tree. Otherwise all trees would draw the same columns, or the
        # columns would depend on NumPy's global generator.
        draw = self.random_state.randint
        return [
            DecisionTreeRegressor(
                max_depth=self.Base.max_depth,
                max_features=self.Base.max_features,
                random_state=draw(2**31 - 1),
            )
            for _ in range(self.Manifold.n_params)
        ]

    def fit(self, X: Values, Y: Values) -> Self:
        """Fit the trees.

        The loop is the library's, which asks scikit-learn to check the inputs and the parameters
        of every tree, in every round. That takes longer than growing the trees.
        """
        self.base_models: list[Any] = []
        self.scalings: list[float] = []
        self.col_idxs: list[Any] = []
        self.n_features = X.shape[1]
        self.fit_init_params_to_marginal(Y)
        params = np.tile(self.init_params, (len(Y), 1))
        inputs = np.asarray(X, dtype=np.float32)
        # The library draws seeds that no tree uses before the first round.
        self._base_learners()
        with config_context(skip_parameter_validation=True):
            for _ in range(self.n_estimators):
                rows, columns, *_ = self.sample(X, Y, None, params)
                gradients = self.Manifold(params[rows].T).grad(Y[rows])
                trees = [
                    tree.fit(inputs[rows], gradient, check_input=False)
                    for tree, gradient in zip(self._base_learners(), gradients.T, strict=True)
                ]
                self.base_models.append(trees)
                self.col_idxs.append(columns)
                directions = _outputs(trees, inputs)
                step = self.line_search(directions[rows], params[rows], Y[rows])
                params -= self.learning_rate * step * directions
                if np.linalg.norm(directions[rows], axis=1).mean() < self.tol:
                    break
        return self

    def pred_param(self, X: Values, max_iter: None = None) -> Values:  # noqa: ARG002
        """Return the parameters of each row's distribution, shape (n, 2)."""
        params = np.tile(self.init_params, (len(X), 1))
        inputs = np.asarray(X, dtype=np.float32)
        for trees, step in zip(self.base_models, self.scalings, strict=True):
            params -= self.learning_rate * _outputs(trees, inputs) * step
        return params


def _outputs(trees: Sequence[DecisionTreeRegressor], inputs: NDArray[np.float32]) -> Values:
    """Return what each tree predicts, shape (n, n_trees)."""
    return np.concatenate([tree.tree_.predict(inputs) for tree in trees], axis=1)
