"""The answer in plain sentences: which predictor, its cost, and what verification gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from hwnas.page._gather import DataSet
from hwnas.page._summary import Cell, Mean, at_size, n_ahead


@dataclass(frozen=True)
class Answer:
    """The answer for one data set and one number of training measurements.

    Parameters
    ----------
    data, n_train
        Id of the data set, number of training measurements.
    setting : str
        What was measured.
    predictor : str
        The predictor to take.
    sentences : tuple of str
        Why, and at what cost.
    """

    data: str
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
        The cells of each data set of the page, by its title.
    """
    ranked = at_size(found, n_train)
    best = ranked[0]
    sentences = [_ranking(best), *_compared(ranked), *_cost(best), *_cheaper(ranked)]
    sentences += _other_sizes(found, n_train)
    sentences += elsewhere(best.predictor, n_train, every)
    return Answer(
        data.key, n_train, f"{_measurements(n_train)} of {data.title}", best.predictor,
        tuple(sentences),
    )  # fmt: skip


def _measurements(n: int) -> str:
    if n == 0:
        return "no training measurements"
    return "1 training measurement" if n == 1 else f"{n:,} training measurements"


def _seeds(mean: Mean) -> str:
    if mean.n == 1:
        return "one seed, so the spread is not known"
    return f"mean and standard deviation of {mean.n} seeds"


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
    next_best = others[0]
    ahead, n_common = n_ahead(best, next_best)
    text = f"The next of {len(ranked)} predictors, “{next_best.predictor}”, reaches "
    text += next_best.tau.text()
    if n_common:
        text += f"; “{best.predictor}” is ahead of it on {ahead} of {n_common} seeds"
        if n_common < 3 or ahead < n_common:
            text += ", which does not settle which of the two is better"
    return [f"{text}."]


def _cost(best: Cell) -> list[str]:
    loss, verified = best.mean("mra_all_percent"), best.mean("mra_pareto_percent")
    if loss is None or verified is None:
        return [
            "What choosing networks by its predictions costs in accuracy is not known, because "
            "these experiments made no selection (selection=none, or a table without accuracies)."
        ]
    sentences = [
        f"Choosing networks by its predictions costs {loss.text(2)} percent points of accuracy: so "
        "much less accurate are the chosen networks, on average, than the best networks that cost "
        "no more (mean reduction in accuracy, MRA)."
    ]
    measured, kept = best.mean("n_measured"), best.mean("retained_hypervolume")
    assert measured is not None
    assert kept is not None
    sentences.append(
        f"Verification, which measures the {measured.mean:.0f} chosen networks and drops those "
        f"that turn out worse, brings this loss to {verified.text(2)} percent points. What is left "
        f"holds {100 * kept.mean:.1f} % of the hypervolume of the true front."
    )
    return sentences


def _cheaper(ranked: list[Cell]) -> list[str]:
    """Name the predictor whose selection loses the least accuracy, if it is another one."""
    losses = [(mean.mean, cell) for cell in ranked if (mean := cell.mean("mra_all_percent"))]
    if len(losses) < 2:
        return []
    least = min(losses, key=lambda pair: pair[0])[1]
    if least is ranked[0]:
        return ["No other predictor's choice loses less accuracy."]
    mean = least.mean("mra_all_percent")
    assert mean is not None
    return [
        f"“{least.predictor}” has a lower τ, but its choice loses less accuracy: {mean.text(2)} "
        "percent points."
    ]


def _other_sizes(found: list[Cell], n_train: int) -> list[str]:
    """Say which predictor is best with the next smaller and the next larger number."""
    sizes = sorted({cell.n_train for cell in found})
    place = sizes.index(n_train)
    own = at_size(found, n_train)[0].predictor
    sentences = []
    for word, other in (("fewer", place - 1), ("more", place + 1)):
        if 0 <= other < len(sizes):
            best = at_size(found, sizes[other])[0]
            which = "it reaches" if best.predictor == own else f"take “{best.predictor}”:"
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
        The cells of each data set, by its title.
    """
    winners = {
        title: ranked[0].predictor
        for title, found in others.items()
        if len(ranked := at_size(found, n_train)) > 1
    }
    if len(winners) < 2:
        return []
    n_first = sum(winner == predictor for winner in winners.values())
    return [
        f"Over all data sets with {n_train:,} measurements, “{predictor}” has the highest τ on "
        f"{n_first} of {len(winners)}."
    ]


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
            f"standard deviations of the metric) lose {loss:.2f} percent points of accuracy when "
            f"they select from {largest['n_candidates'].iloc[0]:,.0f} candidates; verification "
            f"brings the loss to {verified:.2f}."
        )
    return sentences
