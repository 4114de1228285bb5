"""``predictor=best``: a Gaussian process on costs of operations, without settings."""

from hwnas.predictor.best._design import choose_design
from hwnas.predictor.best._estimator import Best

__all__ = ["Best", "choose_design"]
