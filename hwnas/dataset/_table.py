"""The table of one experiment: architectures, one hardware metric, accuracy, provenance."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from hwnas.metric import Metric
from hwnas.space import Architectures, SearchSpace

Kind = Literal["measured", "estimated"]


@dataclass(frozen=True)
class Provenance:
    """Where values come from; it travels with them into every result.

    Parameters
    ----------
    kind : {"measured", "estimated"}
        Whether a device was measured, or a model of it computed the values.
    source : str
        File name of the source, or the name of the model.
    sha256 : str
        SHA-256 of the source file, or of the model's constants.
    url : str, optional
        The official address.
    official : bool, optional
        Whether the file is the official one, where its hash is known.
    details : dict
        Whatever else a reader should know: noise floor, machine, number of seeds.
    """

    kind: Kind
    source: str
    sha256: str
    url: str | None = None
    official: bool | None = None
    details: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """Values of one metric on one device, joined to architectures by identity, never position.

    Parameters
    ----------
    dataset : str
        Identity of the dataset in result paths, e.g. ``"hwnas-cifar10"``.
    space : SearchSpace
    device : str
    metric : Metric
    architectures : array of int8, shape (n, n_positions)
    values : array of float64, shape (n,)
        In the metric's unit; NaN where nothing was measured.
    representative : array of int64, shape (n,)
        Rows with the same key compute the same; a split keeps them together. The key is the rank
        (`SearchSpace.rank`) of one of them.
    provenance : Provenance
        Of `values`.
    accuracy : array of float64, shape (n,), optional
        Percent; NaN where unknown.
    accuracy_provenance : Provenance, optional
    copy_of : array of int64, shape (n,), optional
        Rank of the architecture that each value was measured on; `representative` if None.

    Raises
    ------
    ValueError
        If shapes disagree or an architecture stands in two rows.
    """

    dataset: str
    space: SearchSpace
    device: str
    metric: Metric
    architectures: Architectures
    values: NDArray[np.float64]
    representative: NDArray[np.int64]
    provenance: Provenance
    accuracy: NDArray[np.float64] | None = None
    accuracy_provenance: Provenance | None = None
    copy_of: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        n = len(self.architectures)
        if self.values.shape != (n,) or self.representative.shape != (n,):
            raise ValueError(f"table of {n} architectures with values of another length")
        if self.accuracy is not None and self.accuracy.shape != (n,):
            raise ValueError(f"table of {n} architectures with accuracies of another length")
        if len(np.unique(self.space.rank(self.architectures))) != n:
            raise ValueError("an architecture stands in two rows of the table")

    @classmethod
    def from_arrays(
        cls,
        space: SearchSpace,
        architectures: Architectures | Sequence[str],
        values: NDArray[np.float64] | Sequence[float],
        *,
        metric: Metric | None = None,
        device: str = "device",
        dataset: str = "arrays",
        accuracy: NDArray[np.float64] | Sequence[float] | None = None,
    ) -> Table:
        """Return a table of data in memory.

        Parameters
        ----------
        space : SearchSpace
        architectures : array of int, shape (n, n_positions), or sequence of str
            Operation indices, or strings in the space's notation; each architecture once.
        values : array of float, shape (n,)
            In the metric's unit; NaN where nothing was measured.
        metric : Metric, optional
            Default: latency in ms.
        device, dataset : str
            Names for results.
        accuracy : array of float, shape (n,), optional
            Percent; NaN where unknown.

        Raises
        ------
        ValueError
            If an architecture is none of the space or stands in two rows, or lengths disagree.

        Examples
        --------
        >>> from hwnas.space import NASBench201
        >>> cells = ["|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"]
        >>> Table.from_arrays(NASBench201(), cells, [1.5]).values
        array([1.5])
        """
        if len(architectures) and isinstance(architectures[0], str):
            rows = space.from_strings(map(str, architectures))
        else:
            rows = space.validate(np.asarray(architectures))
        numbers = np.asarray(values, dtype=np.float64)
        chosen = metric or Metric("latency", "ms")
        digest = hashlib.sha256(rows.tobytes() + numbers.tobytes()).hexdigest()
        percent = None if accuracy is None else np.asarray(accuracy, dtype=np.float64)
        of_accuracy = None
        if percent is not None:
            accuracy_digest = hashlib.sha256(rows.tobytes() + percent.tobytes()).hexdigest()
            of_accuracy = Provenance("measured", "arrays", accuracy_digest)
        return cls(
            dataset=dataset,
            space=space,
            device=device,
            metric=chosen,
            architectures=rows,
            values=np.where(chosen.missing(numbers), np.nan, numbers),
            representative=space.rank(rows),
            provenance=Provenance("measured", "arrays", digest),
            accuracy=percent,
            accuracy_provenance=of_accuracy,
        )

    def __len__(self) -> int:
        return len(self.architectures)

    @property
    def estimated(self) -> bool:
        """Whether the values are computed by a model of the device."""
        return self.provenance.kind == "estimated"

    def measured_rows(self) -> Table:
        """Return the table without the rows whose value is missing."""
        keep = ~np.isnan(self.values)
        return replace(
            self,
            architectures=self.architectures[keep],
            values=self.values[keep],
            representative=self.representative[keep],
            accuracy=None if self.accuracy is None else self.accuracy[keep],
            copy_of=None if self.copy_of is None else self.copy_of[keep],
        )

    def measured_on(self) -> NDArray[np.int64]:
        """Return, for every row, the row of the architecture that its value was measured on.

        That is the row itself unless it copies a measurement (see `copy_of`), or the table lacks
        the architecture that was measured.
        """
        rows = self._rows_of(self.representative if self.copy_of is None else self.copy_of)
        return np.where(rows >= 0, rows, np.arange(len(self)))

    def networks(self) -> NDArray[np.int64]:
        """Return the rows that were measured: every network once, however many rows copy it."""
        return np.unique(self.measured_on())

    def locate(self, architectures: Architectures) -> NDArray[np.int64]:
        """Return the row of each architecture, -1 where the table has none."""
        return self._rows_of(self.space.rank(architectures))

    def _rows_of(self, ranks: NDArray[np.int64]) -> NDArray[np.int64]:
        own = self.space.rank(self.architectures)
        order = np.argsort(own)
        place = np.minimum(np.searchsorted(own[order], ranks), len(own) - 1)
        rows = order[place]
        return np.where(own[rows] == ranks, rows, -1)


#: Accuracy in percent of every architecture of a table, shape (n,), and its provenance.
Accuracy = tuple[NDArray[np.float64] | None, Provenance | None]
#: The accuracy of architectures of which none is known.
UNKNOWN: Accuracy = (None, None)


class Dataset(Protocol):
    """What every ``conf/dataset/*.yaml`` instantiates: it refuses what does not fit at once."""

    def load(self) -> Table:
        """Return the table; read, converted and cached on first use."""
