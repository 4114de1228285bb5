"""Search spaces: their architectures as strings and indices, and which of them are equivalent."""

from hwnas.space._base import LISTABLE, Architectures, Identities, SearchSpace
from hwnas.space._catalogue import space_classes, spaces
from hwnas.space._cell import EDGES, N_NODES, CellSpace
from hwnas.space._choices import Choices
from hwnas.space._columns import ColumnSpace
from hwnas.space._dimension import Dimension, Value
from hwnas.space._fbnet import FBNet
from hwnas.space._lookup import places_in, rows_of
from hwnas.space._nasbench201 import NASBench201
from hwnas.space._transnas import TransNASMacro, TransNASMicro

__all__ = [
    "EDGES",
    "LISTABLE",
    "N_NODES",
    "Architectures",
    "CellSpace",
    "Choices",
    "ColumnSpace",
    "Dimension",
    "FBNet",
    "Identities",
    "NASBench201",
    "SearchSpace",
    "TransNASMacro",
    "TransNASMicro",
    "Value",
    "places_in",
    "rows_of",
    "space_classes",
    "spaces",
]
