"""Tuning: the search for a predictor's hyperparameters, on its training measurements only."""

from hwnas.tuning._none import NoTuning
from hwnas.tuning._result import TuningResult
from hwnas.tuning._saved import SavedTuning
from hwnas.tuning._search_space import read as read_search_space
from hwnas.tuning._tuner import Tuner

__all__ = ["NoTuning", "SavedTuning", "Tuner", "TuningResult", "read_search_space"]
