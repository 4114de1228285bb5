"""hwnas: predictors of hardware metrics in neural architecture search.

The names below are the public interface. They are imported when they are first used, so that
``import hwnas`` takes no time.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hwnas.api import load_dataset, make_predictor
    from hwnas.dataset import Table
    from hwnas.experiment import Experiment, Result, Split, split
    from hwnas.metric import Metric
    from hwnas.predictor import Predictor, load_predictor
    from hwnas.scores import score
    from hwnas.selection import Selector
    from hwnas.tuning import Tuner

__version__ = "0.2.0"

#: Where each public name is defined.
_PUBLIC = {
    "Experiment": "hwnas.experiment",
    "Metric": "hwnas.metric",
    "Predictor": "hwnas.predictor",
    "Result": "hwnas.experiment",
    "Selector": "hwnas.selection",
    "Split": "hwnas.experiment",
    "Table": "hwnas.dataset",
    "Tuner": "hwnas.tuning",
    "load_dataset": "hwnas.api",
    "load_predictor": "hwnas.predictor",
    "make_predictor": "hwnas.api",
    "score": "hwnas.scores",
    "split": "hwnas.experiment",
}

__all__ = [
    "Experiment",
    "Metric",
    "Predictor",
    "Result",
    "Selector",
    "Split",
    "Table",
    "Tuner",
    "load_dataset",
    "load_predictor",
    "make_predictor",
    "score",
    "split",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'hwnas' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    """Return the public names, for completion."""
    return [*__all__, "__version__"]
