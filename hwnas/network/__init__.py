"""Networks as graphs: what a hardware metric is a metric of."""

from hwnas.network import _fbnet, _nasbench201, _transnas  # noqa: F401  (register skeletons)
from hwnas.network._executed import executed
from hwnas.network._fbnet import STEM_CHANNELS, FBNetSkeleton, positions, stem_stride
from hwnas.network._graph import Kind, Layer, Network, Node
from hwnas.network._skeleton import DeadEdges, LayerCounts, Skeleton, build, count_layers, skeleton

__all__ = [
    "STEM_CHANNELS",
    "DeadEdges",
    "FBNetSkeleton",
    "Kind",
    "Layer",
    "LayerCounts",
    "Network",
    "Node",
    "Skeleton",
    "build",
    "count_layers",
    "executed",
    "positions",
    "skeleton",
    "stem_stride",
]
