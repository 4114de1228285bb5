"""Searching the Pareto front of accuracy and hardware metrics of a whole search space."""

from hwnas.search._archive import Archive, Problem
from hwnas.search._command import run
from hwnas.search._methods import Method, search
from hwnas.search._moves import Moves
from hwnas.search._quantities import ACCURACY, Known, Predicted, Quantity, StandIn

__all__ = [
    "ACCURACY",
    "Archive",
    "Known",
    "Method",
    "Moves",
    "Predicted",
    "Problem",
    "Quantity",
    "StandIn",
    "run",
    "search",
]
