"""Datasets: tables of architectures with a hardware metric and their accuracy."""

from hwnas.dataset._estimate import EstimatedWarning
from hwnas.dataset._hwnas import HWNASBench
from hwnas.dataset._paths import Paths
from hwnas.dataset._table import Kind, Provenance, Table

__all__ = ["EstimatedWarning", "HWNASBench", "Kind", "Paths", "Provenance", "Table"]
