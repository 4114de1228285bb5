"""The accuracies that place architectures on the front."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset import accuracy_of
from hwnas.errors import UserError
from hwnas.next._candidates import Candidates
from hwnas.next._choose import Known
from hwnas.paths import Paths
from hwnas.predictor import load_predictor
from hwnas.space import Architectures, SearchSpace

Float = NDArray[np.float64]


class Source(Protocol):
    """Where accuracies come from."""

    @property
    def name(self) -> str:
        """A name for the report."""

    def of(self, architectures: Architectures) -> Float:
        """Return accuracies in percent, shape (n,), NaN where unknown."""


@dataclass(frozen=True)
class Listed:
    """Accuracies of the file that lists the candidates."""

    candidates: Candidates

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.candidates.source

    def of(self, architectures: Architectures) -> Float:
        """Return the accuracies of architectures, NaN for those that the file lacks."""
        assert self.candidates.accuracy is not None
        space = self.candidates.space
        own = space.identity(self.candidates.architectures).tolist()
        known = dict(zip(own, self.candidates.accuracy.tolist(), strict=True))
        wanted = space.identity(architectures).tolist()
        return np.array([known.get(each, np.nan) for each in wanted])


@dataclass(frozen=True)
class Published:
    """Accuracies of the space's benchmark, or of the bundled table."""

    space: SearchSpace
    image_set: str
    paths: Paths

    @property
    def name(self) -> str:
        """The name of the file."""
        _, provenance = accuracy_of(self.space, self.space.enumerate(), self.image_set, self.paths)
        if provenance is None:
            return "an unknown source"
        return f"{provenance.source} on {provenance.details['image_set']}"

    def of(self, architectures: Architectures) -> Float:
        """Return the accuracies of architectures."""
        accuracy, _ = accuracy_of(self.space, architectures, self.image_set, self.paths)
        return np.full(len(architectures), np.nan) if accuracy is None else accuracy


@dataclass(frozen=True)
class Predicted:
    """Accuracies that a kept predictor predicts.

    Parameters
    ----------
    path : str
        A file of ``hwnas fit``.
    space : SearchSpace
    """

    path: str
    space: SearchSpace

    @property
    def name(self) -> str:
        """The name of the file."""
        return f"{self.path} (predicted)"

    def of(self, architectures: Architectures) -> Float:
        """Return the predicted accuracies.

        Raises
        ------
        UserError
            If the file cannot be loaded, or its predictor is for another space or metric.
        """
        predictor = load_predictor(self.path)
        metric = predictor.metadata_.get("metric")
        if predictor.space != self.space:
            raise UserError(
                f"accuracy={self.path}: predicts on the space {predictor.space.name}, not on "
                f"{self.space.name}"
            )
        if metric not in (None, "accuracy"):
            raise UserError(
                f"accuracy={self.path}: predicts {metric}, not accuracy",
                remedy="a predictor fitted with target=accuracy",
            )
        return predictor.predict(architectures)


def with_accuracy(candidates: Candidates, known: Known, source: Source) -> tuple[Candidates, Known]:
    """Return the candidates whose accuracy a source has, and the known rows with their accuracies.

    All accuracies are of one source, because those of two may have been trained differently. Only
    a file of candidates may lack those of the known rows: then the table's own are taken.

    Raises
    ------
    UserError
        If the source has no accuracy of any candidate.
    """
    accuracy = source.of(candidates.architectures)
    kept = np.flatnonzero(~np.isnan(accuracy))
    if len(candidates) and not len(kept):
        raise UserError(
            "objective=front: the accuracies of the networks that are not measured are missing",
            remedy="candidates=FILE.csv with the columns architecture and accuracy, or "
            "accuracy=FILE.hwnas, a predictor fitted with target=accuracy",
        )
    of_known = source.of(known.architectures)
    if isinstance(source, Listed) and known.accuracy is not None:
        of_known = np.where(np.isnan(of_known), known.accuracy, of_known)
    placed = replace(candidates, accuracy=accuracy)[kept]
    return placed, replace(known, accuracy=of_known)
