"""The accuracies that place architectures on the front."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset import accuracy_of
from hwnas.errors import UserError
from hwnas.next._candidates import Candidates
from hwnas.next._choose import Known
from hwnas.paths import Paths
from hwnas.predictor import load_predictor
from hwnas.space import Architectures, SearchSpace

#: Takes architectures, shape (n, n_positions). Returns their accuracies in percent, shape (n,), NaN
#: where unknown, and the name of the source.
Source = Callable[[Architectures], tuple[NDArray[np.float64], str]]


def listed(candidates: Candidates) -> Source:
    """Return the source of accuracies that a file is.

    Parameters
    ----------
    candidates : Candidates
        The architectures of the file.

    Raises
    ------
    UserError
        If the file has no accuracies.
    """
    if candidates.accuracy is None:
        raise UserError(
            f"{candidates.source}: the file has no column 'accuracy'",
            remedy="accuracy=FILE with such a column",
        )
    space = candidates.space
    own = space.identity(candidates.architectures).tolist()
    known = dict(zip(own, candidates.accuracy.tolist(), strict=True))

    def of(architectures: Architectures) -> tuple[NDArray[np.float64], str]:
        wanted = space.identity(architectures).tolist()
        accuracy = np.array([known.get(each, np.nan) for each in wanted], dtype=np.float64)
        return accuracy, candidates.source

    return of


def published(space: SearchSpace, image_set: str, paths: Paths) -> Source:
    """Return the accuracies of the space's benchmark, or of the bundled table."""

    def of(architectures: Architectures) -> tuple[NDArray[np.float64], str]:
        accuracy, provenance = accuracy_of(space, architectures, image_set, paths)
        if accuracy is None or provenance is None:
            return np.full(len(architectures), np.nan), "no source"
        return accuracy, f"{provenance.source} on {provenance.details['image_set']}"

    return of


def predicted(path: str, space: SearchSpace) -> Source:
    """Return the accuracies that a saved predictor predicts.

    Parameters
    ----------
    path : str
        A file of ``hwnas fit``.
    space : SearchSpace

    Raises
    ------
    UserError
        If the file cannot be loaded, or its predictor is for another space or metric.
    """
    predictor = load_predictor(path)
    metric = predictor.metadata_.get("metric")
    if predictor.space != space:
        raise UserError(
            f"accuracy={path}: predicts on the space {predictor.space.name}, not on {space.name}",
            remedy=f"a predictor fitted with space={space.name}",
        )
    if metric not in (None, "accuracy"):
        raise UserError(
            f"accuracy={path}: predicts {metric}, not accuracy",
            remedy="a predictor fitted with metric=accuracy",
        )
    return lambda architectures: (predictor.predict(architectures), f"predicted by {path}")


def with_accuracy(
    candidates: Candidates, known: Known, source: Source
) -> tuple[Candidates, Known, str]:
    """Return the candidates whose accuracy a source has, and the known rows with their accuracies.

    All accuracies are of one source, because those of two may have been trained differently. Only
    a file of candidates may lack those of the known rows: then the table's own are taken.

    Returns
    -------
    candidates : Candidates
    known : Known
    name : str
        The name of the source.

    Raises
    ------
    UserError
        If the source has no accuracy of any candidate.
    """
    accuracy, name = source(candidates.architectures)
    kept = np.flatnonzero(~np.isnan(accuracy))
    if len(candidates) and not len(kept):
        raise UserError(
            "objective=front: the accuracies of the networks that are not measured are missing",
            remedy="accuracy=FILE.csv with the columns architecture and accuracy, or "
            "accuracy=FILE.hwnas, a predictor fitted with metric=accuracy",
        )
    of_known, _ = source(known.architectures)
    if candidates.accuracy is not None and known.accuracy is not None:
        of_known = np.where(np.isnan(of_known), known.accuracy, of_known)
    placed = replace(candidates, accuracy=accuracy)[kept]
    return placed, replace(known, accuracy=of_known), name
