"""``predictor=best``: a Gaussian process on costs of operations, without settings."""

from hwnas.predictor.best._design import choose_design
from hwnas.predictor.best._estimator import Best
from hwnas.predictor.best._prior import Prior, prior_of

__all__ = ["Best", "Prior", "choose_design", "prior_of"]
