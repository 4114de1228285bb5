"""Save a predictor to a file that anyone can load safely.

A file is a zip archive. It holds the document ``predictor.json``, and the arrays and long texts
that the document refers to. The arrays (``arrays/``) are in NumPy's format without pickled objects.
The long texts (``texts/``) are for example boosters in the text format of XGBoost or LightGBM. The
document has these keys:

- ``format``: the text ``hwnas predictor``;
- ``version``: the version of the format, an integer. It rises when older versions of hwnas can no
  longer read the files;
- ``hwnas``, ``libraries``: the versions of hwnas and of the libraries that wrote the file;
- ``predictor``: the predictor, see `hwnas/predictor/_state.py`;
- ``trees``: the trees of forests and of NGBoost, see `hwnas/predictor/_trees.py`;
- ``metadata``: numbers and texts of whoever saved the predictor.

Loading runs no code that the file chooses.
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
#: 2: a predictor has bounds.
VERSION = 2


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
