"""Saved predictors: files that are safe to load from anyone and hold no more than is needed.

A file is a zip of ``predictor.json`` and what it refers to: arrays in NumPy's format without
pickled objects (``arrays/``) and the boosters of XGBoost and LightGBM in their libraries' own text
format (``texts/``). The document has the keys

- ``format``, ``version``: ``hwnas predictor`` and a whole number, which grows when a file can no
  longer be read as before;
- ``hwnas``, ``libraries``: versions that the file was written with;
- ``predictor``: the predictor, see `hwnas/predictor/_state.py`;
- ``trees``: the trees of forests and of NGBoost, see `hwnas/predictor/_trees.py`;
- ``metadata``: what the writer wants the reader to know.

Loading runs no code that the file chooses. The text of a booster is read by its library.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import hwnas
from hwnas.predictor._archive import write
from hwnas.predictor._state import Encoder

FORMAT = "hwnas predictor"
VERSION = 1


def save(predictor: Any, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write a fitted predictor; see :meth:`hwnas.predictor.Predictor.save`."""
    encoder = Encoder()
    document = {
        "format": FORMAT,
        "version": VERSION,
        "hwnas": hwnas.__version__,
        "predictor": encoder.encode(predictor, "predictor"),
        "metadata": encoder.encode(dict(metadata), "metadata"),
        "trees": encoder.trees(),
    }
    document["libraries"] = {name: library_version(name) for name in sorted(encoder.libraries)}
    write(path, document, encoder.members)


def library_version(name: str) -> str:
    """Return the version of an imported package."""
    return str(sys.modules[name].__version__)
