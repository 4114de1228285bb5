"""Selecting architectures by predicted costs, and scoring what deviations cost the selection.

The package computes Pareto fronts, verifies selected sets, chooses under a limit, and simulates
predictors with deviations of a given size.
"""

from hwnas.selection._candidates import CandidateSet
from hwnas.selection._deviations import Bootstrap, Deviations, Mixture, Normal
from hwnas.selection._learner import Learner, check_calibration
from hwnas.selection._limit import (
    Calibration,
    Constrained,
    ConstraintRates,
    constrain,
    constraint_rates,
)
from hwnas.selection._losses import SELECTION_SCORES, SelectionScore, SetLosses
from hwnas.selection._many_predictions import fronts
from hwnas.selection._pareto import hypervolume, nondominated, objectives, pareto_front
from hwnas.selection._selection import (
    DeviceValues,
    Scale,
    Selection,
    reduction,
    score_selected,
    select_front,
)
from hwnas.selection._selector import MinAccuracy, Selector, twice_chance
from hwnas.selection._simulate import CANDIDATES, SIGMAS, Simulation, simulate
from hwnas.selection._simulation_rows import (
    Comparison,
    compare_simulations,
    read_rows,
    simulation_rows,
    write_rows,
)
from hwnas.selection._tau import dense_ranks, kendall_tau
from hwnas.selection._verify import Measure, Relearn, Verification, verify

__all__ = [
    "CANDIDATES",
    "SELECTION_SCORES",
    "SIGMAS",
    "Bootstrap",
    "Calibration",
    "CandidateSet",
    "Comparison",
    "Constrained",
    "ConstraintRates",
    "Deviations",
    "DeviceValues",
    "Learner",
    "Measure",
    "MinAccuracy",
    "Mixture",
    "Normal",
    "Relearn",
    "Scale",
    "Selection",
    "SelectionScore",
    "Selector",
    "SetLosses",
    "Simulation",
    "Verification",
    "check_calibration",
    "compare_simulations",
    "constrain",
    "constraint_rates",
    "dense_ranks",
    "fronts",
    "hypervolume",
    "kendall_tau",
    "nondominated",
    "objectives",
    "pareto_front",
    "read_rows",
    "reduction",
    "score_selected",
    "select_front",
    "simulate",
    "simulation_rows",
    "twice_chance",
    "verify",
    "write_rows",
]
