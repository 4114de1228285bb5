"""HELP (Lee et al., NeurIPS 2021): latencies of many devices, one file each."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hwnas.dataset._cache import Columns, position_columns
from hwnas.dataset._readers._torch import load_torch
from hwnas.errors import UserError
from hwnas.space import FBNet


def read_latencies(path: Path) -> Columns:
    """Read the latencies of one device: the column ``latency`` in ms, by row."""
    values = load_torch(path)
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UserError(f"{path}: not a list of latencies ({error})") from error
    if array.ndim != 1:
        raise UserError(f"{path}: not a list of latencies, but of shape {array.shape}")
    array[array < 0] = np.nan
    return Columns({"latency": array}, {"latency": "ms"})


def read_block_lists(path: Path) -> Columns:
    """Read the positions of HELP's FBNet architectures.

    The official ``metainfo.pt`` holds them as ``["arch"][row]["op_idx_list"]``, ``op_idx.pt`` as
    a list of rows.
    """
    content = load_torch(path)
    try:
        if isinstance(content, dict):
            content = [architecture["op_idx_list"] for architecture in content["arch"]]
        architectures = FBNet().validate(np.array([[int(op) for op in row] for row in content]))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: not laid out as HELP's block lists ({error!r})") from error
    return Columns(position_columns(architectures))
