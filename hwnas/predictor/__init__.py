"""Predictors: from an architecture's encoding to a device's metric."""

from hwnas._presets import with_preset
from hwnas.predictor._build import build
from hwnas.predictor._encodings import (
    Encoding,
    Live,
    OneHot,
    OperationCounts,
    Operations,
    PathEncoding,
    Structure,
)
from hwnas.predictor._fit_many import fit_many
from hwnas.predictor._graph import Graph, Tokens
from hwnas.predictor._predictor import Predictor

__all__ = [
    "Encoding",
    "Graph",
    "Live",
    "OneHot",
    "OperationCounts",
    "Operations",
    "PathEncoding",
    "Predictor",
    "Structure",
    "Tokens",
    "build",
    "fit_many",
    "with_preset",
]
