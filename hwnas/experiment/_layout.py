"""The types of the values in ``result.json``, checked when it is read.

A result folder may come from somebody else, or from an editor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KNOWN = (int, float)
_NUMBER = (*_KNOWN, type(None))
_TEXT = (str, type(None))
#: Parts of the identity that every version of hwnas writes.
_IDENTITY = ("space", "dataset", "device", "metric", "unit", "predictor", "study")
_SIZES = ("n_train", "n_test", "seed")


def check_layout(content: Any) -> None:
    """Raise an error if a part of a result has another type than hwnas writes.

    Parameters
    ----------
    content : object
        What the JSON of ``result.json`` holds.

    Raises
    ------
    KeyError
        If a part is missing.
    TypeError
        If a part is of another type.
    """
    identity = _of(content, "identity", dict)
    for name in _IDENTITY:
        _of(identity, name, str)
    for name in _SIZES:
        _of(identity, name, int)
    # Results of older versions do not state how training measurements were chosen.
    _of({"train": "random", **identity}, "train", str)
    for part in ("scores", "scores_all", "timings"):
        values = _of(content, part, dict)
        for name in values:
            _of(values, name, _NUMBER)
    _of(content["scores"], "kendall_tau", _KNOWN)
    for name in ("tune_seconds", "fit_seconds"):
        _of(content["timings"], name, _KNOWN)
    selection = _of(content, "selection", (dict, type(None)))
    for name in ("mra_all_percent", "mra_pareto_percent") if selection is not None else ():
        _of(selection, name, _NUMBER)
    _of(content, "selection_skipped", _TEXT)
    predictor = _of(content, "predictor", dict)
    for name in ("name", "preset"):
        _of(predictor, name, str)
    _of(predictor, "best_params", dict)
    _of(predictor, "n_trials", int)
    provenance = _of(content, "provenance", dict)
    _of(provenance, "kind", str)
    _of(provenance, "environment", dict)
    for name in ("values", "accuracy"):
        values = _of(provenance, name, dict if name == "values" else (dict, type(None)))
        if values is not None:
            _of(values, "source", str)
            _of({"details": {}, **values}, "details", dict)
    _of({"revision": None, **content}, "revision", (dict, type(None)))
    _of({"interval": None, **content}, "interval", (dict, type(None)))


def _of(node: Mapping[str, Any], name: str, kinds: Any) -> Any:
    value = node[name]
    if not isinstance(value, kinds):
        raise TypeError(f"{name} is {type(value).__name__}")
    return value
