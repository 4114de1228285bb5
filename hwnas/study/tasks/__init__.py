"""What a study runs at each point of its grid, named in an experiment's ``points``."""

from hwnas.study.tasks._predictors import run_predictors
from hwnas.study.tasks._simulation import run_simulations

__all__ = ["run_predictors", "run_simulations"]
