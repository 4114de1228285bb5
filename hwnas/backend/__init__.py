"""Backends: what runs a network and times it."""

from hwnas.backend._backend import Backend, Prepared, time_calls
from hwnas.backend._onnxruntime import ONNXRuntime, build_onnx
from hwnas.backend._torch import Torch

__all__ = ["Backend", "ONNXRuntime", "Prepared", "Torch", "build_onnx", "time_calls"]
