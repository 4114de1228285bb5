"""Studies: grids of experiments or simulations, which ``hwnas sweep`` runs and reports on."""

from hwnas.study._actions import COMMANDS, act
from hwnas.study._grid import GridPoint, expand
from hwnas.study._ledger import POINTS, Ledger, Outcome, Progress
from hwnas.study._study import Study
from hwnas.study._tracked import has_experiments, study_record

__all__ = [
    "COMMANDS",
    "POINTS",
    "GridPoint",
    "Ledger",
    "Outcome",
    "Progress",
    "Study",
    "act",
    "expand",
    "has_experiments",
    "study_record",
]
