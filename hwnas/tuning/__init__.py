"""Tuning: hyperparameters of a predictor, searched on its training measurements alone."""

from hwnas.tuning._none import NoTuning
from hwnas.tuning._result import TuningResult
from hwnas.tuning._tuner import Tuner

__all__ = ["NoTuning", "Tuner", "TuningResult"]
