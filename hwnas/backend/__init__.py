"""Backends, which run networks and time them."""

from hwnas.backend._backend import Backend, NetworkFailed, Prepared, Runs, time_calls
from hwnas.backend._checked import facts_of, runs_of
from hwnas.backend._command import Command
from hwnas.backend._onnxruntime import ONNXRuntime, build_onnx
from hwnas.backend._torch import Torch

__all__ = [
    "Backend",
    "Command",
    "NetworkFailed",
    "ONNXRuntime",
    "Prepared",
    "Runs",
    "Torch",
    "build_onnx",
    "facts_of",
    "runs_of",
    "time_calls",
]
