"""Measuring: this machine becomes a dataset."""

from hwnas.measure._commands import accuracy, latency
from hwnas.measure._live import live_measure
from hwnas.measure._machine import machine_facts

__all__ = ["accuracy", "latency", "live_measure", "machine_facts"]
