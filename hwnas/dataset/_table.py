"""The table of an experiment: architectures with a hardware metric and their accuracy."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from hwnas.metric import Metric
from hwnas.space import Architectures, Identities, SearchSpace, rows_of

Kind = Literal["measured", "estimated"]


@dataclass(frozen=True)
class Provenance:
    """Where the values of a table come from. Every result file contains it.

    Parameters
    ----------
    kind : {"measured", "estimated"}
        Whether the values were measured on a device, or computed by a model of the device.
    source : str
        File name of the source, or the name of the model.
    sha256 : str
        SHA-256 of the source file, or of the model's constants.
    url : str, optional
        The official address.
    official : bool, optional
        Whether the file has the published content. None if the published hash is unknown.
    details : dict
        Further facts, such as the noise floor, the machine or the number of seeds.
    """

    kind: Kind
    source: str
    sha256: str
    url: str | None = None
    official: bool | None = None
    details: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """Architectures with the values of one metric on one device, and their accuracies.

    Parameters
    ----------
    dataset : str
        Name of the dataset in result paths, e.g. ``"hwnas-cifar10"``.
    space : SearchSpace
    device : str
    metric : Metric
    architectures : array, shape (n, n_positions)
    values : array of float64, shape (n,)
        In the metric's unit. NaN where nothing was measured.
    representative : array, shape (n,)
        Key of the class of each architecture: the identity (`SearchSpace.identity`) of one member.
        Architectures of one class compute the same function. A split puts a class either into the
        training measurements or into the test set.
    provenance : Provenance
        Provenance of `values`.
    accuracy : array of float64, shape (n,), optional
        Percent. NaN where unknown.
    accuracy_provenance : Provenance, optional
    copy_of : array, shape (n,), optional
        Identity of the architecture on which each value was measured. None if it is
        `representative`.

    Raises
    ------
    ValueError
        If the lengths of the arrays differ, or an architecture occurs in two rows.
    """

    dataset: str
    space: SearchSpace
    device: str
    metric: Metric
    architectures: Architectures
    values: NDArray[np.float64]
    representative: Identities
    provenance: Provenance
    accuracy: NDArray[np.float64] | None = None
    accuracy_provenance: Provenance | None = None
    copy_of: Identities | None = None

    def __post_init__(self) -> None:
        n = len(self.architectures)
        if self.values.shape != (n,) or self.representative.shape != (n,):
            raise ValueError(
                f"table of {n} architectures: values and representative must have this length"
            )
        if self.accuracy is not None and self.accuracy.shape != (n,):
            raise ValueError(f"table of {n} architectures: accuracy must have this length")
        if len(np.unique(self.space.identity(self.architectures))) != n:
            raise ValueError("an architecture occurs in two rows of the table")

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
            Operation indices, or strings in the space's notation. No architecture may occur twice.
        values : array of float, shape (n,)
            In the metric's unit. NaN where nothing was measured.
        metric : Metric, optional
            Default: latency in ms.
        device, dataset : str
            Names for results.
        accuracy : array of float, shape (n,), optional
            Percent. NaN where unknown.

        Raises
        ------
        ValueError
            If an architecture is not of the space or occurs twice, or if lengths differ.

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
            representative=space.identity(rows),
            provenance=Provenance("measured", "arrays", digest),
            accuracy=percent,
            accuracy_provenance=of_accuracy,
        )

    def __len__(self) -> int:
        return len(self.architectures)

    @property
    def estimated(self) -> bool:
        """Whether a model of the device computed the values."""
        return self.provenance.kind == "estimated"

    def measured_rows(self) -> Table:
        """Return the table without the rows whose value is missing."""
        return self.rows(np.flatnonzero(~np.isnan(self.values)))

    def rows(self, keep: NDArray[np.int64]) -> Table:
        """Return the table with these rows only, in their order."""
        return replace(
            self,
            architectures=self.architectures[keep],
            values=self.values[keep],
            representative=self.representative[keep],
            accuracy=None if self.accuracy is None else self.accuracy[keep],
            copy_of=None if self.copy_of is None else self.copy_of[keep],
        )

    def measured_on(self) -> NDArray[np.int64]:
        """Return, for every row, the row of the architecture on which its value was measured.

        This is another row only if `copy_of` names another architecture and the table contains it.

        Returns
        -------
        array of int64, shape (n,)
        """
        rows = self._rows_of(self.representative if self.copy_of is None else self.copy_of)
        return np.where(rows >= 0, rows, np.arange(len(self)))

    def networks(self) -> NDArray[np.int64]:
        """Return the rows that were measured, without their copies, in ascending order."""
        return np.unique(self.measured_on())

    def locate(self, architectures: Architectures) -> NDArray[np.int64]:
        """Return the row of each architecture, or -1 if the table does not contain it."""
        return self._rows_of(self.space.identity(architectures))

    def _rows_of(self, identities: Identities) -> NDArray[np.int64]:
        return rows_of(self.space.identity(self.architectures), identities)


#: Accuracy in percent of every architecture of a table, shape (n,), and its provenance.
Accuracy = tuple[NDArray[np.float64] | None, Provenance | None]
#: The value of `Accuracy` if no accuracy is known.
UNKNOWN: Accuracy = (None, None)


class Dataset(Protocol):
    """The interface of the classes that the YAMLs in ``conf/dataset`` instantiate."""

    def load(self) -> Table:
        """Return the table, or raise `UserError` if the dataset does not have it."""


@runtime_checkable
class ManyDevices(Protocol):
    """The interface of datasets with many devices, which have no YAML of their own."""

    def load(self) -> Table:
        """Return the table of one device."""

    def devices_here(self) -> list[str]:
        """Return the devices of the space whose files are in the data folder."""

    def of_device(self, device: str) -> ManyDevices:
        """Return the dataset of another device."""
