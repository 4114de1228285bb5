"""One experiment, from a table of measurements to the cost of a predictor's errors."""

from hwnas.experiment._result import Result, read_result
from hwnas.experiment._run import run
from hwnas.experiment._split import Split, split, split_by_design

__all__ = ["Result", "Split", "read_result", "run", "split", "split_by_design"]
