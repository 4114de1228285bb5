"""The best predictor against the next one: paired tests over datasets and seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.seeding import generator
from hwnas.study.report._scores import DATA, NAME, SEED, SIZE, VALUE, Scores

#: With fewer pairs the smallest p-value of the two-sided signed-rank test is above 0.05.
FEWEST_PAIRS = 6
SIGNIFICANT = 0.05
_RESAMPLES = 2000


@dataclass(frozen=True)
class Paired:
    """The best predictor and the next, compared on the same datasets and seeds.

    Parameters
    ----------
    metric : str
    n_train : int
    best, other : str
    differences : array, shape (n_pairs,)
        Score of the best minus score of the next, for each dataset and seed that both have.
    n_data : int
        Number of datasets among the pairs.
    """

    metric: str
    n_train: int
    best: str
    other: str
    differences: NDArray[np.float64]
    n_data: int

    @property
    def p_value(self) -> float:
        """The p-value of Wilcoxon's two-sided signed-rank test of the differences.

        Differences of zero count half for each side.
        """
        from scipy.stats import wilcoxon

        if not np.any(self.differences):
            return 1.0
        return float(wilcoxon(self.differences, zero_method="zsplit").pvalue)

    def interval(self) -> tuple[float, float] | None:
        """Return the 95 % bootstrap interval of the mean difference; None for too few pairs."""
        from scipy.stats import bootstrap

        if len(self.differences) < FEWEST_PAIRS or np.ptp(self.differences) == 0:
            return None
        found = bootstrap(
            (self.differences,),
            np.mean,
            n_resamples=_RESAMPLES,
            method="percentile",
            rng=generator(0, "report", "bootstrap"),
        ).confidence_interval
        return float(found.low), float(found.high)


def best_against_next(scores: Scores) -> list[Paired]:
    """Return the comparison for each metric and number of training measurements.

    Only predictors with results on all datasets of the metric take part.
    """
    found = []
    for metric in scores.metrics:
        for size, rows in scores.of_metric(metric).groupby(SIZE):
            table = rows.pivot_table(index=[DATA, SEED], columns=NAME, values=VALUE)
            by_data = table.groupby(level=DATA).mean().dropna(axis="columns")
            order = by_data.mean().sort_values(ascending=scores.lowest_is_best).index
            if len(order) < 2:
                continue
            pairs = table[[order[0], order[1]]].dropna()
            if pairs.empty:
                continue
            differences = (pairs[order[0]] - pairs[order[1]]).to_numpy(dtype=np.float64)
            n_data = pairs.index.get_level_values(DATA).nunique()
            paired = Paired(metric, int(str(size)), order[0], order[1], differences, n_data)
            found.append(paired)
    return found


def adjusted(p_values: Sequence[float]) -> list[float]:
    """Return p-values that are corrected for the number of tests, by Holm's method.

    References
    ----------
    Holm: A simple sequentially rejective multiple test procedure. Scandinavian Journal of
    Statistics 6 (1979).

    Examples
    --------
    >>> [round(p, 2) for p in adjusted([0.01, 0.5, 0.04])]
    [0.03, 0.5, 0.08]
    """
    order = np.argsort(p_values)
    steps = len(p_values) - np.arange(len(p_values))
    raised = np.maximum.accumulate(np.asarray(p_values)[order] * steps)
    found = np.empty(len(p_values))
    found[order] = np.minimum(raised, 1.0)
    return found.tolist()


def comparison_table(scores: Scores) -> str:
    """Return the comparisons as Markdown; the empty string if there is nothing to compare."""
    comparisons = best_against_next(scores)
    if not comparisons:
        return ""
    tested = [each for each in comparisons if len(each.differences) >= FEWEST_PAIRS]
    corrected = adjusted([each.p_value for each in tested])
    p_values = {id(each): p for each, p in zip(tested, corrected, strict=True)}
    lines = [
        f"### {scores.title}: the best against the next",
        "",
        "| metric | n_train | best | next | difference | better in | p |",
        "|---|---|---|---|---|---|---|",
    ]
    sign = -1 if scores.lowest_is_best else 1
    for each in comparisons:
        n, interval = len(each.differences), each.interval()
        difference = f"{each.differences.mean():+.{scores.digits + 1}f}"
        if interval is not None:
            low, high = (f"{bound:+.{scores.digits + 1}f}" for bound in interval)
            difference += f" ({low} to {high})"
        p = p_values.get(id(each))
        verdict = "too few pairs" if p is None else f"{p:.3f}" if p >= 0.001 else "< 0.001"
        if p is not None and p < SIGNIFICANT:
            verdict = f"**{verdict}**"
        wins = int(np.sum(sign * each.differences > 0))
        cells = [each.metric, f"{each.n_train:,}", each.best, each.other, difference]
        lines.append(f"| {' | '.join([*cells, f'{wins} of {n}', verdict])} |")
    lines += ["", _NOTE]
    return "\n".join(lines)


_NOTE = (
    "Each pair is one dataset and seed, so both predictors had the same training measurements. "
    "The difference is the mean over the pairs, with its 95 % bootstrap interval. p is that of "
    "Wilcoxon's signed-rank test, corrected for the number of lines (Holm); below 0.05 it is "
    f"bold. With fewer than {FEWEST_PAIRS} pairs no p-value can be below 0.05. The best and the "
    "next were chosen by the same results, which makes p a little too small."
)
