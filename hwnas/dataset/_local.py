"""Tables that were measured with ``python -m hwnas.measure``, the bundled one among them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._check import check_choice, check_metric
from hwnas.dataset._paths import Paths
from hwnas.dataset._source import hash_file
from hwnas.dataset._table import Provenance, Table
from hwnas.errors import UserError
from hwnas.metric import Metric
from hwnas.space import Architectures, SearchSpace

#: Key of the facts in a Parquet file's schema metadata: JSON.
METADATA = "hwnas"
BUNDLED = Path(__file__).parent / "tables"

#: Counted from the network, so the same on every backend.
_COUNTED = ("flops", "parameters", "memory")

Statistic = Literal["minimum", "median"]


def column(backend: str, metric: str, statistic: str) -> str:
    """Return the name of a measured column.

    Examples
    --------
    >>> column("torch", "latency", "minimum")
    'torch_latency_minimum'
    """
    return f"{backend}_{metric}_{statistic}"


def table_path(name: str, space: SearchSpace, paths: Paths) -> Path:
    """Return where the table of a device is, bundled or measured by the user."""
    bundled = BUNDLED / f"{space.name}_{name}.parquet"
    return bundled if bundled.exists() else paths.data / "local" / name / f"{space.name}.parquet"


@dataclass(frozen=True)
class Local:
    """A device measured with ``python -m hwnas.measure``.

    Parameters
    ----------
    name : str
        The device's name there; ``cpu`` is bundled with the package.
    metric : Metric
        Latency, or one that is counted: flops, parameters, memory.
    space : SearchSpace
    paths : Paths
    backend : str
        What ran the networks: ``onnxruntime`` or ``torch``, or the name of a backend of one's own.
    statistic : {"median", "minimum"}
        Of the runs in a pass. Where nothing else runs on the device, the minimum agrees better
        between passes, elsewhere the median.
    """

    name: str
    metric: Metric
    space: SearchSpace
    paths: Paths
    backend: str = "onnxruntime"
    statistic: Statistic = "median"

    def load(self) -> Table:
        """Return the table, with accuracies on digits where they were measured.

        Raises
        ------
        UserError
            If the device was not measured, or not with this space, backend or metric.
        """
        check_choice("dataset.statistic", self.statistic, ["median", "minimum"])
        path = table_path(self.name, self.space, self.paths)
        if not path.exists():
            raise UserError(
                f"{path}: not here, {self.name} has no measurements of {self.space.name}",
                mend=f"python -m hwnas.measure name={self.name} space={self.space.name}",
            )
        columns, facts = _read(path)
        architectures = self.space.from_strings(columns["architecture"])
        has_accuracy = "accuracy" in columns
        return Table(
            dataset=self._identity(),
            space=self.space,
            device=self.name,
            metric=self.metric,
            architectures=architectures,
            values=columns[self._column(facts)].astype(np.float64),
            representative=columns["representative"].astype(np.int64),
            provenance=_provenance(path, self._facts(facts)),
            accuracy=columns["accuracy"].astype(np.float64) if has_accuracy else None,
            accuracy_provenance=_provenance(path, facts["accuracy"]) if has_accuracy else None,
            copy_of=columns["measured_on"].astype(np.int64),
        )

    def measure(self, architectures: Architectures) -> NDArray[np.float64]:
        """Measure architectures now, on this machine, as the table's were.

        Raises
        ------
        UserError
            If the metric is counted, or the backend is none of ``conf/backend/``.
        """
        # Imported here: a backend loads the library that runs the networks.
        from hydra import compose
        from hydra.utils import instantiate

        from hwnas.measure._live import measure_live

        if self.metric.name in _COUNTED:
            raise UserError(
                f"metric={self.metric.name}: counted from the network, there is nothing to measure",
                mend="selection.verify=table",
            )
        _, facts = _read(table_path(self.name, self.space, self.paths))
        check_choice("dataset.backend", self.backend, facts["latency"])
        backend = instantiate(compose(f"backend/{self.backend}").backend)
        return measure_live(self.space, architectures, backend, self._facts(facts), self.statistic)

    def _identity(self) -> str:
        if self.metric.name in _COUNTED:
            return "local"
        suffix = "" if self.statistic == "median" else f"-{self.statistic}"
        return f"local-{self.backend}{suffix}"

    def _column(self, facts: dict[str, Any]) -> str:
        check_metric(f"dataset=local/{self.name}", self.metric, ["latency", *_COUNTED])
        if self.metric.name in _COUNTED:
            return self.metric.name
        check_choice("dataset.backend", self.backend, facts["latency"])
        return column(self.backend, self.metric.name, self.statistic)

    def _facts(self, facts: dict[str, Any]) -> dict[str, Any]:
        if self.metric.name in _COUNTED:
            return {"counted": "from the network's layers", "network": facts["networks"]}
        found: dict[str, Any] = facts["latency"][self.backend]
        return found


def _read(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
        facts = json.loads(table.schema.metadata[METADATA.encode()])
    except (pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{path}: not a table of hwnas.measure ({error})", mend=f"rm {path}, and measure again"
        ) from error
    columns = {name: table[name].to_numpy() for name in table.column_names}
    return columns, facts


def _provenance(path: Path, details: dict[str, Any]) -> Provenance:
    return Provenance(
        kind="measured", source=path.name, sha256=hash_file(path).sha256, details=details
    )
