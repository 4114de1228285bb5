"""Gaussian processes on any encoding: exact, and with inducing points."""

from hwnas.predictor.gp._exact import ExactGP
from hwnas.predictor.gp._sparse import SparseGP

__all__ = ["ExactGP", "SparseGP"]
