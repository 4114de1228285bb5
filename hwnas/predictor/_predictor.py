"""The predictor: an encoding and a model as one scikit-learn regressor."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from hwnas.predictor._calibration import cross_validated
from hwnas.predictor._interval import Residuals
from hwnas.predictor._saving import save
from hwnas.space import Architectures, SearchSpace

Values = NDArray[np.float64]


class Predictor(RegressorMixin, BaseEstimator):
    """An encoding and a model that predict a metric from architectures.

    ``fit`` standardises the measured values to mean 0 and standard deviation 1 before it fits the
    model. A model whose class sets ``in_metric_unit = True`` gets the values in the metric's unit.
    ``predict`` always returns values in the metric's unit.

    ``fit`` sorts the training measurements, so that their order does not influence the result. It
    sets every parameter named ``space`` of the encoding and the model to this predictor's search
    space.

    Parameters
    ----------
    space : SearchSpace
        The search space of the architectures.
    encoding : Encoding
        Transformer from operation indices, shape (n, n_positions), to the inputs of the model.
    model : scikit-learn regressor
        The model. If its ``predict`` takes ``return_std``, the predictor can return standard
        deviations.
    search_space : mapping, optional
        The range that tuning searches for each parameter, written as in
        ``conf/predictor/*.yaml``.
    bounds : tuple of two floats, optional
        Lowest and highest possible value in the metric's unit, such as 0 and 100 percent. Predicted
        values and intervals are clipped to them. Default: no bounds.

    Attributes
    ----------
    pipeline_ : sklearn.pipeline.Pipeline
        The fitted encoding and model.
    mean_, scale_ : float
        Mean and standard deviation of the training measurements, in the metric's unit. They are
        0 and 1 if the model gets the values in the metric's unit.
    metadata_ : dict
        Facts about the measurements and the fit, such as metric and unit. ``fit`` empties it,
        ``save`` writes it to the file, and ``load_predictor`` reads it from there.
    residuals_ : Residuals or None
        Held-out residuals, from which `predict_interval` makes its intervals. ``fit`` sets it to
        None, `calibrate` and `calibrate_on` compute it, and a saved file holds it.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from hwnas.encoding import OneHot
    >>> from hwnas.space import NASBench201
    >>> X = NASBench201().enumerate()[::500]
    >>> y = (X == 3).sum(axis=1) + 2.0  # 2 ms, and 1 ms for every 3x3 convolution
    >>> predictor = Predictor(NASBench201(), OneHot(), Ridge(alpha=1e-6)).fit(X, y)
    >>> predictor.predict(NASBench201().enumerate()[-1:]).round(2)
    array([2.])
    """

    def __init__(
        self,
        space: SearchSpace,
        encoding: Any,
        model: Any,
        search_space: Mapping[str, Any] | None = None,
        bounds: tuple[float, float] | None = None,
    ) -> None:
        self.space = space
        self.encoding = encoding
        self.model = model
        self.search_space = search_space
        self.bounds = bounds

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit to training measurements.

        Parameters
        ----------
        X : array of int, shape (n, n_positions), or sequence of str
            Architectures as operation indices or as the strings of the search space.
        y : array of float, shape (n,)
            Measured values, in the metric's unit.

        Returns
        -------
        Predictor
            This object.

        Raises
        ------
        ValueError
            If `X` holds anything but architectures of the space, if `y` has another length than
            `X`, or if `y` holds values that are NaN or infinite.
        """
        architectures, values = self._start_fit(X, y)
        self.pipeline_.fit(architectures, values)
        return self

    def _start_fit(self, X: ArrayLike, y: ArrayLike) -> tuple[Architectures, Values]:
        """Set the fitted attributes, and return what to fit the pipeline with.

        The pipeline itself is created, but not fitted.
        """
        architectures, values = self._validated(X, y)
        # By architecture, and by value where an architecture occurs several times.
        order = np.lexsort((values, *architectures.T[::-1]))
        architectures, values = architectures[order], values[order]
        self.n_features_in_ = architectures.shape[1]
        self.metadata_: dict[str, Any] = {}
        self.residuals_: Residuals | None = None
        # `calibrate` needs the training measurements. A saved file does not hold them.
        self._training: tuple[Architectures, Values] | None = (architectures, values)
        parts = {"encoding": self.encoding, "model": self.model}
        # Setting `space` on the whole pipeline would cost a millisecond more: scikit-learn collects
        # the parameters of all parts.
        steps = [(name, set_space(clone(part), self.space)) for name, part in parts.items()]
        self.pipeline_ = Pipeline(steps)
        # Whether a model wants the metric's unit may depend on its search space.
        if getattr(self.pipeline_.steps[-1][1], "in_metric_unit", False):
            self.mean_, self.scale_ = 0.0, 1.0
        else:
            # One measurement or equal values have a standard deviation of 0: do not rescale them.
            self.mean_, self.scale_ = float(values.mean()), float(values.std()) or 1.0
        return architectures, (values - self.mean_) / self.scale_

    def _architectures(self, X: ArrayLike) -> Architectures:
        """Return the operation indices, shape (n, n_positions), of indices or strings."""
        array = np.asarray(X)
        if array.dtype.kind in "UOT" and all(isinstance(item, str) for item in array.flat):
            if array.ndim != 1:
                raise ValueError(
                    f"expected a list of architecture strings, got an array of shape {array.shape}"
                )
            return self.space.from_strings(array.tolist())
        return self.space.validate(array)

    def _validated(self, X: ArrayLike, y: ArrayLike) -> tuple[Architectures, Values]:
        architectures = self._architectures(X)
        values = np.asarray(y, dtype=np.float64)
        if values.shape != (len(architectures),):
            raise ValueError(
                f"expected one value per architecture, shape ({len(architectures)},), "
                f"got {values.shape}"
            )
        design = self.training_design()
        # A predictor that was fitted before has an empty design.
        if not len(values) and (design is None or len(design)):
            raise ValueError("no training measurements: a predictor needs at least one")
        if not np.isfinite(values).all():
            raise ValueError(
                f"{np.count_nonzero(~np.isfinite(values))} of {len(values)} training measurements "
                "are NaN or infinite: leave them out"
            )
        return architectures, values

    @overload
    def predict(self, X: ArrayLike, return_std: Literal[False] = False) -> Values: ...

    @overload
    def predict(self, X: ArrayLike, return_std: Literal[True]) -> tuple[Values, Values]: ...

    def predict(self, X: ArrayLike, return_std: bool = False) -> Values | tuple[Values, Values]:
        """Predict the metric.

        Parameters
        ----------
        X : array of int, shape (n, n_positions), or sequence of str
            Architectures as operation indices or as the strings of the search space.
        return_std : bool
            Whether to return the standard deviation of each prediction too.

        Returns
        -------
        array of float, shape (n,)
            Predicted values in the metric's unit. With `return_std`, a pair: the predicted values
            and their standard deviations.

        Raises
        ------
        ValueError
            If `X` holds anything but architectures of the space, or if `return_std` is true and
            the model cannot return standard deviations.
        """
        check_is_fitted(self, "pipeline_")
        architectures = self._architectures(X)
        if not return_std:
            return self._in_unit(self.pipeline_.predict(architectures))
        if not self.knows_uncertainty:
            raise ValueError(
                f"{type(self.model).__name__} cannot return standard deviations: call predict "
                "without return_std"
            )
        predicted, std = self.pipeline_.predict(architectures, return_std=True)
        return self._in_unit(predicted), np.asarray(std, dtype=np.float64) * self.scale_

    def predict_interval(self, X: ArrayLike, coverage: float = 0.9) -> tuple[Values, Values]:
        """Predict an interval that a new measurement of each architecture lies in.

        A model with a standard deviation of its own gives the central interval of a normal
        distribution, unless it declares that its standard deviations are too small. For any other
        model the interval comes from held-out residuals. If there are none yet, this method calls
        `calibrate` first, which takes several times as long as ``fit``. `interval_source_` says
        where the interval comes from.

        Parameters
        ----------
        X : array of int, shape (n, n_positions), or sequence of str
            Architectures as operation indices or as the strings of the search space.
        coverage : float
            Probability that a new measurement lies in its interval, between 0 and 1.

        Returns
        -------
        lower, upper : array of float, shape (n,)
            Bounds in the metric's unit. They are infinite, or the bounds of the metric, where there
            are too few residuals for this coverage: 0.9 needs at least 9 residuals.

        Raises
        ------
        ValueError
            If `X` holds anything but architectures of the space, or `coverage` is not between 0
            and 1.
        UserError
            If the interval needs residuals and none can be computed: the predictor
            was loaded from a file without residuals, or its training measurements are a design.

        Examples
        --------
        >>> from sklearn.linear_model import Ridge
        >>> from hwnas.encoding import OneHot
        >>> from hwnas.space import NASBench201
        >>> X = NASBench201().enumerate()[::499]
        >>> predictor = Predictor(NASBench201(), OneHot(), Ridge()).fit(X, X.sum(axis=1))
        >>> lower, upper = predictor.predict_interval(X[:1], coverage=0.8)
        >>> bool(lower[0] < upper[0]), predictor.interval_source_
        (True, 'conformal, 5 folds, 32 residuals')
        """
        if not 0.0 < coverage < 1.0:
            raise ValueError(f"coverage={coverage}: must be between 0 and 1")
        if self.has_own_interval:
            predicted, std = self.predict(X, return_std=True)
            half = float(ndtri(0.5 + coverage / 2)) * std
            return self._possible(predicted - half), self._possible(predicted + half)
        predicted = self.predict(X)
        if self.residuals_ is None:
            self.calibrate()
        assert self.residuals_ is not None
        lower, upper = self.residuals_.interval(predicted, coverage)
        return self._possible(lower), self._possible(upper)

    def _in_unit(self, predicted: ArrayLike) -> Values:
        return self._possible(np.asarray(predicted, dtype=np.float64) * self.scale_ + self.mean_)

    def _possible(self, values: Values) -> Values:
        """Return the closest possible values."""
        return values if self.bounds is None else np.clip(values, *self.bounds)

    @property
    def interval_source_(self) -> str | None:
        """Where `predict_interval` takes its intervals from; None before they are calibrated."""
        check_is_fitted(self, "pipeline_")
        if self.has_own_interval:
            return "predictive distribution"
        return None if self.residuals_ is None else self.residuals_.source

    def calibrate(self, folds: int = 5, seed: int = 0) -> Self:
        """Compute held-out residuals by cross-validation on the training measurements.

        A model whose own standard deviation makes the interval (`has_own_interval`) needs no
        residuals. This method then changes nothing.

        Parameters
        ----------
        folds : int
            Number of folds, and therefore of fits. It is at most the number of functions that the
            training architectures compute.
        seed : int
            Seed of the assignment to folds.

        Raises
        ------
        UserError
            If no training measurement can be held out: the predictor was loaded from a file, its
            training measurements are a design, or they are all of one function.
        """
        check_is_fitted(self, "pipeline_")
        if not self.has_own_interval:
            self.residuals_ = cross_validated(self, self._training, folds, seed)
        return self

    def calibrate_on(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Compute held-out residuals on measurements that ``fit`` did not get.

        The parameters are those of ``fit``.
        """
        check_is_fitted(self, "pipeline_")
        architectures, values = self._validated(X, y)
        self.residuals_ = Residuals(self.predict(architectures), values, folds=None)
        return self

    def save(self, path: str | os.PathLike[str], metadata: Mapping[str, Any] | None = None) -> None:
        """Write the fitted predictor to a file that anyone can load safely.

        The file holds parameters, fitted numbers and `residuals_`. It also holds the training
        architectures if the model needs them for its predictions. It holds no Python code and no
        pickled objects.

        Parameters
        ----------
        path : str or path
            The file to write. An existing file is replaced. The usual ending is ``.hwnas``.
        metadata : mapping, optional
            Numbers, texts, lists and mappings to save beside the predictor, such as metric, unit,
            data and scores. The file holds them in addition to ``metadata_``.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the predictor is not fitted.
        UserError
            If the model holds a value that cannot be saved, or the file cannot be written.

        See Also
        --------
        hwnas.predictor.load_predictor : Reads the file.
        """
        check_is_fitted(self, "pipeline_")
        save(self, Path(path).expanduser(), {**self.metadata_, **(metadata or {})})

    def saved_state(self) -> dict[str, Any]:
        """Return what a file holds: fitted encoding, fitted model, and the values' scale."""
        (_, encoding), (_, model) = self.pipeline_.steps
        return {
            "encoding": encoding,
            "model": model,
            "mean": self.mean_,
            "scale": self.scale_,
            "residuals": None if self.residuals_ is None else self.residuals_.to_state(),
        }

    def restore_state(self, state: dict[str, Any]) -> None:
        """Set the fitted attributes from the return value of `saved_state`."""
        self.pipeline_ = Pipeline([(name, state[name]) for name in ("encoding", "model")])
        self.mean_, self.scale_ = state["mean"], state["scale"]
        self.n_features_in_ = self.space.n_positions
        self.metadata_ = {}
        self._training = None
        # Files of hwnas 0.1 and 0.2 have no residuals.
        residuals = state.get("residuals")
        self.residuals_ = None if residuals is None else Residuals.of_state(residuals)

    @property
    def knows_uncertainty(self) -> bool:
        """Whether ``predict`` can return a standard deviation."""
        return "return_std" in inspect.signature(self.model.predict).parameters

    @property
    def has_own_interval(self) -> bool:
        """Whether `predict_interval` uses the standard deviation of the model.

        A model whose class sets ``overconfident = True`` states that its standard deviations are
        too small. Its intervals come from residuals.
        """
        return self.knows_uncertainty and not getattr(self.model, "overconfident", False)

    @property
    def remarks(self) -> list[str]:
        """What the fitted model says that a user must know, as sentences without a full stop."""
        check_is_fitted(self, "pipeline_")
        return list(getattr(self.pipeline_.steps[-1][1], "remarks_", []))

    def training_design(self) -> Architectures | None:
        """Return the architectures that the model must be fitted to, or None if any will do."""
        design = getattr(self.model, "training_design", None)
        return None if design is None else design(self.space)


def set_space(estimator: Any, space: SearchSpace) -> Any:
    """Set every parameter named ``space``, also of nested estimators; return the estimator."""
    names = [key for key in estimator.get_params() if key.rpartition("__")[2] == "space"]
    return estimator.set_params(**dict.fromkeys(names, space))
