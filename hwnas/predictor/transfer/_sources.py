"""What ``predictor=transfer`` knows of other devices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from hwnas.predictor._predictor import Predictor
from hwnas.space import Architectures

Array = NDArray[np.floating]

#: Number of measurements of a source that its predictor is fitted to. `docs/notes/transfer.md` says
#: what more of them would bring, and cost.
N_SOURCE = 200
#: Number of architectures whose predictions define the mean and the scale of a source.
_N_REFERENCE = 2000


@dataclass(frozen=True)
class Source:
    """Another device: a predictor of its metric, which stands for its measurements.

    Parameters
    ----------
    name : str
        How the user names the device.
    predictor : Predictor
        Fitted to measurements of the device.
    mean, deviation : float
        Of the predictions over the search space, in the metric's unit.
    facts : mapping
        Where the measurements come from and how many there are. A result states them.
    """

    name: str
    predictor: Predictor
    mean: float
    deviation: float
    facts: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls, name: str, predictor: Predictor, facts: Mapping[str, Any] | None = None
    ) -> Self | None:
        """Return the source of a fitted predictor, or None if it predicts one value everywhere.

        Examples
        --------
        >>> from hwnas.encoding import Operations
        >>> from hwnas.predictor.best import Best
        >>> from hwnas.space import NASBench201
        >>> X = NASBench201().enumerate()[::500]
        >>> best = Predictor(NASBench201(), Operations(), Best()).fit(X, (X == 3).sum(axis=1) + 2.0)
        >>> Source.of("board", best).standardised(X).shape
        (32,)
        """
        sample = predictor.space.sample(_N_REFERENCE, np.random.default_rng(0))
        predicted = predictor.predict(sample)
        mean, deviation = float(predicted.mean()), float(predicted.std())
        if not deviation > 1e-9 * abs(mean):
            return None
        return cls(name, predictor, mean, deviation, dict(facts or {}))

    def standardised(self, X: Architectures) -> Array:
        """Return the predictions with mean 0 and standard deviation 1 over the space.

        Parameters
        ----------
        X : array, shape (n, n_positions)

        Returns
        -------
        array, shape (n,)
        """
        scaled: Array = (self.predictor.predict(X) - self.mean) / self.deviation
        return scaled

    def state(self) -> dict[str, Any]:
        """Return what a file holds of the source."""
        return {**vars(self), "facts": dict(self.facts)}


class Sources(BaseEstimator):
    """The other devices that a predictor may learn from.

    They are made when the first predictor is fitted, and shared by all its clones. A file holds
    their names only: the fitted predictor itself holds what its predictions need.

    Parameters
    ----------
    names : sequence of str
        Names of the devices.
    make : callable, optional
        Returns the sources. None for the sources of a predictor that was loaded from a file.
    digests : mapping, optional
        A digest of the measurements of each source, by its name.
    """

    def __init__(
        self,
        names: Sequence[str] = (),
        make: Callable[[], Sequence[Source]] | None = None,
        digests: Mapping[str, str] | None = None,
    ) -> None:
        self.names = names
        self.make = make
        self.digests = dict(digests or {})

    @cached_property
    def all(self) -> tuple[Source, ...]:
        """The sources.

        Raises
        ------
        ValueError
            If the predictor was loaded from a file, which holds the names only.
        """
        if self.make is not None:
            return tuple(self.make())
        if self.names:
            raise ValueError(f"the tables of the sources {', '.join(self.names)} were not loaded")
        return ()

    def fit(self, X: Any = None, y: Any = None) -> Self:  # noqa: ARG002 (of scikit-learn)
        """Make the sources, if they are not made yet."""
        len(self.all)
        return self

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002 (of scikit-learn)
        """Return the names: nothing else of the sources can be set or saved."""
        return {"names": list(self.names)}

    def saved_state(self) -> dict[str, Any]:
        """Return nothing: the names are parameters."""
        return {}

    def restore_state(self, state: dict[str, Any]) -> None:
        """Do nothing: the names are parameters."""

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_clone__(self) -> Self:
        # A clone of a predictor learns from the same devices.
        return self


def sources_of(predictor: Predictor) -> list[dict[str, Any]] | None:
    """Return where each other device is from that a fitted predictor learns from, and its weight.

    None if the predictor learns from no other device, as most predictors.
    """
    found: list[dict[str, Any]] | None = getattr(predictor.pipeline_[-1], "sources_", None)
    return found
