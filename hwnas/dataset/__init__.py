"""Datasets: tables of architectures with a hardware metric and their accuracy."""

from hwnas.dataset._doctor import doctor
from hwnas.dataset._download import fetch
from hwnas.dataset._estimate import EstimatedWarning
from hwnas.dataset._files import families
from hwnas.dataset._help import HELP
from hwnas.dataset._hwnas import HWNASBench
from hwnas.dataset._hwnas360 import HWNAS360
from hwnas.dataset._hwnas_fbnet import HWNASFBNet
from hwnas.dataset._local import Local
from hwnas.dataset._table import Dataset, Kind, Provenance, Table
from hwnas.dataset._transnas import TransNAS

__all__ = [
    "HELP",
    "HWNAS360",
    "Dataset",
    "EstimatedWarning",
    "HWNASBench",
    "HWNASFBNet",
    "Kind",
    "Local",
    "Provenance",
    "Table",
    "TransNAS",
    "doctor",
    "families",
    "fetch",
]
