"""The Gaussian process of `best` with given hyperparameters: exact, or of low rank.

A model of costs that add up is linear, and its process is exact at any size. The process of any
other model is exact up to `N_EXACT` measurements. With more of them it is projected on at most
`N_INDUCING` architectures, so that time and memory grow linearly with the measurements.
"""

from __future__ import annotations

from typing import Any, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from hwnas.predictor.gp import (
    Kernel,
    LowRank,
    LowRankFit,
    Posterior,
    Rows,
    condition,
    condition_low_rank,
    inducing_points,
    restored,
)

Array = NDArray[np.floating]


class _Indexed(Protocol):
    """Rows of which some can be taken."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: NDArray[np.integer], /) -> Self: ...


InputsT = TypeVar("InputsT", bound=_Indexed)
RowsT = TypeVar("RowsT", bound=Rows)

#: Largest number of measurements with an exact process, whose time grows with the cube.
N_EXACT = 3000
#: Largest number of inducing architectures, and of the measured ones that they are drawn from.
N_INDUCING, _N_CANDIDATES = 1500, 15_000
#: Share of the noise variance that the inducing architectures may leave unexplained, on average.
_TOLERANCE = 0.002


#: A process with or without its training measurements: files do not hold all of them.
Process = Posterior[InputsT, RowsT] | LowRank[InputsT, RowsT]


def conditioned(
    kernel: Kernel[InputsT, RowsT],
    theta: Array,
    inputs: InputsT,
    y: Array,
    noise_factors: Array,
    order: NDArray[np.integer] | None = None,
) -> Posterior[InputsT, RowsT] | LowRankFit[InputsT, RowsT]:
    """Condition a process on measurements.

    Parameters
    ----------
    kernel : Kernel
    theta : array
    inputs : the kernel's inputs, n rows
    y : array, shape (n,)
    noise_factors : array, shape (n,)
    order : array of int, shape (n,), optional
        Random order of the measurements. Inducing architectures are drawn from the first ones.
        By default the order of the rows is random.
    """
    n = len(y)
    found = kernel.columns(kernel.scale(inputs[np.arange(1)], theta[:-1]))
    if found is not None and found[0].shape[1] < n:
        return condition_low_rank(kernel, theta, inputs, y, noise_factors)
    if n <= N_EXACT:
        return condition(kernel, theta, inputs, y, noise_factors)
    candidates = (np.arange(n) if order is None else order)[:_N_CANDIDATES]
    points = inducing_points(
        kernel,
        theta,
        inputs[candidates],
        tolerance=max(_TOLERANCE * float(np.exp(theta[-1])), kernel.jitter),
        most=N_INDUCING,
        seed=0,
    )
    return condition_low_rank(
        kernel, theta, inputs, y, noise_factors, inducing=np.sort(candidates[points])
    )


def state_of(process: Process[InputsT, RowsT]) -> dict[str, Any]:
    """Return what `restored_process` needs beside the training architectures."""
    common = {"theta": process.theta}
    if isinstance(process, Posterior):
        return common | {"noise": process.noise, "alpha": process.alpha}
    return common | {"chosen": process.chosen, "weights": process.weights, "inner": process.inner}


def restored_process(
    kernel: Kernel[InputsT, RowsT], inputs: InputsT, state: dict[str, Any]
) -> Process[InputsT, RowsT]:
    """Return the process from the return value of `state_of`.

    `inputs` are those of the training architectures, or of the inducing ones alone.
    """
    theta = state["theta"]
    if "alpha" in state:
        return restored(kernel, theta, inputs, state["alpha"], state["noise"])
    chosen = state["chosen"]
    points = None if chosen is None else kernel.scale(inputs, theta[:-1])
    return LowRank(kernel, theta, chosen, points, state["weights"], state["inner"])


def needed(architectures: NDArray[np.integer], state: dict[str, Any]) -> NDArray[np.integer]:
    """Return the training architectures of which `restored_process` needs the inputs."""
    if "alpha" in state:
        return architectures
    chosen = state["chosen"]
    return architectures[:1] if chosen is None else architectures[chosen]
