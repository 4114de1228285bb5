"""Networks as graphs: what a hardware metric is a metric of."""

from hwnas.network import _nasbench201  # noqa: F401  (registers its skeleton)
from hwnas.network._graph import Kind, Layer, Network, Node
from hwnas.network._skeleton import LayerCounts, Skeleton, build, count_layers, skeleton

__all__ = [
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
