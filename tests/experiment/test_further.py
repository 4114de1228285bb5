"""Selections with several hardware metrics."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hwnas.dataset import Table
from hwnas.errors import UserError
from hwnas.experiment import Experiment, Result, split
from hwnas.experiment._finished import finished
from hwnas.experiment._folder import save
from hwnas.metric import Metric
from hwnas.selection import Scale, Selector, hypervolume, objectives, pareto_front
from tests.commands import Hwnas
from tests.tables import ridge, whole_table
from tests.tables_of_users import bundled

ENERGY = Metric("energy", "mJ")


def energies(table: Table) -> Table:
    """Return the rows of a table with energies, of which every tenth is missing."""
    values = 2.0 + (table.architectures == 2).sum(axis=1) + 0.001 * np.arange(len(table))
    values[::10] = np.nan
    return replace(table, metric=ENERGY, values=values)


@pytest.fixture(scope="module")
def done() -> Result:
    """Return the result of a selection by accuracy, latency and energy."""
    table = whole_table()
    drawn = split(table, 100, 100, 0)
    return Experiment(
        table, ridge(), drawn, selector=Selector(rounds=2), further=(energies(table),)
    ).run()


def test_experiment_with_two_metrics_selects_by_accuracy_and_both(done: Result) -> None:
    assert done.details is not None
    selection, rows = done.details.selection, done.details.candidates
    assert selection is not None
    assert rows is not None
    table, other = whole_table(), energies(whole_table())
    assert np.isfinite(other.values[rows]).all()
    assert len(rows) == np.isfinite(other.values).sum()
    assert table.accuracy is not None
    costs = np.column_stack([table.values, other.values])[rows]
    front = pareto_front(table.accuracy[rows], costs)
    assert sorted(selection.true_front.tolist()) == sorted(front.tolist())
    assert len(front) > len(pareto_front(table.accuracy[rows], costs[:, 0]))
    points = Scale.of(costs).standardised(objectives(table.accuracy[rows], costs))
    reference = np.append(0.0, 1.1 * points[:, 1:].max(axis=0))
    own = hypervolume(points[selection.verified], reference)
    assert selection.scores["hypervolume"] == pytest.approx(own)
    assert own / hypervolume(points[front], reference) > 0.9


def test_experiment_with_two_metrics_scores_the_second_predictor(done: Result) -> None:
    assert done.selection is not None
    (record,) = done.selection["further_metrics"]
    assert (record["metric"], record["unit"]) == ("energy", "mJ")
    assert record["n_train"] < 100
    assert record["scores"]["kendall_tau"] > 0.5
    assert len(done.selection["mra_all_hardware"]) == 2


def write_board(folder: Path) -> None:
    """Write a table of 60 networks with latency, energy and accuracy."""
    table, rows = bundled(), np.arange(0, 15_000, 250)
    assert table.accuracy is not None
    with (folder / "board.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["architecture", "latency_ms", "energy_mJ", "accuracy"])
        for row in rows.tolist():
            cell = table.architectures[row]
            energy = 1.0 + float((cell == 3).sum()) + row / 1e6
            string = table.space.format(cell.tolist())
            writer.writerow([string, table.values[row], energy, table.accuracy[row]])


def test_run_with_two_metrics_lists_both_of_what_it_selected(
    hwnas: Hwnas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_board(tmp_path)
    words = ("predictor=ridge", "tracking=off", "tuning=none", "metric=latency")
    asked = hwnas("run", "table=board.csv", *words, "selection.metrics=[energy,latency]")
    assert asked.returncode == 0, asked.stderr
    assert "objectives: accuracy, latency [ms], energy [mJ]" in asked.stdout
    (file,) = (tmp_path / "outputs").rglob("selected.csv")
    with file.open(newline="") as opened:
        first = next(csv.DictReader(opened))
    assert float(first["true_energy_mJ"]) >= 1.0
    assert first["predicted_energy_mJ"]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["selection.metrics=[energy]"], "Try: selection.metrics=[latency,energy]"),
        (["selection.metrics=[latency,power]"], "no metric power; known:"),
        (["selection.metrics=[latency,flops]"], "no column for metric=flops"),
        (["selection.metrics=[latency,energy]", "selection.limit=2"], "works with one metric"),
        (["selection.metrics=[latency,energy]", "selection.candidates=space"], "Try: selection.c"),
    ],
)
def test_run_with_metrics_that_cannot_be_selected_by_is_one_line(
    hwnas: Hwnas,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    problem: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_board(tmp_path)
    asked = hwnas("run", "table=board.csv", "predictor=ridge", "metric=latency", *words)
    assert asked.returncode == 2
    assert problem in asked.stderr
    assert "Traceback" not in asked.stderr


def test_finished_further_values_of_another_file_raises(done: Result, tmp_path: Path) -> None:
    save(replace(done, details=None), {}, tmp_path / "result", everything=False)
    table = whole_table()

    def again(other: Table) -> Result | None:
        return finished(
            tmp_path / "result",
            table,
            lambda _: None,
            everything=False,
            selects=True,
            intervals=True,
            further=[other],
        )

    assert again(energies(table)) is not None
    changed = replace(table.provenance, source="energy.csv", sha256="e2" * 32)
    with pytest.raises(UserError, match=r"values of energy, .*; current values: energy\.csv"):
        again(replace(energies(table), provenance=changed))
