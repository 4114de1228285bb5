"""One experiment, from a table of measurements to the cost of a predictor's errors.

`Experiment` is made of objects. `prepare` and `run` make one from a configuration.
"""

from hwnas.experiment._experiment import Experiment, TuningSet
from hwnas.experiment._finished import Data
from hwnas.experiment._folder import check_writable
from hwnas.experiment._result import PREDICTIONS, RESULT, Result
from hwnas.experiment._revision import REVISIONS, outdated, revisions
from hwnas.experiment._run import Prepared, prepare, run
from hwnas.experiment._split import Split, split

__all__ = [
    "PREDICTIONS",
    "RESULT",
    "REVISIONS",
    "Data",
    "Experiment",
    "Prepared",
    "Result",
    "Split",
    "TuningSet",
    "check_writable",
    "outdated",
    "prepare",
    "revisions",
    "run",
    "split",
]
