"""Selection: Pareto fronts, what a predictor's deviations cost, and the simulation of both."""

from hwnas.selection._deviations import Bootstrap, Deviations, Mixture, Normal
from hwnas.selection._of_table import accuracy_and_cost
from hwnas.selection._pareto import hypervolume, nondominated, objectives, pareto_front
from hwnas.selection._report import (
    Comparison,
    compare,
    read_rows,
    simulation_rows,
    write_rows,
)
from hwnas.selection._select import Scale, Selection, reduction, score_selected, select
from hwnas.selection._selector import Selector
from hwnas.selection._simulate import CANDIDATES, SIGMAS, Simulation, simulate
from hwnas.selection._sweep import SCORES
from hwnas.selection._tau import dense_ranks, kendall_tau

__all__ = [
    "CANDIDATES",
    "SCORES",
    "SIGMAS",
    "Bootstrap",
    "Comparison",
    "Deviations",
    "Mixture",
    "Normal",
    "Scale",
    "Selection",
    "Selector",
    "Simulation",
    "accuracy_and_cost",
    "compare",
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
    "write_rows",
]
