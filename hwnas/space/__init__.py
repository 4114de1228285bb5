"""Search spaces: how an architecture is written, encoded and told from its copies."""

from hwnas.space._base import LISTABLE, Architectures, SearchSpace
from hwnas.space._catalogue import space_classes
from hwnas.space._cell import EDGES, N_NODES, CellSpace
from hwnas.space._fbnet import FBNet
from hwnas.space._nasbench201 import NASBench201
from hwnas.space._transnas import TransNASMacro, TransNASMicro

__all__ = [
    "EDGES",
    "LISTABLE",
    "N_NODES",
    "Architectures",
    "CellSpace",
    "FBNet",
    "NASBench201",
    "SearchSpace",
    "TransNASMacro",
    "TransNASMicro",
    "space_classes",
]
