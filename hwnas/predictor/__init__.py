"""Predictors of a hardware metric: build, fit, save and load them."""

from hwnas.predictor._archive import printable
from hwnas.predictor._build import build
from hwnas.predictor._fit_many import fit_many
from hwnas.predictor._interval import fewest_residuals
from hwnas.predictor._loading import PREDICTOR_FILE, load_predictor, option_in
from hwnas.predictor._predictor import Predictor

__all__ = [
    "PREDICTOR_FILE",
    "Predictor",
    "build",
    "fewest_residuals",
    "fit_many",
    "load_predictor",
    "option_in",
    "printable",
]
