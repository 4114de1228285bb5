"""Devices: their metrics, and roofline models that estimate the metrics."""

from hwnas.device._device import Device
from hwnas.device._roofline import Roofline

__all__ = ["Device", "Roofline"]
