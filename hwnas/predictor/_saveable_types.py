"""Which classes a saved predictor may be made of, and the public names they have in a file.

A file names classes. A name is looked up in what this module allows, and only then imported: a
file cannot choose a module. Allowed are the search spaces and estimators of hwnas that have a
public name, `LIBRARY_CLASSES`, and what the reader trusts explicitly.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from sklearn.base import BaseEstimator

from hwnas.errors import UserError
from hwnas.predictor._archive import shown
from hwnas.space import SearchSpace

#: Classes of libraries whose fitted state this package can store. Each is tested for a round trip.
LIBRARY_CLASSES = (
    "lightgbm.LGBMRegressor",
    "sklearn.cross_decomposition.PLSRegression",
    "sklearn.ensemble.ExtraTreesRegressor",
    "sklearn.ensemble.RandomForestRegressor",
    "sklearn.kernel_ridge.KernelRidge",
    "sklearn.linear_model.ARDRegression",
    "sklearn.linear_model.BayesianRidge",
    "sklearn.linear_model.ElasticNet",
    "sklearn.linear_model.ElasticNetCV",
    "sklearn.linear_model.HuberRegressor",
    "sklearn.linear_model.Lars",
    "sklearn.linear_model.Lasso",
    "sklearn.linear_model.LassoCV",
    "sklearn.linear_model.LassoLars",
    "sklearn.linear_model.LinearRegression",
    "sklearn.linear_model.OrthogonalMatchingPursuit",
    "sklearn.linear_model.QuantileRegressor",
    "sklearn.linear_model.Ridge",
    "sklearn.linear_model.RidgeCV",
    "sklearn.linear_model.SGDRegressor",
    "sklearn.linear_model.TheilSenRegressor",
    "sklearn.neighbors.KNeighborsRegressor",
    "sklearn.neural_network.MLPRegressor",
    "sklearn.pipeline.FeatureUnion",
    "sklearn.preprocessing.StandardScaler",
    "sklearn.svm.LinearSVR",
    "sklearn.svm.NuSVR",
    "sklearn.svm.SVR",
    "sklearn.tree.DecisionTreeRegressor",
    "sklearn.tree.ExtraTreeRegressor",
    "xgboost.XGBRegressor",
)


@cache
def _own_modules() -> tuple[str, ...]:
    """Return the public modules of hwnas whose classes a file may name."""
    models = [
        f"hwnas.predictor.{module.name}"
        for module in pkgutil.iter_modules([str(Path(__file__).parent)])
        if not module.name.startswith("_")
    ]
    return ("hwnas.encoding", "hwnas.predictor", "hwnas.space", *models)


def _imported(name: str) -> object:
    """Import what has this name, or return None if its module has no such attribute."""
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute, None)


def _saveable(found: object) -> bool:
    return isinstance(found, type) and issubclass(found, (BaseEstimator, SearchSpace))


def class_named(name: object, trusted: Mapping[str, type]) -> type:
    """Return the class that a file names.

    Parameters
    ----------
    name : object
        What stands in the file.
    trusted : mapping of str to type
        See :func:`trusted_classes`.

    Raises
    ------
    UserError
        If no class of this name is allowed.
    ModuleNotFoundError
        If it belongs to a library that is not installed.
    """
    if isinstance(name, str):
        if name in trusted:
            return trusted[name]
        found = None
        if name in LIBRARY_CLASSES:
            found = _imported(name)
        elif name.rpartition(".")[0] in _own_modules():
            found = _imported(name)
            # What a module of hwnas imports for itself is not its own.
            if not getattr(found, "__module__", "").startswith("hwnas."):
                found = None
        if isinstance(found, type) and _saveable(found):
            return found
    raise UserError(
        f"names {shown(name)}, which is no class of hwnas that a saved predictor may use",
        remedy=f"trusted=[{shown(name)}] if it is a model of yours",
    )


def trusted_classes(names: Iterable[str]) -> dict[str, type]:
    """Import the classes that the reader trusts.

    Parameters
    ----------
    names : iterable of str
        Full public names, such as ``my_models.Median``.

    Returns
    -------
    dict of str to type
        By the given name, and by the name of the module that defines it.

    Raises
    ------
    UserError
        If there is no estimator or search space of such a name.
    """
    classes = {}
    for name in [names] if isinstance(names, str) else names:
        try:
            found = _imported(name)
        except (ModuleNotFoundError, ValueError) as error:
            # A module that exists may lack a library of its own: that is said as it is.
            missing = getattr(error, "name", None)
            if missing is not None and not f"{name}.".startswith(f"{missing}."):
                raise
            found = None
        if not isinstance(found, type) or not _saveable(found):
            raise UserError(
                f"trusted: {shown(name)} is no scikit-learn estimator or search space "
                "that can be imported here",
                remedy="the full public name of a class, such as my_models.Median",
            )
        classes[name] = classes[_defined_as(found)] = found
    return classes


def public_name(cls: type) -> str:
    """Return the name that stands for a class in a file.

    Raises
    ------
    UserError
        If no other process could find the class.
    """
    own = f"{cls.__module__}.{cls.__qualname__}"
    top = cls.__module__.partition(".")[0]
    if top == "hwnas":
        for module in _own_modules():
            # Its own package or module, without the private modules in it.
            if f"{own}.".startswith(f"{module}.") and _imported(f"{module}.{cls.__name__}") is cls:
                return f"{module}.{cls.__name__}"
    for name in LIBRARY_CLASSES:
        module, _, attribute = name.rpartition(".")
        if attribute == cls.__name__ and module.partition(".")[0] == top and _imported(name) is cls:
            return name
    if "<locals>" in own:
        raise UserError(
            f"{own} cannot be saved: a class defined in a function is found by no other process",
            remedy="define it in a module",
        )
    return own


def _defined_as(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
