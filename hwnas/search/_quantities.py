"""What a search optimises: predicted values, values of a table, or multiply-accumulates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset import Table
from hwnas.errors import UserError
from hwnas.image_set import ImageSet
from hwnas.metric import Metric
from hwnas.predictor import Predictor
from hwnas.space import Architectures, SearchSpace, places_in

Float = NDArray[np.float64]

#: Accuracy as a metric.
ACCURACY = Metric("accuracy", "percent", "maximize", 0.0, 100.0)
#: Multiply-accumulates as a stand-in for accuracy.
FLOPS = Metric("flops", "MMACs", "maximize")
#: Number of architectures that are predicted at once. It bounds the memory.
_CHUNK = 10_000
#: Probability with which a new measurement lies in an interval.
_COVERAGE = 0.9


class Quantity(Protocol):
    """One objective of a search."""

    @property
    def metric(self) -> Metric:
        """Name, unit and direction of the values."""
        ...

    @property
    def source(self) -> str:
        """Where the values come from, for the report."""
        ...

    @property
    def of_networks(self) -> bool:
        """Whether architectures with the same network have the same value."""
        ...

    def values(self, architectures: Architectures) -> Float:
        """Return the value of each architecture, shape (n,); NaN where it is unknown."""
        ...

    def interval(self, architectures: Architectures) -> tuple[Float, Float]:
        """Return the bounds of the 90 % interval of each value, NaN where there is none."""
        ...

    def within(self, architectures: Architectures, limit: float) -> Float:
        """Return the probability that each value is at least as good as `limit`, shape (n,)."""
        ...


@dataclass(frozen=True)
class Predicted:
    """Values that a saved predictor predicts.

    Parameters
    ----------
    predictor : Predictor
        Fitted, and loaded from a file.
    metric : Metric
    source : str
        The file.
    """

    predictor: Predictor
    metric: Metric
    source: str

    @property
    def of_networks(self) -> bool:
        """True: one architecture of each network is predicted, and stands for the others."""
        return True

    def values(self, architectures: Architectures) -> Float:
        """Return the predicted values, shape (n,)."""
        parts = [
            self.predictor.predict(architectures[start : start + _CHUNK])
            for start in range(0, len(architectures), _CHUNK)
        ]
        return np.concatenate(parts) if parts else np.empty(0)

    def interval(self, architectures: Architectures) -> tuple[Float, Float]:
        """Return the bounds of the 90 % interval of each prediction."""
        if self.predictor.interval_source_ is None:
            unknown = np.full(len(architectures), np.nan)
            return unknown, unknown
        return self.predictor.predict_interval(architectures, _COVERAGE)

    def within(self, architectures: Architectures, limit: float) -> Float:
        """Return the probability that a new measurement is at least as good as `limit`.

        It comes from the predictor's standard deviation and a normal distribution, or from its
        held-out residuals.

        Raises
        ------
        UserError
            If the file holds neither.
        """
        from hwnas.selection import Calibration

        cost, bound = self.metric.cost, float(self.metric.cost(np.array([limit]))[0])
        if self.predictor.knows_uncertainty:
            from scipy.special import ndtr

            value, std = self.predictor.predict(architectures, return_std=True)
            return np.asarray(ndtr((bound - cost(value)) / np.maximum(std, 1e-300)))
        residuals = self.predictor.residuals_
        if residuals is None:
            raise UserError(
                f"limit={limit:g}: {self.source} holds no residuals, so a limit has no probability",
                remedy="a predictor of hwnas fit, which keeps them, or limit=null",
            )
        calibration = Calibration.of(cost(residuals.measured), cost(residuals.predicted))
        return calibration.probability(cost(self.predictor.predict(architectures)), bound)


@dataclass(frozen=True)
class Known:
    """Values of a table. Architectures that the table lacks have no value.

    Parameters
    ----------
    space : SearchSpace
    architectures : array, shape (n, n_positions)
    column : array of float64, shape (n,)
        The values. NaN where a value is missing.
    metric : Metric
    source : str
        The file.
    """

    space: SearchSpace
    architectures: Architectures
    column: Float
    metric: Metric
    source: str

    @classmethod
    def of(cls, table: Table) -> Known:
        """Return the values of a table."""
        return cls(
            table.space, table.architectures, table.values, table.metric, table.provenance.source
        )

    @classmethod
    def accuracy_of(cls, table: Table) -> Known:
        """Return the accuracies of a table, which must have some."""
        assert table.accuracy is not None
        provenance = table.accuracy_provenance
        images = "" if provenance is None else provenance.details.get("image_set", "")
        source = table.dataset if provenance is None else provenance.source
        return cls(
            table.space,
            table.architectures,
            table.accuracy,
            ACCURACY,
            f"{source} ({images})" if images else source,
        )

    @cached_property
    def of_networks(self) -> bool:
        """Whether architectures with the same network have equal values in the table."""
        known = ~np.isnan(self.column)
        keys = self.space.network_representative(self.architectures[known])
        _, network = np.unique(keys, return_inverse=True)
        low = np.full(network.max(initial=-1) + 1, np.inf)
        high = -low
        np.minimum.at(low, network, self.column[known])
        np.maximum.at(high, network, self.column[known])
        return bool((low == high).all())

    @cached_property
    def _by_key(self) -> tuple[NDArray[np.generic], Float]:
        """The keys of the architectures or networks with a value in ascending order; the values."""
        rows = np.flatnonzero(~np.isnan(self.column))
        keys, first = np.unique(self._keys(self.architectures[rows]), return_index=True)
        return keys, self.column[rows[first]]

    def _keys(self, architectures: Architectures) -> NDArray[np.generic]:
        space = self.space
        key = space.network_representative if self.of_networks else space.identity
        return key(architectures)

    def values(self, architectures: Architectures) -> Float:
        """Return the values in the table, shape (n,), NaN for architectures that it lacks."""
        keys, values = self._by_key
        if not len(keys) or not len(architectures):
            return np.full(len(architectures), np.nan)
        place = places_in(keys, self._keys(architectures))
        return np.where(place >= 0, values[place], np.nan)

    def interval(self, architectures: Architectures) -> tuple[Float, Float]:
        """Return NaN for every bound: the values are known."""
        unknown = np.full(len(architectures), np.nan)
        return unknown, unknown

    def within(self, architectures: Architectures, limit: float) -> Float:
        """Return 1 where the known value is at least as good as `limit`, and 0 elsewhere."""
        cost = self.metric.cost
        return (cost(self.values(architectures)) <= cost(np.array([limit]))).astype(np.float64)


@dataclass(frozen=True)
class StandIn:
    """Multiply-accumulates as a stand-in for accuracy: more of them count as more accurate.

    Parameters
    ----------
    space : SearchSpace
        With a skeleton, which gives the layers of its networks.
    image_set : ImageSet
    """

    space: SearchSpace
    image_set: ImageSet
    metric: Metric = FLOPS
    source: str = "multiply-accumulates, which count as accuracy because accuracy=flops"
    of_networks: bool = True

    def values(self, architectures: Architectures) -> Float:
        """Return the multiply-accumulates in millions, shape (n,)."""
        from hwnas.network import count_layers

        return count_layers(self.space, architectures, self.image_set).macs / 1e6

    def interval(self, architectures: Architectures) -> tuple[Float, Float]:
        """Return NaN for every bound: the values are computed."""
        unknown = np.full(len(architectures), np.nan)
        return unknown, unknown

    def within(self, architectures: Architectures, limit: float) -> Float:
        """Return 1 where there are at least `limit` multiply-accumulates, and 0 elsewhere."""
        return (self.values(architectures) >= limit).astype(np.float64)


def metric_of(predictor: Predictor, file: str) -> Metric:
    """Return the metric of a saved predictor.

    Raises
    ------
    UserError
        If the file does not say what the predictor predicts.
    """
    known = predictor.metadata_
    name, unit = known.get("metric"), known.get("unit")
    if not isinstance(name, str) or not isinstance(unit, str):
        raise UserError(
            f"{file}: does not say which metric it predicts", remedy="a file of hwnas fit"
        )
    direction = known.get("direction")
    return Metric(name, unit, "maximize" if direction == "maximize" else "minimize")


def image_set_of(space: SearchSpace) -> ImageSet:
    """Return the image set for which the networks of a space are built by default.

    Raises
    ------
    UserError
        If the space cannot build networks.
    """
    from hydra.utils import instantiate

    from hwnas.composition import option_file, read_yaml
    from hwnas.network import skeleton

    skeleton(space)
    file = option_file("image_set", space.image_set)
    assert isinstance(file, Path)
    found: ImageSet = instantiate(read_yaml(file))
    return found
