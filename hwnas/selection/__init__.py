"""Selection: Pareto fronts, what a predictor's deviations cost, and the simulation of both."""

from hwnas.selection._pareto import hypervolume, nondominated, objectives, pareto_front
from hwnas.selection._select import Scale, Selection, reduction, score_selected, select
from hwnas.selection._selector import Selector

__all__ = [
    "Scale",
    "Selection",
    "Selector",
    "hypervolume",
    "nondominated",
    "objectives",
    "pareto_front",
    "reduction",
    "score_selected",
    "select",
]
