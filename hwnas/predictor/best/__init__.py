"""``predictor=best``: a Gaussian process on what an architecture computes, without settings."""

from hwnas.predictor.best._estimator import Best

__all__ = ["Best"]
