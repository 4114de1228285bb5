"""Encodings: transform the operation indices of architectures to the inputs of a model."""

from hwnas.encoding._encodings import (
    Encoding,
    Live,
    OneHot,
    OperationCounts,
    Operations,
    PathEncoding,
    Structure,
)
from hwnas.encoding._graph import N_VERTICES, Graph, Tokens

__all__ = [
    "N_VERTICES",
    "Encoding",
    "Graph",
    "Live",
    "OneHot",
    "OperationCounts",
    "Operations",
    "PathEncoding",
    "Structure",
    "Tokens",
]
