"""The report of a study: tables, figures, and the paper's values beside ours."""

from hwnas.study.report._lookup import LookupAgainstLinear
from hwnas.study.report._published import published_table
from hwnas.study.report._report import Material, Report, write_report
from hwnas.study.report._simulation import SelectionCost
from hwnas.study.report._train_sizes import TrainSizes

__all__ = [
    "LookupAgainstLinear",
    "Material",
    "Report",
    "SelectionCost",
    "TrainSizes",
    "published_table",
    "write_report",
]
