"""Meters, which read the energy counter of a device."""

from hwnas.meter._meter import Meter
from hwnas.meter._nvml import NVML
from hwnas.meter._rapl import RAPL

__all__ = ["NVML", "RAPL", "Meter"]
