"""The estimator of ``predictor=transfer``: a mixture of `best` and of experts on other devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from hwnas.encoding import Operations
from hwnas.predictor._threads import blas_threads
from hwnas.predictor.best import Best, prior_of
from hwnas.predictor.transfer._experts import GRID, Expert, densities, expert
from hwnas.predictor.transfer._sources import Source, Sources
from hwnas.space import Architectures, SearchSpace

Values = NDArray[np.floating]

#: With more measurements, the weight of `best` is almost 1, and the experts would only take time.
_MOST = 200
#: Prior odds that the target is like none of the sources, against being like a given one. Each
#: source has the same odds, however many there are (a Chinese restaurant process), because a target
#: is more often like one of many sources than like one of two. ``docs/few_shot.md`` says how the
#: number was chosen.
_NONE = 20.0
#: Experts of a smaller weight are left out.
_LEAST_WEIGHT = 1e-4
#: Sources of a smaller weight are not named in the remark.
_LEAST_NAMED = 0.005
#: Number of decimals of standardised predictions, as of `best`.
_DECIMALS = 6


class Transfer(RegressorMixin, BaseEstimator):
    """A mixture of Gaussian processes: one for each other device, and `best`.

    Some experts assume that the target is like one of the sources, up to its unit, its noise and
    effects of operations. One expert is `best`, which knows no other device. The measurements
    decide the weights: an expert that makes them more probable weighs more. Without sources, with
    one measurement, or with more than 200, it is `best` alone. ``docs/notes/transfer.md`` describes
    the method.

    The input is the encoding :class:`hwnas.encoding.Operations`.

    Parameters
    ----------
    sources : Sources or sequence of str, optional
        The other devices. In a configuration these are names, or None for all whose tables are on
        this machine. The command replaces them by `Sources`. Without sources the model is `best`.
    space : SearchSpace, optional
        Set by :class:`hwnas.predictor.Predictor` when it is fitted.
    random_state : int, optional
        Seed of `best`.

    Attributes
    ----------
    best_ : Best
    sources_ : list of dict
        The name of each source, what is known of it, and its ``weight``.
    none_ : float
        Weight of `best`.
    """

    #: The only encoding that the model reads; see `hwnas.predictor.build`.
    input_encoding: ClassVar[type] = Operations

    def __init__(
        self,
        sources: Sources | Sequence[str] | None = None,
        space: SearchSpace | None = None,
        random_state: int | None = None,
    ) -> None:
        self.sources = sources
        self.space = space
        self.random_state = random_state

    def fit(self, X: Architectures, y: Values) -> Self:
        """Fit to operation indices, shape (n, n_positions), and values.

        Raises
        ------
        ValueError
            If `sources` has names whose tables were not loaded.
        """
        X, values = np.asarray(X), np.asarray(y, dtype=np.float64)
        self.best_ = Best(self.space, self.random_state).fit(X, values)
        self.architectures_ = X
        self._set_values(values)
        usable = 1 < len(values) <= _MOST and np.ptp(values) > 0
        sources = self._known() if usable else ()
        self._sources, self._experts, self._weights = sources, list[Expert](), np.ones(1)
        self.none_, self.sources_ = 1.0, list[dict[str, Any]]()
        if sources:
            self._mix(sources)
        return self

    def _set_values(self, values: Values) -> None:
        self._values = values
        self._mean, self._deviation = float(values.mean()), float(values.std()) or 1.0

    def _known(self) -> tuple[Source, ...]:
        if self.sources is None:
            return ()
        if not isinstance(self.sources, Sources):
            if not self.sources:
                return ()
            raise ValueError(f"the sources {', '.join(self.sources)} are names without data")
        return self.sources.all

    def _mix(self, sources: Sequence[Source]) -> None:
        """Condition the experts on the measurements, and weigh them and `best`."""
        known, effects = self._at_measured(sources)
        values = self._scaled(self._values)
        with blas_threads(len(values)):
            found = densities(known, values, effects)
        # `best` states the density of the values in their unit, the experts without unit.
        own = self.best_.log_evidence(self._values) + len(self._values) * np.log(self._deviation)
        weights = softmax([own + np.log(_NONE), *(found.ravel() - np.log(len(GRID)))])
        self.none_, others = float(weights[0]), weights[1:].reshape(found.shape)
        shares = others.sum(axis=1)
        self.sources_ = [
            {"name": each.name, "weight": float(share), **each.facts}
            for each, share in zip(sources, shares, strict=True)
        ]
        kept = others >= _LEAST_WEIGHT
        self._experts = self._conditioned(known, effects, np.argwhere(kept).tolist())
        self._weights = np.append(self.none_, others[kept])
        self._weights /= self._weights.sum()

    def _at_measured(self, sources: Sequence[Source]) -> tuple[Values, Values]:
        """Return predictions of the sources for the measured architectures, and covariances."""
        rows = np.arange(len(self._values))
        with blas_threads(len(rows)):
            effects = prior_of(self._space, self.architectures_).covariances(rows, rows)
            known = np.stack([each.standardised(self.architectures_) for each in sources])
        return known, effects

    def _conditioned(
        self, known: Values, effects: Values, chosen: Sequence[Sequence[int]]
    ) -> list[Expert]:
        """Return experts by their pairs of source and variances."""
        values = self._scaled(self._values)
        with blas_threads(len(values)):
            return [expert(i, known[i], values, effects, grid) for i, grid in chosen]

    def predict(self, X: Architectures, return_std: bool = False) -> Values | tuple[Values, Values]:
        """Return predicted values, and with `return_std` standard deviations of measurements."""
        check_is_fitted(self, "best_")
        if not self._experts:
            return self.best_.predict(X, return_std)
        X = self._space.validate(np.asarray(X))
        n = len(self._values)
        both = prior_of(self._space, np.concatenate([X, self.architectures_]))
        own, measured = np.arange(len(X)), np.arange(len(X), len(X) + n)
        with blas_threads(n):
            cross, variance = both.covariances(own, measured), both.variance[own]
            z = {i: self._sources[i].standardised(X) for i in self._used()}
            if not return_std:
                means = [each.predict_mean(z[each.source], cross) for each in self._experts]
                return self._in_unit(self._weights @ [self._scaled(self.best_.predict(X)), *means])
            mean, std = self.best_.predict(X, return_std=True)
            parts = [(self._scaled(mean), (std / self._deviation) ** 2)]
            parts += [each.predict(z[each.source], cross, variance) for each in self._experts]
        every, variances = (np.stack(part) for part in zip(*parts, strict=True))
        average = self._weights @ every
        spread = self._weights @ (variances + (every - average) ** 2)
        return self._in_unit(average), self._deviation * np.sqrt(spread)

    def _used(self) -> list[int]:
        """Return the indices of the sources that predictions need."""
        return sorted({each.source for each in self._experts})

    def _scaled(self, values: Any) -> Values:
        scaled: Values = (np.asarray(values) - self._mean) / self._deviation
        return scaled

    def _in_unit(self, scaled: Values) -> Values:
        values: Values = np.round(scaled, _DECIMALS) * self._deviation + self._mean
        return values

    def saved_state(self) -> dict[str, Any]:
        """Return `best`, the measurements, and the sources that predictions need."""
        used = self._used()
        return {
            "best": self.best_,
            "architectures": self.architectures_,
            "values": self._values,
            "sources": [self._sources[i].state() for i in used],
            "experts": [[used.index(e.source), e.effects, e.noise] for e in self._experts],
            "weights": self._weights,
            "shares": self.sources_,
            "none": self.none_,
        }

    def restore_state(self, state: dict[str, Any]) -> None:
        """Set the fitted attributes from the return value of `saved_state`."""
        self.best_, self.architectures_ = state["best"], state["architectures"]
        self._set_values(state["values"])
        self._sources = tuple(Source(**each) for each in state["sources"])
        chosen = [(source, GRID.index((e, noise))) for source, e, noise in state["experts"]]
        self._experts = []
        if chosen:
            self._experts = self._conditioned(*self._at_measured(self._sources), chosen)
        self._weights, self.sources_, self.none_ = state["weights"], state["shares"], state["none"]

    @property
    def in_metric_unit(self) -> bool:
        """Whether values are in the metric's unit, as for `best`."""
        return Best(self.space).in_metric_unit

    @property
    def remarks_(self) -> list[str]:
        """What a user must know before using the predictions, as sentences."""
        if self.sources_:
            return [*self.best_.remarks_, _shares(self.sources_, self.none_)]
        if isinstance(self.sources, Sources):
            n, names = len(self._values), self.sources.names
            why = (
                f"{n} measurements, and they help from 2 to {_MOST}" if names else "there are none"
            )
            return [*self.best_.remarks_, f"no other device is used: {why}"]
        return self.best_.remarks_

    @property
    def _space(self) -> SearchSpace:
        if self.space is None:
            raise ValueError("Transfer: the parameter `space` is not set")
        return self.space


def _shares(sources: Sequence[dict[str, Any]], none: float) -> str:
    """Return the weights as text, the largest first."""
    named = sorted(sources, key=lambda each: -each["weight"])
    parts = [f"{each['name']} {each['weight']:.2f}" for each in named]
    shown = [p for p, each in zip(parts, named, strict=True) if each["weight"] >= _LEAST_NAMED]
    return f"like {', '.join([*shown, f'none of the {len(sources)} sources {none:.2f}'])}"
