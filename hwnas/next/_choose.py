"""The choice of the architectures to measure: to teach a predictor, or to improve the front."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwnas.advise import spaced, unmeasured_front
from hwnas.metric import Metric
from hwnas.next._candidates import Candidates
from hwnas.predictor import Predictor
from hwnas.predictor.best import choose_design
from hwnas.space import Architectures

Float = NDArray[np.float64]
Rows = NDArray[np.int64]

#: Largest number of candidates that a design is chosen from.
N_DESIGN = 1000
#: Largest number of measured architectures that a design takes into account. More of them leave
#: little to learn anywhere, and the work grows with their cube.
N_MEASURED = 3000
#: An architecture may be within the limit if its predicted cost, lowered by this many standard
#: deviations, is: 5 % of a normal distribution are below that.
_WITHIN = 1.645
#: Half the width of this interval of a normal distribution is its standard deviation.
_ONE_SIGMA = 0.6827


@dataclass(frozen=True)
class Choice:
    """Architectures to measure.

    Parameters
    ----------
    rows : array of int64, shape (n,)
        Rows of the candidates.
    n_front : int
        How many of them, from the first one on, may be on the front. The others teach the
        predictor.
    """

    rows: Rows
    n_front: int = 0


@dataclass(frozen=True)
class Known:
    """The architectures that must not be proposed again.

    Parameters
    ----------
    architectures : array, shape (k, n_positions)
    values : array, shape (k,)
        In the metric's unit. NaN where the value is not filled in yet, or the measurement failed.
    accuracy : array, shape (k,), optional
        Percent. NaN where unknown.
    """

    architectures: Architectures
    values: Float
    accuracy: Float | None = None


def teach(candidates: Candidates, known: Architectures, n: int) -> Choice:
    """Choose the architectures whose measurements teach a predictor most.

    Each is the most uncertain one, given that all before it will be measured; see
    `hwnas.predictor.best.choose_design`.

    Parameters
    ----------
    candidates : Candidates
        The first `N_DESIGN` or `n` are considered.
    known : array, shape (k, n_positions)
        Architectures that are measured or waiting.
    n : int
        Number of architectures to choose, at most the number of candidates.
    """
    pool = candidates.architectures[: max(N_DESIGN, n)]
    measured = known[:N_MEASURED] if len(known) else None
    return Choice(choose_design(candidates.space, pool, n, measured))


def improve_front(
    candidates: Candidates,
    known: Known,
    predictor: Predictor,
    metric: Metric,
    n: int,
    limit: float | None = None,
) -> Choice:
    """Choose the architectures that may be on the front of accuracy and cost.

    It is one round of the verification that ``hwnas advise`` plans
    (`hwnas.advise.unmeasured_front`): the predicted costs are lowered by the smallest multiple of
    their standard deviation that puts `n` architectures on the front which are not measured. If
    there are more, `n` of them are spaced evenly along the front. If even the largest multiple
    gives fewer, the rest is chosen to teach the predictor.

    Parameters
    ----------
    candidates : Candidates
        All with an accuracy.
    known : Known
        Those without a value count with the predicted one. Those without an accuracy only train
        the predictor.
    predictor : Predictor
        Not fitted. It is fitted to the known values.
    metric : Metric
    n : int
        Number of architectures to choose, at most the number of candidates.
    limit : float, optional
        In the metric's unit. Architectures that are within it with a probability below 5 % are not
        chosen for the front.
    """
    assert candidates.accuracy is not None
    assert known.accuracy is not None
    measured = ~np.isnan(known.values)
    predictor.fit(known.architectures[measured], known.values[measured])
    placed = np.flatnonzero(~np.isnan(known.accuracy))
    rows = np.concatenate([known.architectures[placed], candidates.architectures])
    accuracy = np.concatenate([known.accuracy[placed], candidates.accuracy])
    cost, spread = _predicted(predictor, rows, metric)
    filled = np.flatnonzero(measured[placed])
    cost[filled] = metric.cost(known.values[placed][filled])
    order = np.lexsort((candidates.space.identity(rows), -accuracy))
    if limit is not None:
        highest = float(metric.cost(np.array([limit]))[0])
        # Those above the limit cost more than those within it, so they cannot beat them.
        order = order[(order < len(placed)) | (cost - _WITHIN * spread <= highest)[order]]
    found, _ = unmeasured_front(accuracy[order], cost[order], order < len(placed), spread[order], n)
    chosen = order[spaced(found, n)] - len(placed)
    rest = np.setdiff1d(np.arange(len(candidates)), chosen)
    taken = np.concatenate([known.architectures, candidates.architectures[chosen]])
    more = teach(candidates[rest], taken, n - len(chosen)).rows
    return Choice(np.concatenate([chosen, rest[more]]), len(chosen))


def _predicted(predictor: Predictor, rows: Architectures, metric: Metric) -> tuple[Float, Float]:
    """Return the predicted costs and their standard deviations, each of shape (m,).

    A predictor without a standard deviation of its own has the one of its held-out residuals.
    """
    if predictor.knows_uncertainty:
        predicted, std = predictor.predict(rows, return_std=True)
        return metric.cost(predicted), std
    lower, upper = predictor.predict_interval(rows, _ONE_SIGMA)
    return metric.cost(predictor.predict(rows)), (upper - lower) / 2
