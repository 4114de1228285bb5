"""The report of a study: tables and figures, published figures beside ours."""

from hwnas.study.report._lookup import LookupAgainstLinear
from hwnas.study.report._published import compare
from hwnas.study.report._report import Material, Report, report
from hwnas.study.report._simulation import SelectionCost
from hwnas.study.report._train_sizes import TrainSizes

__all__ = [
    "LookupAgainstLinear",
    "Material",
    "Report",
    "SelectionCost",
    "TrainSizes",
    "compare",
    "report",
]
