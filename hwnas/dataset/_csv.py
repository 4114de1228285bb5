"""The dataset of a user's own table: one CSV or Parquet file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._column_names import ColumnName
from hwnas.dataset._csv_cells import ARCHITECTURE, read_architectures, read_cells
from hwnas.dataset._delimited import TextTable
from hwnas.dataset._described import Column, Described
from hwnas.dataset._missing import missing_as_nan
from hwnas.dataset._nasbench201 import accuracy_of
from hwnas.dataset._new_rows import new_rows
from hwnas.dataset._repeated import Repeated, group_repeated
from hwnas.dataset._source import hash_file
from hwnas.dataset._table import Accuracy, Provenance, Table
from hwnas.errors import UserError, check_choice
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.space import Architectures, ColumnSpace, SearchSpace

#: Name of the metric in ``conf/metric/_column.yaml``: the column's name decides the metric.
BY_COLUMN = "_column"
#: Characters that no name of a folder can have, on Linux or Windows.
_NO_FOLDER = frozenset('/\\:*?"<>|')
_UNSAFE = re.compile(r"[^\w.-]+")
_FRACTION = 100.0


@dataclass(frozen=True)
class TableFile(Described):
    r"""A user's own table: architectures with one or several measured metrics.

    The column ``architecture`` holds the architectures in the notation of the search space. On a
    space of named dimensions (`hwnas.space.Choices`), one column for each dimension will do. Rows
    with the same architecture are repeated measurements, of which the table has the median. The
    name of the file without its ending is the name of the device.

    Parameters
    ----------
    metric : Metric
        The metric ``_column`` stands for the metric of the column `target`. Any other metric
        chooses the column of this name, with or without a unit.
    space : SearchSpace
    paths : Paths
    path : str, optional
        The file. Its format is Parquet if its name ends in ``.parquet``, otherwise CSV.
    target : str, optional
        The column with the values. Default: the column of the metric, or the only column whose name
        ends in a unit.
    accuracy_unit : {"percent", "fraction"}, optional
        Unit of a column ``accuracy`` whose name has no unit. Default: percent, if a value is
        above 1.
    accuracy : str
        Image set whose accuracies on NAS-Bench-201 are joined if the file has no accuracies.
    digest : str, optional
        Start of the SHA-256 hash that the file must have.

    Examples
    --------
    >>> import tempfile
    >>> from hwnas.space import NASBench201
    >>> cell = "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "board.csv"
    ...     _ = file.write_text(f"architecture,latency_ms\n{cell},1.0\n{cell},2.0\n")
    ...     paths = Paths(folder, folder, folder)
    ...     table = TableFile(Metric("_column", ""), NASBench201(), paths, str(file)).load()
    >>> table.device, table.metric.name, table.metric.unit, table.values
    ('board', 'latency', 'ms', array([1.5]))
    """

    metric: Metric
    space: SearchSpace
    paths: Paths
    path: str | None = None
    target: str | None = None
    accuracy_unit: str | None = None
    accuracy: str = "cifar10"
    digest: str | None = None

    def load(self) -> Table:
        """Return the table, with a row for each architecture.

        Raises
        ------
        UserError
            If the column with the values has none, or `unfilled` raises it.
        """
        table = self.unfilled()
        if np.isnan(table.values).all():
            column = table.provenance.details["column"]
            raise UserError(
                f"{self._file()}: column {column!r} has no value", remedy="another target="
            )
        return table

    def unfilled(self) -> Table:
        """Return the table as `load` does, also if no value is filled in yet.

        Raises
        ------
        UserError
            If the file is missing, cannot be read or has another `digest`, it is not clear which
            column holds the values
            or what their unit is, or an architecture is not of the space.
        """
        file = self._file()
        try:
            return self._read(file)
        except UserError as error:
            if error.remedy is not None:
                raise
            remedy = "correct the file; docs/your_table.md shows what it holds"
            raise UserError(error.problem, remedy) from error

    def _read(self, file: Path) -> Table:
        cells = read_cells(file)
        column = self._column(cells)
        _check_name(file, column)
        metric = self._metric(column)
        space = self._space_of(cells)
        architectures, repeated = _architectures(cells, space)
        is_accuracy = column.is_accuracy
        measured = self._percent(cells, column) if is_accuracy else cells.floats(column.name)
        values = repeated.median(np.where(metric.missing(measured), np.nan, measured))
        n_values = int((~np.isnan(values)).sum())
        sha256 = hash_file(file).sha256
        if self.digest is not None and not sha256.startswith(self.digest):
            raise UserError(
                f"{file}: its content has changed since the command was given",
                remedy="the same command again",
            )
        details: dict[str, object] = {
            "column": column.name,
            "rows": len(cells),
            "without_value": len(values) - n_values,
            **repeated.details(),
        }
        provenance = Provenance("measured", file.name, sha256, details=details)
        accuracy, of_accuracy = self._accuracy(cells, repeated, architectures, sha256)
        name = _UNSAFE.sub("_", file.stem)
        return Table(
            # The content is part of the name, so that a table with more rows gets other results.
            dataset=f"{name}-{sha256[:8]}",
            space=space,
            device=name,
            metric=metric,
            architectures=architectures,
            values=values,
            representative=space.identity(architectures),
            provenance=provenance,
            accuracy=accuracy,
            accuracy_provenance=of_accuracy,
        )

    def listed(self, *, with_accuracy: bool) -> tuple[Architectures, NDArray[np.float64] | None]:
        """Return the different architectures of a file that needs no column with values.

        Parameters
        ----------
        with_accuracy : bool
            Whether a column ``accuracy`` is read.

        Returns
        -------
        architectures : array, shape (n, n_positions)
            Of the given space, of which no dimension is inferred.
        accuracy : array of float64, shape (n,), or None
            Percent, NaN where unknown.

        Raises
        ------
        UserError
            If the file cannot be read, or an architecture is not of the space.
        """
        cells = read_cells(self._file())
        architectures, repeated = _architectures(cells, self.space)
        names = [each for each in map(ColumnName.of, cells.cells) if each.is_accuracy]
        if not (names and with_accuracy):
            return architectures, None
        return architectures, repeated.median(self._percent(cells, names[0]))

    def new_rows(
        self, space: SearchSpace, architectures: Architectures, accuracy: NDArray[np.float64] | None
    ) -> list[list[str]]:
        """Return rows with blank values that can be appended to the file.

        Parameters
        ----------
        space : SearchSpace
            The space of the loaded table.
        architectures : array, shape (n, n_positions)
        accuracy : array, shape (n,), optional
            Percent, NaN where unknown. They fill a column of accuracies, if the file has one.

        Returns
        -------
        list of list of str
            The header of the file, and n rows.
        """
        return new_rows(
            read_cells(self._file()), space, architectures, accuracy, self.accuracy_unit
        )

    @property
    def delimiter(self) -> str:
        """The delimiter of the file."""
        return read_cells(self._file()).delimiter

    def described(self) -> list[Column]:
        """Return every column of the file that has a unit, for ``hwnas doctor``.

        Raises
        ------
        UserError
            If the file cannot be read, or an architecture is not of the space.
        """
        cells = read_cells(self._file())
        space = self._space_of(cells)
        architectures, repeated = _architectures(cells, space)
        names = [ColumnName.of(name) for name in cells.cells]
        of_accuracy = next((each for each in names if each.is_accuracy), None)
        accuracy = None
        if of_accuracy is not None:
            accuracy = repeated.median(self._percent(cells, of_accuracy))
        return [
            Column(
                table=cells.path.stem,
                name=each.name,
                unit=each.unit or "",
                values=repeated.median(missing_as_nan(cells.floats(each.name))),
                space=space,
                architectures=architectures,
                accuracy=None
                if each.is_accuracy or accuracy is None
                else repeated.median(accuracy),
            )
            for each in names
            if (each.unit is not None or each.name == self.target or each.is_accuracy)
            and cells.is_numeric(each.name)
        ]

    def _file(self) -> Path:
        if self.path is None:
            raise UserError("dataset=csv: no file is given", remedy="table=FILE.csv")
        return Path(self.path).expanduser()

    def _column(self, cells: TextTable) -> ColumnName:
        """Return the column with the values."""
        if self.target is not None:
            cells.strings(self.target)
            return ColumnName.of(self.target)
        names = [ColumnName.of(name) for name in cells.cells if name != ARCHITECTURE]
        if self.metric.name == BY_COLUMN:
            found = [
                each for each in names if each.unit and not (each.is_accuracy or each.is_spread)
            ]
            wanted = "column whose name ends in a unit"
        else:
            found = [each for each in names if each.quantity == self.metric.name]
            wanted = f"column for metric={self.metric.name}"
        if len(found) == 1:
            return found[0]
        columns = ", ".join(each.name for each in found or names)
        problem = f"several columns could be the target ({columns})"
        if not found:
            problem = f"no {wanted}; columns: {columns}"
        numeric = [each for each in found or names if cells.is_numeric(each.name)]
        remedy = "a column with the measured numbers, named for example latency_ms"
        raise UserError(
            f"{cells.path}: {problem}", remedy=f"target={numeric[0].name}" if numeric else remedy
        )

    def _metric(self, column: ColumnName) -> Metric:
        """Return the metric that a column holds."""
        known, given = _known_metrics(), self.metric
        if given.name not in (BY_COLUMN, column.quantity) and column.quantity in known:
            raise UserError(
                f"target={column.name} is not metric={given.name}",
                remedy=f"metric={column.quantity}",
            )
        own = known.get(column.quantity, given)
        defaults = known.get(given.name, Metric(BY_COLUMN, ""))
        # `load` converts accuracies to percent.
        unit = "percent" if column.is_accuracy else column.unit or given.unit
        if not unit:
            raise UserError(
                f"the column {column.name} has no unit in its name",
                remedy=f"metric.unit=ms, or another name such as {column.name}_ms",
            )
        if given.unit not in (unit, defaults.unit):
            raise UserError(
                f"metric.unit={given.unit}: the column {column.name} is in {unit}",
                remedy=f"metric.unit={unit}",
            )
        # An override such as metric.direction=maximize also applies to a metric that is known.
        changed = {
            name: getattr(given, name)
            for name in ("direction", "lower", "upper", "title")
            if getattr(given, name) != getattr(defaults, name)
        }
        name = _UNSAFE.sub("_", column.quantity)
        return replace(own, name=name, unit=unit, **changed)

    def _space_of(self, cells: TextTable) -> SearchSpace:
        """Return the search space. The dimensions of ``space=columns`` are those of the table."""
        if not isinstance(self.space, ColumnSpace):
            return self.space
        known = _known_metrics()
        columns = {
            each.name: cells.strings(each.name)
            for each in map(ColumnName.of, cells.cells)
            if each.unit is None
            and each.name not in (ARCHITECTURE, self.target, *known)
            and not (each.is_accuracy or each.is_spread)
        }
        if not columns or not cells.lines:
            raise UserError(
                f"{cells.path}: {'no column is a dimension' if cells.lines else 'no rows'}",
                remedy="a column for each dimension, and a row for each architecture",
            )
        return self.space.inferred(columns)

    def _accuracy(
        self, cells: TextTable, repeated: Repeated, architectures: Architectures, sha256: str
    ) -> Accuracy:
        names = [each for each in map(ColumnName.of, cells.cells) if each.is_accuracy]
        if not names:
            return accuracy_of(self.space, architectures, self.accuracy, self.paths)
        percent = repeated.median(self._percent(cells, names[0]))
        details: dict[str, object] = {"column": names[0].name}
        return percent, Provenance("measured", cells.path.name, sha256, details=details)

    def _percent(self, cells: TextTable, column: ColumnName) -> NDArray[np.float64]:
        """Return the accuracies of all rows in percent, shape (n,)."""
        if self.accuracy_unit is not None:
            check_choice("dataset.accuracy_unit", self.accuracy_unit, ["percent", "fraction"])
        accuracy = cells.floats(column.name)
        known = accuracy[~np.isnan(accuracy)]
        unit = column.unit or self.accuracy_unit
        if unit is None and known.size and known.max() <= 1:
            raise UserError(
                f"{cells.path}: all values of column {column.name!r} are at most 1, and they could "
                "be fractions or percent",
                remedy="dataset.accuracy_unit=fraction",
            )
        percent = accuracy * _FRACTION if unit == "fraction" else accuracy
        wrong = np.flatnonzero((percent < 0) | (percent > _FRACTION))
        if wrong.size:
            row = int(wrong[0])
            raise cells.error(row, f"column {column.name!r}: {accuracy[row]:g} is no accuracy")
        return percent


def _check_name(file: Path, column: ColumnName) -> None:
    """Raise `UserError` for a name that no folder can have: the results go into one of this name.

    A file may come from a stranger, and ``../`` would lead out of the folder of results.
    """
    if not column.quantity.isprintable() or not _NO_FOLDER.isdisjoint(column.quantity):
        raise UserError(
            f"{file}: column {column.name!r} has a character that no folder's name can have",
            remedy="rename the column, for example to latency_ms",
        )


def _architectures(cells: TextTable, space: SearchSpace) -> tuple[Architectures, Repeated]:
    """Return the different architectures of a table, and which rows measured each of them."""
    if not len(cells):
        raise UserError(f"{cells.path}: the table has no rows")
    rows = read_architectures(cells, space)
    repeated = group_repeated(space.identity(rows).tolist())
    return rows[repeated.rows], repeated


def _known_metrics() -> dict[str, Metric]:
    """Return every metric of ``conf/metric`` by its name."""
    # Imported here because Hydra takes longer to import than the dataset package.
    from hydra.utils import instantiate

    from hwnas.composition import option_file, options, read_yaml

    files = {name: option_file("metric", name) for name in options("metric")}
    found: Sequence[Metric] = [instantiate(read_yaml(file)) for file in files.values() if file]
    return {each.name: each for each in found}
