"""Measurement of latency on a device, and of accuracy on scikit-learn's digits."""

from hwnas.measure._commands import accuracy, latency
from hwnas.measure._device import device_measure
from hwnas.measure._machine import machine_facts

__all__ = ["accuracy", "device_measure", "latency", "machine_facts"]
