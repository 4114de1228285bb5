"""Total costs of networks: sums over their layers, by kind of layer."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from hwnas.network._graph import Layer

#: Names of the total costs: multiply-accumulates, bytes and layers, each of dense and of grouped
#: convolutions, and of all other layers.
TOTALS = tuple(
    f"{cost}_{kind}"
    for kind in ("dense", "grouped", "other")
    for cost in ("macs", "bytes", "layers")
)


def layer_costs(layers: Iterable[Layer]) -> NDArray[np.float64]:
    """Return what each layer adds to the total costs of its network, shape (n_layers, 9).

    Examples
    --------
    >>> conv = Layer("conv", 4, 4, 8, 8, kernel=3, padding=1, groups=4)
    >>> dict(zip(TOTALS, layer_costs([conv])[0].tolist()))["macs_grouped"] == conv.macs
    True
    """
    rows = list(layers)
    costs = np.zeros((len(rows), len(TOTALS)))
    for row, layer in zip(costs, rows, strict=True):
        kind = 2
        if layer.kind in ("conv", "linear"):
            kind = 0 if layer.groups == 1 else 1
        row[3 * kind : 3 * kind + 3] = layer.macs, layer.bytes_moved, 1
    return costs
