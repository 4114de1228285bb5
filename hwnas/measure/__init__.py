"""Measuring: this machine becomes a dataset."""

from hwnas.measure._commands import accuracy, latency

__all__ = ["accuracy", "latency"]
