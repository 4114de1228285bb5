"""One experiment: fit a predictor to a table, score it, and select with its predictions.

`Experiment` takes objects. `prepare` and `run` create one from a Hydra configuration.
"""

from hwnas.experiment._experiment import Experiment, TuningSet
from hwnas.experiment._finished import Data
from hwnas.experiment._folder import check_writable
from hwnas.experiment._identity import outputs_of
from hwnas.experiment._interval import interval_scores
from hwnas.experiment._loading import load_table
from hwnas.experiment._record import loaded_record
from hwnas.experiment._result import COMMAND, CONFIG, PREDICTIONS, RESULT, Result
from hwnas.experiment._revision import REVISIONS, outdated, revisions
from hwnas.experiment._run import Prepared, prepare, run
from hwnas.experiment._sources import build_for, digests_of, with_tables
from hwnas.experiment._split import TRAIN, Split, split

__all__ = [
    "COMMAND",
    "CONFIG",
    "PREDICTIONS",
    "RESULT",
    "REVISIONS",
    "TRAIN",
    "Data",
    "Experiment",
    "Prepared",
    "Result",
    "Split",
    "TuningSet",
    "build_for",
    "check_writable",
    "digests_of",
    "interval_scores",
    "load_table",
    "loaded_record",
    "outdated",
    "outputs_of",
    "prepare",
    "revisions",
    "run",
    "split",
    "with_tables",
]
