"""The most accurate network that probably stays within the limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hwnas.errors import UserError, check_above
from hwnas.search._archive import Archive
from hwnas.search._quantities import Float
from hwnas.space import Architectures

_CHUNK = 1_000


@dataclass(frozen=True)
class Limits:
    """Bounds on the hardware metrics of a search.

    Parameters
    ----------
    bounds : tuple of float or None
        In the unit of each metric; None for no bound.
    confidence : float
        Lowest probability accepted.

    Raises
    ------
    UserError
        If the confidence is not between 0 and 1.
    """

    bounds: tuple[float | None, ...]
    confidence: float = 0.9

    def __post_init__(self) -> None:
        if not 0 < self.confidence < 1:
            raise UserError(
                f"confidence={self.confidence}: a probability between 0 and 1 is needed",
                remedy="confidence=0.9",
            )

    @classmethod
    def of(cls, given: object, metrics: Sequence[str], confidence: float) -> Limits:
        """Return the limits that ``limit=`` gives: nothing, a number, or one for each metric.

        Raises
        ------
        UserError
            If it is something else, or not positive.

        Examples
        --------
        >>> Limits.of([10, None], ["latency", "energy"], 0.9).bounds
        (10.0, None)
        """
        n = len(metrics)
        bounds: list[object] = [given] if n == 1 else []
        if isinstance(given, list | tuple):
            bounds = list(given)
        elif given is None:
            bounds = [None] * n
        numbers = [
            None if each is None else float(each)
            for each in bounds
            if each is None or (isinstance(each, int | float) and not isinstance(each, bool))
        ]
        if not len(numbers) == len(bounds) == n:
            example = ",".join(["10", *["null"] * (n - 1)])
            raise UserError(
                f"limit={given}: a number for each of {', '.join(metrics)} is needed",
                remedy="limit=10" if n == 1 else f"limit=[{example}]",
            )
        for bound in numbers:
            if bound is not None:
                check_above("limit", bound, 0.0)
        return cls(tuple(numbers), confidence)

    @property
    def given(self) -> bool:
        """Whether there is a bound."""
        return any(bound is not None for bound in self.bounds)

    def probability(self, archive: Archive, architectures: Architectures) -> Float:
        """Return the probability that every metric stays within its bound, shape (n,).

        With several bounds it is the lowest probability that is possible, however the errors of
        the predictions depend on each other (Bonferroni): 1 minus the sum of the probabilities of
        exceeding each bound.
        """
        outside = np.zeros(len(architectures))
        for quantity, bound in zip(archive.problem.hardware, self.bounds, strict=True):
            if bound is not None:
                outside += 1.0 - quantity.within(architectures, bound)
        return np.maximum(0.0, 1.0 - outside)

    def choose(self, archive: Archive) -> tuple[int, float] | None:
        """Return the row of the most accurate architecture within the limits, and its probability.

        Returns
        -------
        tuple of int and float, or None
            None if no evaluated architecture stays within the limits with this confidence.
        """
        rows = archive.known()
        order = rows[np.lexsort((rows, archive.points[rows, 1], archive.points[rows, 0]))]
        for start in range(0, len(order), _CHUNK):
            part = order[start : start + _CHUNK]
            within = self.probability(archive, archive.architectures[part])
            enough = np.flatnonzero(within >= self.confidence)
            if len(enough):
                return int(part[enough[0]]), float(within[enough[0]])
        return None
