"""The classes that a saved predictor may use, and their names in the file.

A file names classes. This module checks that a name is allowed before it imports anything, so a
file cannot choose a module to import. Allowed are the public search spaces and estimators of hwnas,
the `LIBRARY_CLASSES`, and the classes that the reader of the file trusts explicitly.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

from sklearn.base import BaseEstimator

from hwnas.errors import UserError
from hwnas.predictor._archive import printable
from hwnas.space import SearchSpace

#: Classes and functions that the reader of a file trusts, by name.
Trusted = Mapping[str, type | Callable[..., Any]]
#: Classes of libraries that this package can save. A test saves and loads each of them.
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
    """Import the object of this name, or return None if its module has no such attribute."""
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute, None)


def _saveable(found: object) -> bool:
    return isinstance(found, type) and issubclass(found, (BaseEstimator, SearchSpace))


def class_named(name: object, trusted: Trusted) -> type:
    """Return the class that a file names.

    Parameters
    ----------
    name : object
        The name in the file.
    trusted : mapping of str to type or function
        The return value of :func:`trusted_classes`.

    Raises
    ------
    UserError
        If a saved predictor may not use a class of this name.
    ModuleNotFoundError
        If the class belongs to a library that is not installed.
    """
    if isinstance(name, str):
        found: object = trusted.get(name)
        if isinstance(found, type):
            return found
        if name in LIBRARY_CLASSES:
            found = _imported(name)
        elif name.rpartition(".")[0] in _own_modules():
            found = _imported(name)
            # Reject classes that a module of hwnas only imports from a library.
            if not getattr(found, "__module__", "").startswith("hwnas."):
                found = None
        if isinstance(found, type) and _saveable(found):
            return found
    raise UserError(
        f"names {printable(name)}, which is not among the classes that a saved predictor may use",
        remedy=f"load_predictor(..., trusted=[{printable(name)}]) if it is a model of yours",
    )


def check_network_function(name: object, trusted: Trusted) -> None:
    """Check that a search space in a file may name this function, which builds its networks.

    The function is imported and called, so a file must not choose just any.

    Raises
    ------
    UserError
        If the function is neither one of `hwnas.network` nor trusted.
    """
    public = isinstance(name, str) and name.rpartition(".")[0] == "hwnas.network"
    if not public and name not in trusted:
        raise UserError(
            f"names the function {printable(name)}, which builds the networks of its search space",
            remedy=f"load_predictor(..., trusted=[{printable(name)}]) if the function is yours",
        )


def trusted_classes(names: Iterable[str]) -> Trusted:
    """Import the classes and functions that the reader trusts.

    Parameters
    ----------
    names : iterable of str
        Full public names, such as ``my_models.Median``.

    Returns
    -------
    dict of str to type or function
        Each class under two keys: the given name, and the name with the module that defines it.

    Raises
    ------
    UserError
        If a name is not that of an estimator, a search space or a function.
    """
    classes: dict[str, type | Callable[..., Any]] = {}
    for name in [names] if isinstance(names, str) else names:
        try:
            found = _imported(name)
        except (ModuleNotFoundError, ValueError) as error:
            # The module of the class exists, but lacks a library: keep that error.
            missing = getattr(error, "name", None)
            if missing is not None and not f"{name}.".startswith(f"{missing}."):
                raise
            found = None
        if isinstance(found, FunctionType):
            classes[name] = found
            continue
        if not isinstance(found, type) or not _saveable(found):
            raise UserError(
                f"trusted: {printable(name)} is not an importable scikit-learn estimator "
                "or search space",
                remedy="the full name of the class, such as my_models.Median",
            )
        classes[name] = classes[_full_name(found)] = found
    return classes


def public_name(cls: type) -> str:
    """Return the name of a class in a file.

    Raises
    ------
    UserError
        If another process could not import the class.
    """
    full_name = _full_name(cls)
    top = cls.__module__.partition(".")[0]
    if top == "hwnas":
        for module in _own_modules():
            # The class may be defined in a private module below the public one.
            if (
                f"{full_name}.".startswith(f"{module}.")
                and _imported(f"{module}.{cls.__name__}") is cls
            ):
                return f"{module}.{cls.__name__}"
    for name in LIBRARY_CLASSES:
        module, _, attribute = name.rpartition(".")
        if attribute == cls.__name__ and module.partition(".")[0] == top and _imported(name) is cls:
            return name
    if "<locals>" in full_name:
        raise UserError(
            f"{full_name} cannot be saved: its class is defined in a function, where no other "
            "process can import it",
            remedy="define the class at the top level of a module",
        )
    return full_name


def _full_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
