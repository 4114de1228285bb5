"""``tuned=FILE.hwnas``: the hyperparameters of a saved predictor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hwnas.errors import UserError
from hwnas.tuning._result import TuningResult, parameter_path


@dataclass(frozen=True)
class SavedTuning:
    """A tuner that reads the hyperparameters from a file, with the interface of `Tuner`.

    Parameters
    ----------
    path : str, optional
        A file of `hwnas.predictor.Predictor.save`, or the result folder of an experiment.
    digest : str, optional
        Start of the file's SHA-256 hash. Results with other content get another folder.
    """

    seed: ClassVar[None] = None
    max_measurements: ClassVar[None] = None

    path: str | None = None
    digest: str | None = None

    def tune(
        self,
        predictor: Any,
        search_space: Mapping[str, Any],
        X: NDArray[Any],  # noqa: ARG002 - the same arguments as Tuner.tune
        y: NDArray[np.float64],  # noqa: ARG002
        groups: NDArray[Any] | None = None,  # noqa: ARG002
        *,
        seed: int,  # noqa: ARG002
        name: str = "tuning",  # noqa: ARG002
        attributes: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> TuningResult:
        """Return the values that the saved predictor has of the parameters in the search space.

        Raises
        ------
        UserError
            If the file cannot be loaded, or its model is of another class than the predictor's.
        """
        # Imported here because most tunings load no predictor.
        from hwnas.predictor import load_predictor, option_in

        if self.path is None:
            raise UserError("tuning=_saved: no file is given", remedy="tuned=FILE.hwnas")
        saved = load_predictor(self.path)
        wanted, given = type(predictor.model), type(saved.model)
        if wanted is not given:
            raise UserError(
                f"tuned={self.path}: the file has hyperparameters of {given.__name__}, but the "
                f"predictor is {wanted.__name__}",
                remedy=f"predictor={option_in(saved)}",
            )
        values = saved.get_params()
        return TuningResult({each: values[parameter_path(each)] for each in search_space})
