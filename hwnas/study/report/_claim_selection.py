"""The claims of the paper's abstract about selection: what errors cost, what verification gains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hwnas.study.report._claim_predictors import TAU
from hwnas.study.report._claims import (
    STANDARD_ERRORS,
    Case,
    Claim,
    clearly_positive,
    groups,
    spread,
    standard_error,
    with_value,
)

MRA, VERIFIED_MRA = "selection.mra_all_percent", "selection.mra_pareto_percent"
RETAINED, MEASURED = "selection.retained_hypervolume", "selection.n_measured"
LIVE_SIZE, LIVE_RETAINED = "live.n_measured", "live.retained_hypervolume"


class _SelectionClaim(Claim):
    """A claim about the selections of fitted predictors."""

    def concerns(self, point: Mapping[str, Any]) -> bool:
        """See `Claim`."""
        return str(point.get("selection", "none")) != "none"


@dataclass(frozen=True)
class SuboptimalSelections(_SelectionClaim):
    """The claim that inaccurate predictions cost accuracy and hypervolume."""

    @property
    def rule(self) -> str:
        """See `Claim`."""
        return (
            "A dataset counts if the selected set of every predictor and size has an MRA above 0 "
            f"and a retained hypervolume below 1, both by more than {STANDARD_ERRORS:g} standard "
            "errors, and if predictors and sizes with a higher τ have a lower MRA (Spearman's rank "
            "correlation below 0). A simulation counts if MRA rises and hypervolume falls from the "
            "smallest to the largest σ."
        )

    def cases(self, rows: pd.DataFrame) -> list[Case]:
        """See `Claim`."""
        found = []
        for (data,), own in groups(with_value(rows, MRA), "axis.data"):
            parts = [part for _, part in groups(own, "axis.predictor", "axis.n_train")]
            means = pd.DataFrame([part[[TAU, MRA, RETAINED]].mean() for part in parts])
            rank_correlation = means[TAU].corr(means[MRA], method="spearman")
            lost = all(
                clearly_positive(part[MRA]) and clearly_positive(1 - part[RETAINED])
                for part in parts
            )
            text = (
                f"MRA {_range(means[MRA])} %, retained hypervolume {_range(means[RETAINED])} "
                f"({_sizes(own)}; means over {own['identity.seed'].nunique()} seeds); rank "
                f"correlation of τ and MRA {rank_correlation:.2f}"
            )
            found.append(Case(str(data), lost and bool(rank_correlation < 0), text))
        return found + [_simulated(data, own) for (data,), own in _simulations(rows)]


def _simulated(data: object, own: pd.DataFrame) -> Case:
    first, last = own.iloc[0], own.iloc[-1]
    rises = last["mra_all_percent"] > first["mra_all_percent"]
    text = (
        f"simulated with {_simulation(first)}: MRA {first['mra_all_percent']:.2f} % with σ = "
        f"{first['sigma']:g} to {last['mra_all_percent']:.2f} % with σ = {last['sigma']:g}, "
        f"hypervolume {first['hypervolume']:.2f} to {last['hypervolume']:.2f}"
    )
    return Case(str(data), bool(rises and last["hypervolume"] < first["hypervolume"]), text)


@dataclass(frozen=True)
class VerificationHelps(_SelectionClaim):
    """The claim that verification lowers the MRA substantially.

    Parameters
    ----------
    share : float
        Largest share of the MRA that may remain.
    sigma : float
        Standard deviation of the simulated deviations at which simulations are judged.
    """

    share: float
    sigma: float = 0.2

    @property
    def rule(self) -> str:
        """See `Claim`."""
        return (
            "A dataset and size counts if verification leaves at most "
            f"{self.share:.0%} of the mean MRA, and lowers it by more than {STANDARD_ERRORS:g} "
            f"standard errors. A simulation counts if at most {self.share:.0%} is left with σ = "
            f"{self.sigma:g}."
        )

    def cases(self, rows: pd.DataFrame) -> list[Case]:
        """See `Claim`."""
        found = []
        for (data, size), own in groups(with_value(rows, MRA), "axis.data", "axis.n_train"):
            left = own[VERIFIED_MRA].mean() / own[MRA].mean() if own[MRA].mean() > 0 else 1.0
            helps = left <= self.share and clearly_positive(own[MRA] - own[VERIFIED_MRA])
            text = (
                f"with {size:,.0f}, MRA {spread(own[MRA], 2)} % to {spread(own[VERIFIED_MRA], 2)} %"
                f" ({own['axis.predictor'].nunique()} predictors, "
                f"{own['identity.seed'].nunique()} seeds)"
            )
            found.append(Case(str(data), bool(helps), text))
        for (data,), own in _simulations(rows):
            line = own[own["sigma"] == self.sigma].iloc[0]
            before, after = line["mra_all_percent"], line["mra_pareto_percent"]
            text = (
                f"simulated with {_simulation(line)}, σ = {self.sigma:g}: MRA {before:.2f} % to "
                f"{after:.2f} %"
            )
            found.append(Case(str(data), bool(after <= self.share * before), text))
        return found


@dataclass(frozen=True)
class PredictingBeatsLive(_SelectionClaim):
    """The claim that predicting beats live measuring under a time budget.

    Time is counted in measurements: those that train the predictor and those of verification.

    Parameters
    ----------
    tau_below : float
        A predictor with a mean τ below this counts as inaccurate.
    seconds_below : float
        A predictor that is fitted in a mean of fewer seconds counts as fast.
    """

    tau_below: float
    seconds_below: float

    @property
    def rule(self) -> str:
        """See `Claim`."""
        return (
            f"A predictor with a mean τ below {self.tau_below:g} that is fitted in less than "
            f"{self.seconds_below:g} s counts if its verified selection retains more hypervolume "
            "than the front of as many architectures measured at random, by more than "
            f"{STANDARD_ERRORS:g} standard errors. The measurements that train the predictor and "
            "those of verification both count."
        )

    def cases(self, rows: pd.DataFrame) -> list[Case]:
        """See `Claim`."""
        live = {data: own for (data,), own in groups(with_value(rows, LIVE_SIZE), "axis.data")}
        found = []
        columns = ("axis.data", "axis.predictor", "axis.n_train")
        for (data, predictor, size), own in groups(with_value(rows, MRA), *columns):
            tau, seconds = own[TAU].mean(), own["timings.fit_seconds"].mean()
            if data not in live or tau >= self.tau_below or seconds >= self.seconds_below:
                continue
            curve = live[data].sort_values(LIVE_SIZE)
            spent = float(size) + own[MEASURED].mean()  # type: ignore[arg-type]
            sizes, retained = np.log(curve[LIVE_SIZE]), curve[LIVE_RETAINED]
            random, error = (
                np.interp(np.log(spent), sizes, column)
                for column in (retained, curve[f"{LIVE_RETAINED}_sem"])
            )
            ahead = own[RETAINED].mean() - random
            error = np.hypot(error, standard_error(own[RETAINED]))
            text = (
                f"{predictor} with {size:,.0f} (τ {tau:.2f}): {spent:.0f} measurements retain "
                f"{spread(own[RETAINED])} ({len(own)} seeds), as many at random {random:.3f}; "
                f"{_as_good(own[RETAINED].mean(), curve)} at random are worth as much"
            )
            found.append(Case(str(data), bool(ahead > STANDARD_ERRORS * error), text))
        return found


def _as_good(retained: float, curve: pd.DataFrame) -> str:
    """Return how many random architectures retain as much hypervolume, as text."""
    # The means of few draws may fall a little where they should rise.
    rising = np.maximum.accumulate(curve[LIVE_RETAINED].to_numpy())
    sizes = curve[LIVE_SIZE].to_numpy()
    if retained > rising[-1]:
        return f"more than {sizes[-1]:,.0f}"
    return f"{np.exp(np.interp(retained, rising, np.log(sizes))):,.0f}"


def _simulations(rows: pd.DataFrame) -> list[tuple[tuple[Any, ...], pd.DataFrame]]:
    """Return the rows of each simulated dataset, sorted by σ."""
    return [
        (data, own.sort_values("sigma"))
        for data, own in groups(with_value(rows, "sigma"), "axis.data")
    ]


def _simulation(line: pd.Series[Any]) -> str:
    return (
        f"pairing {line['pairing']}, {line['n_candidates']:,.0f} candidates, "
        f"{line['trials']:.0f} trials"
    )


def _sizes(own: pd.DataFrame) -> str:
    names = ", ".join(own["axis.predictor"].unique())
    return f"{names} with {own['axis.n_train'].min():,.0f} to {own['axis.n_train'].max():,.0f}"


def _range(values: pd.Series[float]) -> str:
    return f"{values.min():.3f} to {values.max():.3f}"
