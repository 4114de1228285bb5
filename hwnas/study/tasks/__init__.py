"""The functions that run the grid points of a job. The key ``task`` of a study names one."""

from hwnas.study.tasks._live import run_live
from hwnas.study.tasks._predictors import run_predictors
from hwnas.study.tasks._simulation import run_simulations

__all__ = ["run_live", "run_predictors", "run_simulations"]
