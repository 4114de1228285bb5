"""What a study runs at each point of its grid, named in an experiment's ``cells``."""

from hwnas.study.cells._predictors import run_predictors
from hwnas.study.cells._simulation import run_simulations

__all__ = ["run_predictors", "run_simulations"]
