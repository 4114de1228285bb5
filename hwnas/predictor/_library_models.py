"""How to save models of libraries that the general rule does not fit, and what to check of others.

Compiled code trusts the arrays it is given. Where a library's does, a file could make it read
outside of them, so `check_restored` looks at them first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hwnas.predictor._archive import shown
from hwnas.predictor._boosters import checked_lightgbm, checked_xgboost

State = dict[str, Any]


@dataclass(frozen=True)
class Handler:
    """Two functions for a class of a library.

    Attributes
    ----------
    state : callable
        From a fitted model to what `restore` needs.
    restore : callable
        Fits a model, which has its parameters already, from that.
    """

    state: Callable[[Any], State]
    restore: Callable[[Any, State], object]


def _xgboost_state(model: Any) -> State:
    return {"booster": model.get_booster().save_raw("json").decode()}


def _restore_xgboost(model: Any, state: State) -> None:
    # Of bytes, as a text would be the path of a file.
    model.load_model(bytearray(checked_xgboost(state["booster"]).encode()))


def _lightgbm_state(model: Any) -> State:
    booster = model.booster_.model_to_string(num_iteration=-1)
    return {**_attributes(model), "_Booster": booster}


def _restore_lightgbm(model: Any, state: State) -> None:
    from lightgbm import Booster

    vars(model).update(state)
    model._Booster = Booster(model_str=checked_lightgbm(state["_Booster"]))


def _neighbours_state(model: Any) -> State:
    # Its tree of the training rows is quickly built again.
    return {"X": model._fit_X, "y": model._y}


def _restore_neighbours(model: Any, state: State) -> None:
    model.fit(state["X"], state["y"])


def _perceptron_state(model: Any) -> State:
    # What only a continued training would need.
    left_out = ("_optimizer", "_random_state")
    return {name: value for name, value in _attributes(model).items() if name not in left_out}


def _update(model: Any, state: State) -> None:
    vars(model).update(state)


def _attributes(model: Any) -> State:
    parameters = model.get_params(deep=False)
    return {name: value for name, value in vars(model).items() if name not in parameters}


#: By public name.
HANDLERS = {
    "lightgbm.LGBMRegressor": Handler(_lightgbm_state, _restore_lightgbm),
    "sklearn.neighbors.KNeighborsRegressor": Handler(_neighbours_state, _restore_neighbours),
    "sklearn.neural_network.MLPRegressor": Handler(_perceptron_state, _update),
    "xgboost.XGBRegressor": Handler(_xgboost_state, _restore_xgboost),
}


def check_restored(model: Any) -> None:
    """Check what compiled code of scikit-learn would take on trust.

    Raises
    ------
    ValueError
        If a model does not fit together.
    """
    if not type(model).__module__.startswith("sklearn."):
        return
    if hasattr(model, "tree_") and model.tree_.n_features != model.n_features_in_:
        raise ValueError("a tree of another number of features than its model")
    if hasattr(model, "support_vectors_"):
        _check_support_vectors(model)
    for part in getattr(model, "estimators_", []):
        # A forest checks its input once, for all of its trees.
        if part.n_features_in_ != model.n_features_in_:
            raise ValueError("a tree of another number of features than its forest")


def _check_support_vectors(model: Any) -> None:
    n = len(model.support_)
    expected = {
        "support_vectors_": (n, model.n_features_in_),
        "_dual_coef_": (1, n),
        "_n_support": (2,),
        "_intercept_": (1,),
    }
    shapes = {name: np.shape(getattr(model, name)) for name in expected}
    if model.kernel not in ("linear", "poly", "rbf", "sigmoid") or model._sparse:
        raise ValueError(f"support vectors of the kernel {shown(model.kernel)}")
    if shapes != expected or model._n_support.tolist() != [n, n]:
        raise ValueError("support vectors that do not belong together")
