"""Networks as graphs: what a hardware metric is a metric of."""

from hwnas.network import _fbnet, _nasbench201, _transnas  # noqa: F401  (register skeletons)
from hwnas.network._graph import Kind, Layer, Network, Node
from hwnas.network._skeleton import DeadEdges, LayerCounts, Skeleton, build, count_layers, skeleton

__all__ = [
    "DeadEdges",
    "Kind",
    "Layer",
    "LayerCounts",
    "Network",
    "Node",
    "Skeleton",
    "build",
    "count_layers",
    "skeleton",
]
