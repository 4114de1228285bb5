"""Means of a simulation as rows of ``simulation.csv``, and their comparison with other runs."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hwnas.errors import UserError
from hwnas.files import write_atomically
from hwnas.selection._losses import SELECTION_SCORES
from hwnas.selection._simulate import Simulation


def _columns(published: bool) -> dict[str, str]:
    """Return the column of each score's standard error by that of its mean."""
    names = [each.name for each in SELECTION_SCORES if each.published == published]
    return {name: f"{name.removesuffix('_percent')}_sem" for name in names}


# Those of the reference, which is the paper's own simulation, and ours beside them.
COLUMNS = {"kendall_tau": "kendall_tau_sem", **_columns(published=True)}
MORE_COLUMNS = _columns(published=False)
KEYS = ("pairing", "data", "n_candidates", "sigma")

Row = dict[str, str | float]


def simulation_rows(simulation: Simulation, data: str) -> list[Row]:
    """Return one row a candidate-set size and noise level, in the columns of ``simulation.csv``.

    Parameters
    ----------
    simulation : Simulation
    data : str
        Names the table and the accuracies, as the column ``data`` holds it.

    Returns
    -------
    list of dict
        First the columns that the reference has, then those along the hardware axis (in
        standard deviations of the metric) and the sizes of the sets.
    """
    named = {**COLUMNS, **MORE_COLUMNS}
    means = {name: simulation.mean(name) for name in named}
    errors = {name: simulation.sem(name) for name in named}
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
    """Write rows as CSV, whole or not at all.

    Raises
    ------
    ValueError
        If there are no rows.
    """
    if not rows:
        raise ValueError("no rows to write")
    write_atomically(path, lambda partial: _write_csv(partial, rows))


def _write_csv(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        for row in rows:
            writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})


def read_rows(path: Path) -> list[Row]:
    """Read ``simulation.csv``, the reference's or one of `write_rows`.

    Raises
    ------
    UserError
        If the file is not there, a column is missing, or a value is not a number.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        missing = {*KEYS, *COLUMNS, *COLUMNS.values()} - set(reader.fieldnames or ())
        if missing:
            raise UserError(f"{path}: column {', '.join(sorted(missing))} is missing")
        try:
            return [
                {k: v if k in ("pairing", "data") else float(v) for k, v in line.items()}
                for line in reader
            ]
        except (TypeError, ValueError) as error:
            raise UserError(f"{path}, line {reader.line_num}: {error}") from error


@dataclass(frozen=True)
class Comparison:
    """How far the means of two runs of the same simulation lie apart.

    Parameters
    ----------
    z : dict of float
        By (pairing, data, n_candidates, sigma, score): the difference of the means in standard
        errors of that difference, those of both runs.
    """

    z: dict[tuple[str | float, ...], float]

    @property
    def rms(self) -> float:
        """Root mean square of z: 1 where two runs differ by chance alone."""
        return float(np.sqrt(np.mean(np.square(list(self.z.values())))))

    def beyond(self, limit: float = 3.0) -> dict[tuple[str | float, ...], float]:
        """Return the means further apart than `limit` standard errors."""
        return {key: z for key, z in self.z.items() if abs(z) > limit}

    def summary(self) -> str:
        """Say in a line how well the runs agree."""
        far = self.beyond()
        worst = max(self.z, key=lambda key: abs(self.z[key]))
        text = (
            f"{len(self.z) - len(far)} of {len(self.z)} means within 3 standard errors of both "
            f"runs, root mean square {self.rms:.2f} (by chance 1.00, and 1 in 370 beyond 3)"
        )
        return f"{text}; furthest {self.z[worst]:+.1f}: {', '.join(map(str, worst))}"


def compare_simulations(
    ours: Iterable[Mapping[str, str | float]], other: Iterable[Row]
) -> Comparison:
    """Compare two runs where they share pairing, data, candidate-set size and noise level.

    A mean without spread in both runs, such as no loss without deviations, is left out where both
    agree to the four decimals of the reference, and infinitely far where they do not.

    Raises
    ------
    UserError
        If the two share nothing.
    """
    theirs = {_key(row): row for row in other}
    z: dict[tuple[str | float, ...], float] = {}
    shared = 0
    for row in ours:
        match = theirs.get(_key(row))
        if match is None:
            continue
        shared += 1
        for name, error in COLUMNS.items():
            spread = float(np.hypot(float(row[error]), float(match[error])))
            apart = float(row[name]) - float(match[name])
            if spread > 0:
                z[(*_key(row), name)] = apart / spread
            elif abs(apart) > 5e-5:
                z[(*_key(row), name)] = float(np.copysign(np.inf, apart))
    if not shared:
        raise UserError("the two simulations share no pairing, data, n_candidates and sigma")
    return Comparison(z)


def _key(row: Mapping[str, str | float]) -> tuple[str | float, ...]:
    # Noise levels are steps of 0.1, written with a few decimals.
    return (row["pairing"], row["data"], int(row["n_candidates"]), round(float(row["sigma"]), 4))
