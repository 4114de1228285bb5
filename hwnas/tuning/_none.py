"""``tuning=none``: the predictor keeps its default hyperparameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hwnas.space import Identities
from hwnas.tuning._result import TuningResult


@dataclass(frozen=True)
class NoTuning:
    """A tuner that changes nothing, with the interface of `Tuner`.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> NoTuning().tune(Ridge(), {}, np.ones((3, 2)), np.ones(3), seed=0).best_params
    {}
    """

    seed: ClassVar[None] = None
    max_measurements: ClassVar[None] = None

    def tune(
        self,
        predictor: Any,  # noqa: ARG002 - the same arguments as Tuner.tune
        search_space: Mapping[str, Any],  # noqa: ARG002
        X: NDArray[Any],  # noqa: ARG002
        y: NDArray[np.float64],  # noqa: ARG002
        groups: Identities | None = None,  # noqa: ARG002
        *,
        seed: int,  # noqa: ARG002
        name: str = "tuning",  # noqa: ARG002
        attributes: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> TuningResult:
        """Return a result without parameters."""
        return TuningResult()
