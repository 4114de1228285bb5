"""Backends: what runs a network and times it."""

from hwnas.backend._backend import Backend, Prepared, time_calls
from hwnas.backend._onnxruntime import ONNXRuntime
from hwnas.backend._torch import Torch

__all__ = ["Backend", "ONNXRuntime", "Prepared", "Torch", "time_calls"]
