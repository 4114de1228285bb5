"""Writing the means of a simulation as ``simulation.csv``, and comparing two simulations."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hwnas.errors import UserError
from hwnas.files import write_atomically
from hwnas.paths import elsewhere
from hwnas.selection._losses import SELECTION_SCORES
from hwnas.selection._simulate import Simulation


def _columns(published: bool) -> dict[str, str]:
    """Return, for each score, the column of its mean and the column of its standard error."""
    names = [score.name for score in SELECTION_SCORES if score.published == published]
    return {name: f"{name.removesuffix('_percent')}_sem" for name in names}


#: Columns that the simulation of the paper's code also has. The keys are columns of means, the
#: values are the columns of their standard errors.
COLUMNS = {"kendall_tau": "kendall_tau_sem", **_columns(published=True)}
#: Columns of the other scores, in the same form.
MORE_COLUMNS = _columns(published=False)
#: Columns that identify a row.
KEYS = ("pairing", "data", "n_candidates", "sigma")

#: A row of ``simulation.csv`` by column.
Row = dict[str, str | float]


def simulation_rows(simulation: Simulation, data: str) -> list[Row]:
    """Return the rows of ``simulation.csv``: one for each candidate-set size and each σ.

    Parameters
    ----------
    simulation : Simulation
    data : str
        Value of the column ``data``, which names the table and the accuracies.

    Returns
    -------
    list of dict
        Each row has the columns `KEYS`, ``trials``, `COLUMNS` and `MORE_COLUMNS`.
        ``mra_all_hardware`` and ``mra_pareto_hardware`` are in standard deviations of the metric.
    """
    columns = {**COLUMNS, **MORE_COLUMNS}
    means = {name: simulation.mean(name) for name in columns}
    errors = {name: simulation.sem(name) for name in columns}
    trials = simulation.scores["kendall_tau"].shape[1]
    rows: list[Row] = []
    for i, size in enumerate(simulation.n_candidates):
        for j, sigma in enumerate(simulation.sigmas):
            row: Row = {"pairing": simulation.pairing, "data": data}
            row |= {"n_candidates": size, "sigma": sigma, "trials": trials}
            for group in (COLUMNS, MORE_COLUMNS):
                row |= {name: float(means[name][i, j]) for name in group}
                row |= {error: float(errors[name][i, j]) for name, error in group.items()}
            rows.append(row)
    return rows


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write rows as a CSV file.

    The rows are first written to a temporary file, which then replaces `path`. So `path` never
    holds a part of the rows.

    Raises
    ------
    ValueError
        If there are no rows.
    """
    if not rows:
        raise ValueError("there are no rows to write")
    write_atomically(path, lambda partial: _write_csv(partial, rows), elsewhere("outputs"))


def _write_csv(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        for row in rows:
            writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})


def read_rows(path: Path) -> list[Row]:
    """Read ``simulation.csv``, as written by `write_rows` or made by the paper's code.

    Raises
    ------
    UserError
        If the file does not exist, a column is missing, or a value is not a number.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        missing = {*KEYS, *COLUMNS, *COLUMNS.values()} - set(reader.fieldnames or ())
        if missing:
            raise UserError(f"{path}: missing columns: {', '.join(sorted(missing))}")
        try:
            return [
                {k: v if k in ("pairing", "data") else float(v) for k, v in line.items()}
                for line in reader
            ]
        except (TypeError, ValueError) as error:
            raise UserError(f"{path}, line {reader.line_num}: {error}") from error


@dataclass(frozen=True)
class Comparison:
    """Differences between the means of two simulations.

    Parameters
    ----------
    z : dict of float
        Difference of the two means of a score, divided by the standard error of the difference.
        The keys are (pairing, data, n_candidates, sigma, score).
    """

    z: dict[tuple[str | float, ...], float]

    @property
    def rms(self) -> float:
        """Root mean square of z; about 1 if the simulations differ by chance alone."""
        return float(np.sqrt(np.mean(np.square(list(self.z.values())))))

    def beyond(self, limit: float = 3.0) -> dict[tuple[str | float, ...], float]:
        """Return the values of z whose magnitude is above `limit`."""
        return {key: z for key, z in self.z.items() if abs(z) > limit}

    def summary(self) -> str:
        """Return one line that says how well the simulations agree."""
        n_within = len(self.z) - len(self.beyond())
        furthest = max(self.z, key=lambda key: abs(self.z[key]))
        return (
            f"{n_within} of {len(self.z)} pairs of means within 3 standard errors of their "
            f"difference (by chance, 1 in 370 is not); root mean square {self.rms:.2f} (by chance "
            f"1.00); largest difference {self.z[furthest]:+.1f}: {', '.join(map(str, furthest))}"
        )


def compare_simulations(
    ours: Iterable[Mapping[str, str | float]], other: Iterable[Row]
) -> Comparison:
    """Compare the rows of two simulations that have the same values in `KEYS`.

    Two means with standard error 0 are left out of the comparison if they are equal to four
    decimals, which is the precision of the reference file. Otherwise their z is infinite. An
    example is the MRA at σ = 0: it is 0 in every trial.

    Parameters
    ----------
    ours, other : iterable of row
        Rows of `simulation_rows` or `read_rows`.

    Raises
    ------
    UserError
        If no row of one simulation has the same `KEYS` as a row of the other.
    """
    other_rows = {_key(row): row for row in other}
    z: dict[tuple[str | float, ...], float] = {}
    shared = 0
    for row in ours:
        match = other_rows.get(_key(row))
        if match is None:
            continue
        shared += 1
        for name, error in COLUMNS.items():
            standard_error = float(np.hypot(float(row[error]), float(match[error])))
            difference = float(row[name]) - float(match[name])
            if standard_error > 0:
                z[(*_key(row), name)] = difference / standard_error
            elif abs(difference) > 5e-5:
                z[(*_key(row), name)] = float(np.copysign(np.inf, difference))
    if not shared:
        raise UserError(
            "the two simulations have no row with equal pairing, data, n_candidates and sigma",
            remedy="compare simulations of the same data",
        )
    return Comparison(z)


def _key(row: Mapping[str, str | float]) -> tuple[str | float, ...]:
    """Return the values of `KEYS`, with σ rounded because files can hold fewer digits of it."""
    return (row["pairing"], row["data"], int(row["n_candidates"]), round(float(row["sigma"]), 4))
