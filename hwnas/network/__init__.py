"""Networks as graphs of layers, and the counts of their layers."""

from hwnas.network._builder import GraphBuilder
from hwnas.network._cell_skeleton import Cells, CellSkeleton
from hwnas.network._executed import executed, reaching
from hwnas.network._fbnet import STEM_CHANNELS, FBNetSkeleton, positions, stem_stride
from hwnas.network._gpt import GPTSkeleton
from hwnas.network._graph import Kind, Layer, Network, Node
from hwnas.network._nasbench201 import NASBench201Skeleton
from hwnas.network._ofa import OFASkeleton
from hwnas.network._skeleton import (
    DeadEdgeRule,
    DeadEdges,
    FunctionSkeleton,
    LayerCounts,
    NamedSkeleton,
    Read,
    Skeleton,
    build,
    count_layers,
    skeleton,
)
from hwnas.network._totals import TOTALS
from hwnas.network._transnas import TransNASMacroSkeleton, TransNASMicroSkeleton

__all__ = [
    "STEM_CHANNELS",
    "TOTALS",
    "CellSkeleton",
    "Cells",
    "DeadEdgeRule",
    "DeadEdges",
    "FBNetSkeleton",
    "FunctionSkeleton",
    "GPTSkeleton",
    "GraphBuilder",
    "Kind",
    "Layer",
    "LayerCounts",
    "NASBench201Skeleton",
    "NamedSkeleton",
    "Network",
    "Node",
    "OFASkeleton",
    "Read",
    "Skeleton",
    "TransNASMacroSkeleton",
    "TransNASMicroSkeleton",
    "build",
    "count_layers",
    "executed",
    "positions",
    "reaching",
    "skeleton",
    "stem_stride",
]
