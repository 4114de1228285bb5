"""The answer in plain sentences: which predictor, its cost, and what verification gives back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from hwnas.page._gather import DataSet
from hwnas.page._summary import NO_BREAK, Cell, Mean, at_size, n_ahead

#: At most so many data sets are listed in a sentence.
MOST_NAMES = 6
#: Why verification can raise the loss.
RISES = (
    "Verification can raise the loss a little, because it is a mean over the networks that remain: "
    "it rises if those that were dropped lost less than this mean."
)


@dataclass(frozen=True)
class Answer:
    """Which predictor to use for one data set and one number of training measurements.

    Parameters
    ----------
    n_train : int
        Number of training measurements.
    setting : str
        What was measured.
    predictor : str
        The recommended predictor.
    sentences : tuple of str
        Why it is recommended, and what it costs. Names of predictors are between backticks.
    """

    n_train: int
    setting: str
    predictor: str
    sentences: tuple[str, ...]


def answer(
    data: DataSet, found: list[Cell], n_train: int, every: Mapping[str, list[Cell]]
) -> Answer:
    """Return the answer for one number of training measurements.

    Parameters
    ----------
    data : DataSet
    found : list of Cell
        Its cells.
    n_train : int
    every : mapping of str to list of Cell
        The cells of each data set of the page, by its short name.
    """
    ranked = at_size(found, n_train)
    best = ranked[0]
    sentences = [_ranking(best), *elsewhere(best.predictor, n_train, every), *_compared(ranked)]
    sentences += [*_cost(best, data.costs), *_verified(best, data.costs), *_cheaper(ranked)]
    sentences += _other_sizes(found, n_train)
    setting = f"{_measurements(n_train)} of {data.short}"
    return Answer(n_train, setting, best.predictor, tuple(sentences))


def override(predictor: str) -> str:
    """Return what chooses a predictor on the command line.

    Examples
    --------
    >>> override("paper/xgb (selection=none,tuning.n_trials=20)")
    'predictor=paper/xgb selection=none tuning.n_trials=20'
    """
    name, _, settings = predictor.partition(" (")
    more = settings.removesuffix(")").split(") (") if settings else []
    # A comma before the next key separates two overrides; others are part of a value.
    return re.sub(r",(?=[\w.@+]+=)", " ", " ".join([f"predictor={name}", *more]))


def _measurements(n: int) -> str:
    if n == 0:
        return "no training measurements"
    return "1 training measurement" if n == 1 else f"{n:,} training measurements"


def _points(mean: Mean) -> str:
    return f"{mean.text()}{NO_BREAK}percentage points"


def _seeds(mean: Mean) -> str:
    if mean.n == 1:
        return "one seed, so the spread is not known"
    return (
        f"mean and standard deviation of {mean.n} repeats with other random training measurements, "
        "called seeds"
    )


def _ranking(best: Cell) -> str:
    tau = best.tau
    return (
        f"Its ranking of networks agrees with the true one by Kendall's τ = {tau.text()} "
        f"({_seeds(tau)}; 1 is a perfect ranking, 0 is none)."
    )


def _compared(ranked: list[Cell]) -> list[str]:
    best, *others = ranked
    if not others:
        return ["No other predictor was run with this number of measurements."]
    second = others[0]
    ahead, n_common = n_ahead(best, second)
    text = f"The second best of {len(ranked)} predictors, `{second.predictor}`, reaches "
    text += f"τ = {second.tau.text()}"
    if n_common:
        text += f"; `{best.predictor}` is ahead of it on {ahead} of {n_common} seeds"
        if n_common < 3 or ahead < n_common:
            text += ", which does not settle which of the two is better"
    return [f"{text}."]


def _cost(best: Cell, costs: str) -> list[str]:
    loss = best.mean("mra_all_percent")
    if loss is None:
        return [
            "How much accuracy is lost by choosing networks by its predictions is not known, "
            "because these experiments made no selection (selection=none, or a table without "
            "accuracies)."
        ]
    return [
        f"Choosing networks by its predictions loses {_points(loss)} of accuracy: on average a "
        "chosen network is that much less accurate than the best network that is no worse in "
        f"{costs} (mean reduction in accuracy, MRA)."
    ]


def _verified(best: Cell, costs: str) -> list[str]:
    loss, after = best.mean("mra_all_percent"), best.mean("mra_pareto_percent")
    measured, kept = best.mean("n_measured"), best.mean("retained_hypervolume")
    if loss is None or after is None or measured is None or kept is None:
        return []
    n_more = round(measured.mean)
    remaining = best.mean("n_after_verification")
    about = "about " if measured.n > 1 else ""
    text = (
        f"Verification measures the chosen networks too, {about}{n_more:,} more measurements "
        f"({best.n_train:,} + {n_more:,} = {best.n_train + n_more:,} in all), and drops each that "
        f"another chosen one beats in accuracy as well as in {costs}. "
    )
    if remaining is not None:
        about = "About" if remaining.n > 1 else "Then"
        text += f"{about} {remaining.mean:,.0f} networks remain, which lose {_points(after)}."
    else:
        text += f"The networks that remain lose {_points(after)}."
    if after.mean > loss.mean:
        text += f" {RISES}"
    area = (
        f"In a chart of accuracy against {costs}, the curve of the networks that remain has "
        f"{kept.text(2)}{NO_BREAK}% of the area under the best possible curve (hypervolume)."
    )
    return [text, area]


def _cheaper(ranked: list[Cell]) -> list[str]:
    """Compare the accuracy that the choice of the other predictors loses."""
    losses: dict[str, Mean] = {
        cell.predictor: m for cell in ranked if (m := cell.mean("mra_all_percent"))
    }
    best = ranked[0].predictor
    if len(losses) < 2 or best not in losses:
        return []
    own = losses.pop(best)
    other = min(losses, key=lambda name: losses[name].mean)
    least = losses[other]
    text = f"Of the other predictors, the choice of `{other}` loses least before verification: "
    text += _points(least)
    if least.within_spread_of(own):
        return [
            f"{text}. This is no difference from `{best}`, because it is within the spread over "
            "seeds."
        ]
    if least.mean == own.mean:
        return [f"{text}, as much as that of `{best}`."]
    return [f"{text}, {'less' if least.mean < own.mean else 'more'} than that of `{best}`."]


def _other_sizes(found: list[Cell], n_train: int) -> list[str]:
    """Say which predictor is best with the next smaller and the next larger number."""
    sizes = sorted({cell.n_train for cell in found})
    place = sizes.index(n_train)
    own = at_size(found, n_train)[0].predictor
    sentences = []
    for word, other in (("fewer", place - 1), ("more", place + 1)):
        if 0 <= other < len(sizes):
            best = at_size(found, sizes[other])[0]
            which = "it reaches" if best.predictor == own else f"`{best.predictor}` is best:"
            sentences.append(
                f"With {word} measurements, {sizes[other]:,}, {which} τ = {best.tau.text()}."
            )
    return [" ".join(sentences)] if sentences else []


def elsewhere(predictor: str, n_train: int, others: Mapping[str, list[Cell]]) -> list[str]:
    """Say on how many data sets a predictor has the highest τ.

    Parameters
    ----------
    predictor : str
    n_train : int
        Number of training measurements; data sets without experiments of this size are left out.
    others : mapping of str to list of Cell
        The cells of each data set, by its short name.
    """
    winners = {
        name: ranked[0].predictor
        for name, found in others.items()
        if len(ranked := at_size(found, n_train)) > 1
    }
    if len(winners) < 2:
        return []
    won = [name for name, winner in winners.items() if winner == predictor]
    names = ", ".join(won[:MOST_NAMES]) + f" and {len(won) - MOST_NAMES} more" * (
        len(won) > MOST_NAMES
    )
    number = f"{len(won)} of {len(winners)}"
    if len(won) == len(winners):
        number = "both" if len(won) == 2 else f"all {len(won)}"
    return [f"With {n_train:,} measurements it ranks best on {number} data sets ({names})."]


def simulation_sentences(rows: pd.DataFrame) -> list[str]:
    """Return one sentence on each data set of a simulation study."""
    sentences = []
    chosen = rows
    if "architecture" in set(rows["pairing"]):
        chosen = rows[rows["pairing"] == "architecture"]
    for data, own in chosen.groupby("axis.data", sort=False):
        largest = own[own["n_candidates"] == own["n_candidates"].max()]
        means = largest.groupby("sigma")[["mra_all_percent", "mra_pareto_percent"]].mean()
        sigma = min(means.index, key=lambda value: abs(value - 0.3))
        loss, verified = means.loc[sigma]
        sentences.append(
            f"{data}: predictors whose deviations have a standard deviation of {sigma:g} (in "
            f"standard deviations of the metric) lose {loss:.3f}{NO_BREAK}percentage points of "
            f"accuracy when they select from {largest['n_candidates'].iloc[0]:,.0f} candidates; "
            f"verification brings the loss to {verified:.3f}{NO_BREAK}percentage points."
        )
    return sentences
