"""Special rules for saving and restoring the models of libraries.

The general rule of `_state.py` does not work for some models. `HANDLERS` has their rules.

The compiled code of scikit-learn does not check all of its arrays. A malicious file could make it
read outside of them, so `check_restored` checks the arrays first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hwnas.predictor._archive import printable
from hwnas.predictor._boosters import checked_lightgbm, checked_xgboost

State = dict[str, Any]


@dataclass(frozen=True)
class Handler:
    """How to save and restore the models of one class.

    Attributes
    ----------
    state : callable
        Returns what a file holds of a fitted model.
    restore : callable
        Sets the fitted attributes of a model, which has its parameters already, from that state.
    """

    state: Callable[[Any], State]
    restore: Callable[[Any, State], object]


def _xgboost_state(model: Any) -> State:
    return {"booster": model.get_booster().save_raw("json").decode()}


def _restore_xgboost(model: Any, state: State) -> None:
    # Bytes, because XGBoost takes a text as the path of a file.
    model.load_model(bytearray(checked_xgboost(state["booster"]).encode()))


def _lightgbm_state(model: Any) -> State:
    booster = model.booster_.model_to_string(num_iteration=-1)
    return {**_attributes(model), "_Booster": booster}


def _restore_lightgbm(model: Any, state: State) -> None:
    from lightgbm import Booster

    vars(model).update(state)
    model._Booster = Booster(model_str=checked_lightgbm(state["_Booster"]))


def _neighbours_state(model: Any) -> State:
    # The model's tree of the training rows is not saved: building it again is fast.
    return {"X": model._fit_X, "y": model._y}


def _restore_neighbours(model: Any, state: State) -> None:
    model.fit(state["X"], state["y"])


def _perceptron_state(model: Any) -> State:
    # Only a continued training would need these two.
    left_out = ("_optimizer", "_random_state")
    return {name: value for name, value in _attributes(model).items() if name not in left_out}


def _update(model: Any, state: State) -> None:
    vars(model).update(state)


def _attributes(model: Any) -> State:
    parameters = model.get_params(deep=False)
    return {name: value for name, value in vars(model).items() if name not in parameters}


#: The rule of each class, by its public name.
HANDLERS = {
    "lightgbm.LGBMRegressor": Handler(_lightgbm_state, _restore_lightgbm),
    "sklearn.neighbors.KNeighborsRegressor": Handler(_neighbours_state, _restore_neighbours),
    "sklearn.neural_network.MLPRegressor": Handler(_perceptron_state, _update),
    "xgboost.XGBRegressor": Handler(_xgboost_state, _restore_xgboost),
}


def check_restored(model: Any) -> None:
    """Check the arrays of a restored model that scikit-learn's compiled code does not check.

    Raises
    ------
    ValueError
        If arrays of the model contradict each other.
    """
    if not type(model).__module__.startswith("sklearn."):
        return
    if hasattr(model, "tree_") and model.tree_.n_features != model.n_features_in_:
        raise ValueError("a tree has another number of features than its model")
    if hasattr(model, "support_vectors_"):
        _check_support_vectors(model)
    for part in getattr(model, "estimators_", []):
        # A forest checks the shape of its input only against its own number of features.
        if part.n_features_in_ != model.n_features_in_:
            raise ValueError("a tree has another number of features than its forest")


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
        raise ValueError(f"support vectors with the unsupported kernel {printable(model.kernel)}")
    if shapes != expected or model._n_support.tolist() != [n, n]:
        raise ValueError("the arrays of the support vectors have contradictory shapes")
