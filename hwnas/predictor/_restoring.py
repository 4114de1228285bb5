"""Conversion of JSON and arrays back to fitted estimators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from hwnas.predictor._archive import Archive, array_of, printable
from hwnas.predictor._library_models import HANDLERS, check_restored
from hwnas.predictor._saveable_types import Trusted, check_network_function, class_named
from hwnas.predictor._state import SCALARS, Saveable
from hwnas.predictor._trees import trees_of
from hwnas.space import SearchSpace


class Decoder:
    """Converts the JSON of an `Encoder` to estimators.

    Parameters
    ----------
    archive : Archive
        Holds the arrays and texts.
    trusted : dict of str to type or function
        Classes that this file may name in addition to those that every file may name.
    trees : JSON
        The return value of :meth:`Encoder.trees`.

    Raises
    ------
    UserError
        If the JSON names a class that is not allowed.
    ModuleNotFoundError
        If a library is not installed.
    """

    def __init__(self, archive: Archive, trusted: Trusted, trees: Any) -> None:
        self._archive = archive
        self._trusted = trusted
        self._kinds: dict[str, Callable[[Any], Any]] = {
            "$float": float,
            "$scalar": self._scalar,
            "$array": self._array,
            "$text": self._text,
            "$tuple": lambda content: tuple(self.decode(content)),
            "$items": lambda content: dict(self.decode(content)),
            # Each tree may be used once: two models that share a tree could change each other.
            "$tree": lambda content: self._trees.pop(content),
            "$space": self._space,
            "$estimator": self._estimator,
        }
        columns = self.decode(trees)
        self._trees: dict[int, Any] = dict(enumerate(trees_of(columns))) if columns else {}

    def decode(self, node: Any) -> Any:
        """Return the value that was encoded as `node`; raise any exception if it is invalid."""
        if isinstance(node, list):
            return [self.decode(item) for item in node]
        if not isinstance(node, dict):
            return node
        if not any(key.startswith("$") for key in node):
            return {key: self.decode(item) for key, item in node.items()}
        [(kind, content)] = node.items()
        return self._kinds[kind](content)

    def _scalar(self, content: list[Any]) -> Any:
        name, value = content
        return SCALARS[name](self.decode(value))

    def _text(self, member: str) -> str:
        return self._archive.take(member).decode()

    def _array(self, member: str) -> NDArray[Any]:
        return array_of(self._archive.take(member))

    def _space(self, content: Any) -> Any:
        if isinstance(content, str):
            return self._class(content, SearchSpace)()
        parameters = self.decode(content["parameters"])
        if parameters.get("network") is not None:
            check_network_function(parameters["network"], self._trusted)
        return self._class(content["type"], SearchSpace)(**parameters)

    def _class(self, name: object, base: type) -> type:
        cls = class_named(name, self._trusted)
        if not issubclass(cls, base):
            raise ValueError(f"{printable(name)} is not a {base.__name__}")
        return cls

    def _estimator(self, content: dict[str, Any]) -> Any:
        cls = self._class(content["type"], BaseEstimator)
        estimator = cls(**self.decode(content["parameters"]))
        state = self.decode(content["fitted"])
        if not state:
            return estimator
        handler = HANDLERS.get(content["type"])
        if handler is not None:
            handler.restore(estimator, state)
        elif isinstance(estimator, Saveable):
            estimator.restore_state(state)
        else:
            for name in state:
                # A file must not replace methods or the special attributes of Python.
                if name.startswith("__") or callable(getattr(cls, name, None)):
                    raise ValueError(f"{cls.__name__} has no fitted attribute {printable(name)}")
            vars(estimator).update(state)
        check_restored(estimator)
        return estimator
