"""The claims of the paper's abstract about predictors: which is best, and what linear ones do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from hwnas.study.report._claims import Case, Claim, groups, judged, spread, with_value

TAU = "scores.kendall_tau"


@dataclass(frozen=True)
class BestPredictors(Claim):
    """The claim that some predictors are better than all others, given enough measurements.

    Parameters
    ----------
    predictors : sequence of str
        Labels of these predictors on the axis ``predictor``.
    least : int
        Smallest number of training measurements at which predictors are compared.
    """

    predictors: Sequence[str]
    least: int = 2999

    @property
    def rule(self) -> str:
        """See `Claim`."""
        return (
            f"A dataset and size counts if, with at least {self.least:,} training measurements, "
            f"one of {', '.join(self.predictors)} has the highest mean τ of all predictors."
        )

    def concerns(self, point: Mapping[str, Any]) -> bool:
        """See `Claim`."""
        return point.get("predictor") in self.predictors and point["n_train"] >= self.least

    def cases(self, rows: pd.DataFrame) -> list[Case]:
        """See `Claim`."""
        scored = with_value(rows, TAU)
        scored = scored[scored["axis.n_train"] >= self.least]
        found = []
        for (data, size), own in groups(scored, "axis.data", "axis.n_train"):
            taus = own.groupby("axis.predictor")[TAU]
            means = taus.mean().sort_values(ascending=False)
            ours = [name for name in means.index if name in self.predictors]
            others = [name for name in means.index if name not in self.predictors]
            if not ours or not others:
                continue
            texts = [f"{name} {spread(taus.get_group(name))}" for name in (*ours, others[0])]
            text = (
                f"with {size:,.0f}, {', '.join(texts)} (best of {len(others)} others; "
                f"{taus.size()[ours[0]]} seeds)"
            )
            found.append(Case(str(data), means[ours[0]] > means[others[0]], text))
        return found


@dataclass(frozen=True)
class SolvedByLinear(Claim):
    """The claim that linear regression is enough for most datasets.

    Parameters
    ----------
    predictor : str
        Label of linear regression on the axis ``predictor``.
    tau : float
        Kendall's τ from which a dataset counts as solved.
    """

    predictor: str
    tau: float

    @property
    def rule(self) -> str:
        """See `Claim`."""
        return (
            f"A dataset counts if the mean τ of {self.predictor} with the largest number of "
            f"training measurements is at least {self.tau:g}. The claim holds if more than half of "
            "the paper's datasets count, and more than half of the stand-ins; in part if only one "
            "of these is true."
        )

    def concerns(self, point: Mapping[str, Any]) -> bool:
        """See `Claim`."""
        return point.get("predictor") == self.predictor

    def cases(self, rows: pd.DataFrame) -> list[Case]:
        """See `Claim`."""
        scored = with_value(rows, TAU)
        scored = scored[scored["axis.predictor"] == self.predictor]
        found = []
        for (data,), own in groups(scored, "axis.data"):
            size = own["axis.n_train"].max()
            taus = own.loc[own["axis.n_train"] == size, TAU]
            text = f"{spread(taus)} with {size:,.0f} ({len(taus)} seeds)"
            found.append(Case(str(data), bool(taus.mean() >= self.tau), text))
        return found

    def verdict(self, cases: Sequence[Case], stand_ins: set[str]) -> str:
        """See `Claim`."""
        halves = [
            [case.holds for case in cases if (case.data in stand_ins) == is_stand_in]
            for is_stand_in in (False, True)
        ]
        return judged([sum(half) > len(half) / 2 for half in halves if half])
