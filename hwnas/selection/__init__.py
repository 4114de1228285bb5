"""Selection: Pareto fronts, what a predictor's deviations cost, and the simulation of both."""

from hwnas.selection._candidates import accuracy_and_cost
from hwnas.selection._deviations import Bootstrap, Deviations, Mixture, Normal
from hwnas.selection._learner import Learner, check_calibration
from hwnas.selection._limit import (
    Calibration,
    Constrained,
    ConstraintRates,
    constrain,
    constraint_rates,
)
from hwnas.selection._many_predictions import SCORES
from hwnas.selection._pareto import hypervolume, nondominated, objectives, pareto_front
from hwnas.selection._scores import (
    Live,
    RoundScores,
    Scale,
    Selection,
    reduction,
    score_selected,
    select,
)
from hwnas.selection._selector import Selector
from hwnas.selection._simulate import CANDIDATES, SIGMAS, Simulation, simulate
from hwnas.selection._simulation_rows import (
    Comparison,
    compare,
    read_rows,
    simulation_rows,
    write_rows,
)
from hwnas.selection._tau import dense_ranks, kendall_tau
from hwnas.selection._verify import Measure, Relearn, Verification, verify

__all__ = [
    "CANDIDATES",
    "SCORES",
    "SIGMAS",
    "Bootstrap",
    "Calibration",
    "Comparison",
    "Constrained",
    "ConstraintRates",
    "Deviations",
    "Learner",
    "Live",
    "Measure",
    "Mixture",
    "Normal",
    "Relearn",
    "RoundScores",
    "Scale",
    "Selection",
    "Selector",
    "Simulation",
    "Verification",
    "accuracy_and_cost",
    "check_calibration",
    "compare",
    "constrain",
    "constraint_rates",
    "dense_ranks",
    "hypervolume",
    "kendall_tau",
    "nondominated",
    "objectives",
    "pareto_front",
    "read_rows",
    "reduction",
    "score_selected",
    "select",
    "simulate",
    "simulation_rows",
    "verify",
    "write_rows",
]
