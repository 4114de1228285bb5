"""Conversion of fitted estimators to JSON and arrays.

A file holds three things of an estimator: the public name of its class, the parameters of its
constructor, and its fitted attributes. A fitted attribute is any attribute that is not a parameter.
Parameters and fitted attributes may be numbers, texts, None, arrays of numbers and estimators, and
lists, tuples and dictionaries of these. In JSON:

- numbers, texts, true, false, null and lists are written unchanged, and so are dictionaries whose
  keys are texts that do not begin with ``$``;
- any other value is written as an object with a single key that begins with ``$``, see
  :class:`hwnas.predictor._restoring.Decoder`.

A class with other fitted attributes defines two methods, see :class:`Saveable`.
"""

from __future__ import annotations

import math
from typing import Any, Protocol, runtime_checkable

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from hwnas.errors import UserError
from hwnas.predictor._archive import npy_bytes
from hwnas.predictor._library_models import HANDLERS
from hwnas.predictor._saveable_types import LIBRARY_CLASSES, public_name
from hwnas.predictor._trees import columns_of, is_tree
from hwnas.space import SearchSpace

#: Texts with more characters, such as boosters, become separate members of the archive.
_LONG_TEXT = 1000
#: NumPy's scalar types, by name.
SCALARS = {"bool": np.bool_, "float32": np.float32, "float64": np.float64} | {
    f"{sign}int{bits}": np.dtype(f"{sign}int{bits}").type
    for sign in ("", "u")
    for bits in (8, 16, 32, 64)
}
_NOT_PLAIN = object()


@runtime_checkable
class Saveable(Protocol):
    """An estimator that defines its saved state itself.

    A class needs this for fitted attributes that cannot be stored, such as a torch network. It is
    useful for attributes that are large but fast to compute again, such as a covariance matrix.
    """

    def saved_state(self) -> dict[str, Any]:
        """Return what `restore_state` needs; its values are of the types that a file can hold."""

    def restore_state(self, state: dict[str, Any]) -> None:
        """Set the fitted attributes from the return value of `saved_state`.

        The object has its parameters already.
        """


class Encoder:
    """Converts estimators to JSON, and collects the arrays and texts that the JSON refers to.

    Attributes
    ----------
    members : dict of str to bytes
        Arrays and long texts, by their names in the archive.
    libraries : set of str
        Packages whose classes the estimators use, among those of `LIBRARY_CLASSES`.
    """

    def __init__(self) -> None:
        self.members: dict[str, bytes] = {}
        self.libraries: set[str] = set()
        self._trees: list[Any] = []

    def encode(self, value: Any, where: str) -> Any:
        """Return the JSON of a value.

        Parameters
        ----------
        value : object
        where : str
            The path to the value, for the error message.

        Raises
        ------
        UserError
            If a part of the value is of a type that cannot be stored.
        """
        plain = self._plain(value)
        if plain is not _NOT_PLAIN:
            return plain
        if isinstance(value, list):
            return [self.encode(item, f"{where}[{i}]") for i, item in enumerate(value)]
        if isinstance(value, tuple):
            return {"$tuple": self.encode(list(value), where)}
        if isinstance(value, dict):
            return self._dictionary(value, where)
        if isinstance(value, BaseEstimator):
            return {"$estimator": self._estimator(value)}
        raise UserError(
            f"{where} is of type {type(value).__module__}.{type(value).__qualname__}, "
            "which cannot be saved",
            remedy="define the methods saved_state and restore_state in its class, "
            "see docs/saved_predictors.md",
        )

    def _plain(self, value: Any) -> Any:
        """Return the JSON of a value that is not a container or estimator, else `_NOT_PLAIN`."""
        if value is None or type(value) in (bool, int):
            return value
        if type(value) is float:
            return value if math.isfinite(value) else {"$float": repr(value)}
        if isinstance(value, str):
            return self._text(str(value))
        if isinstance(value, np.generic) and value.dtype.name in SCALARS:
            return {"$scalar": [value.dtype.name, self._plain(value.item())]}
        if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
            return {"$array": self._member("arrays", "npy", npy_bytes(value))}
        if isinstance(value, SearchSpace):
            name, parameters = self._name(type(value)), value.parameters
            if not parameters:
                return {"$space": name}
            return {"$space": {"type": name, "parameters": self.encode(parameters, "space")}}
        if is_tree(value):
            self._trees.append(value)
            return {"$tree": len(self._trees) - 1}
        return _NOT_PLAIN

    def trees(self) -> Any:
        """Return the JSON of all trees encoded so far. `Decoder` reads it first."""
        return self.encode(columns_of(self._trees) if self._trees else {}, "trees")

    def _text(self, text: str) -> Any:
        if len(text) <= _LONG_TEXT:
            return text
        return {"$text": self._member("texts", "txt", text.encode())}

    def _member(self, folder: str, ending: str, content: bytes) -> str:
        name = f"{folder}/{len(self.members)}.{ending}"
        self.members[name] = content
        return name

    def _dictionary(self, value: dict[Any, Any], where: str) -> Any:
        if all(type(key) is str and not key.startswith("$") for key in value):
            return {key: self.encode(item, f"{where}[{key!r}]") for key, item in value.items()}
        return {"$items": self.encode([list(item) for item in value.items()], where)}

    def _name(self, cls: type) -> str:
        name = public_name(cls)
        if name in LIBRARY_CLASSES:
            self.libraries.add(name.partition(".")[0])
        return name

    def _estimator(self, estimator: Any) -> dict[str, Any]:
        name = self._name(type(estimator))
        parameters = estimator.get_params(deep=False)
        handler = HANDLERS.get(name)
        if handler is None and not isinstance(estimator, Saveable):
            state = {key: item for key, item in vars(estimator).items() if key not in parameters}
        elif not _is_fitted(estimator):
            state = {}
        elif handler is not None:
            state = handler.state(estimator)
        else:
            state = estimator.saved_state()
        return {
            "type": name,
            "parameters": self._attributes(name, parameters),
            "fitted": self._attributes(name, state),
        }

    def _attributes(self, name: str, values: dict[str, Any]) -> dict[str, Any]:
        return {key: self.encode(value, f"{name}.{key}") for key, value in values.items()}


def _is_fitted(estimator: Any) -> bool:
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    return True
