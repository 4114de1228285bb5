"""The report of a study: tables, figures, and the paper's values beside ours."""

from hwnas.study.report._claim_predictors import BestPredictors, SolvedByLinear
from hwnas.study.report._claim_selection import (
    PredictingBeatsLive,
    SuboptimalSelections,
    VerificationHelps,
)
from hwnas.study.report._claims import Case, Claim, Claims
from hwnas.study.report._few_shot import FewShot
from hwnas.study.report._lookup import LookupAgainstLinear
from hwnas.study.report._published import published_table
from hwnas.study.report._report import Material, Report
from hwnas.study.report._simulation import SelectionCost
from hwnas.study.report._train_sizes import TrainSizes
from hwnas.study.report._write import parts_of, write_report

__all__ = [
    "BestPredictors",
    "Case",
    "Claim",
    "Claims",
    "FewShot",
    "LookupAgainstLinear",
    "Material",
    "PredictingBeatsLive",
    "Report",
    "SelectionCost",
    "SolvedByLinear",
    "SuboptimalSelections",
    "TrainSizes",
    "VerificationHelps",
    "parts_of",
    "published_table",
    "write_report",
]
