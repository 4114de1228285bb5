"""Neural networks in torch."""

from hwnas.predictor.nn._bonas import BONAS
from hwnas.predictor.nn._gcn import GCN
from hwnas.predictor.nn._mlp import MLP
from hwnas.predictor.nn._nao import NAO

__all__ = ["BONAS", "GCN", "MLP", "NAO"]
