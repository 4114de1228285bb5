"""Predictors that a user keeps: fit one to a whole table, ask it, and describe it."""

from hwnas.fitted._ask import read_strings, write_predictions
from hwnas.fitted._cross_validated import CrossValidated, cross_validate
from hwnas.fitted._describe import describe
from hwnas.fitted._fit import fit

__all__ = [
    "CrossValidated",
    "cross_validate",
    "describe",
    "fit",
    "read_strings",
    "write_predictions",
]
