"""``predictor=best``: a Gaussian process on costs of operations, without settings."""

from hwnas.predictor.best._estimator import Best

__all__ = ["Best"]
