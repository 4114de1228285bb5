"""Predictors: from architectures to a device's metric."""

from hwnas.predictor._build import build
from hwnas.predictor._fit_many import fit_many
from hwnas.predictor._loading import load_predictor
from hwnas.predictor._predictor import Predictor

__all__ = ["Predictor", "build", "fit_many", "load_predictor"]
