"""A predictor that is fitted already, as the model of an experiment."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from hwnas.errors import UserError
from hwnas.predictor._loading import load_predictor
from hwnas.space import Architectures, SearchSpace


class Saved(RegressorMixin, BaseEstimator):
    """A predictor from a file, which `fit` leaves as it is.

    Its training design is empty, so an experiment gives it no training measurements. Its input is
    the encoding :class:`hwnas.encoding.Operations`.

    Parameters
    ----------
    path : str, optional
        The file, or the result folder of an experiment.
    digest : str, optional
        Start of the file's SHA-256 hash. Results with other content get another folder.
    space : SearchSpace, optional
        Set by :class:`hwnas.predictor.Predictor` when it is fitted.

    Attributes
    ----------
    predictor_ : hwnas.predictor.Predictor
        The predictor in the file.
    """

    in_metric_unit = True

    def __init__(
        self,
        path: str | None = None,
        digest: str | None = None,
        space: SearchSpace | None = None,
    ) -> None:
        self.path = path
        self.digest = digest
        self.space = space

    def training_design(self, space: SearchSpace) -> Architectures:
        """Return no architectures, shape (0, n_positions)."""
        return np.empty((0, space.n_positions), dtype=np.int8)

    def fit(self, X: Architectures, y: NDArray[np.float64]) -> Self:
        """Load the predictor. The training measurements are not used.

        Raises
        ------
        UserError
            If the file cannot be loaded, or holds a predictor of another search space.
        """
        del X, y
        self.predictor_ = self.load()
        return self

    def load(self) -> Any:
        """Return the predictor in the file.

        Raises
        ------
        UserError
            If the file cannot be loaded, or holds a predictor of another search space.
        """
        if self.path is None:
            raise UserError("predictor=_saved: no file is given", remedy="predictor=FILE.hwnas")
        loaded = load_predictor(self.path)
        if self.space is not None and loaded.space != self.space:
            raise UserError(
                f"{self.path}: predicts the space {loaded.space.name}, not {self.space.name}",
                remedy=f"space={loaded.space.name}",
            )
        return loaded

    def predict(self, X: Architectures) -> NDArray[np.float64]:
        """Return the values that the predictor of the file predicts, shape (n,)."""
        check_is_fitted(self, "predictor_")
        predicted: NDArray[np.float64] = self.predictor_.predict(X)
        return predicted
