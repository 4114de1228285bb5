"""An experiment on a small table of the user's own predicts the front of the whole space."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from tests.commands import Hwnas
from tests.tables_of_users import write_csv


def test_run_own_table_has_the_predicted_front_of_the_space(tmp_path: Path, hwnas: Hwnas) -> None:
    board = write_csv(tmp_path / "board.csv", 40)
    arguments = [
        *("run", f"table={board}", "predictor=ridge", "tuning=none", "tracking=off"),
        *("selection.limit=2", f"paths.outputs={tmp_path}"),
    ]
    done = hwnas(*arguments)
    assert done.returncode == 0, done.stderr
    # Five of the 7,122 networks compute nothing, so their accuracy is below twice that of a guess.
    assert "candidates=space: 7,117 networks" in done.stdout
    result = next(tmp_path.rglob("result.json"))
    found = json.loads(result.read_text())["selection"]["unmeasured"]
    front = found["front"]
    assert found["n"] == 7117
    assert found["n_measured"] <= 40
    assert all(line["lower"] < line["predicted"] < line["upper"] for line in front)
    assert [line["accuracy_percent"] for line in front] == sorted(
        (line["accuracy_percent"] for line in front), reverse=True
    )
    assert found["chosen"]["predicted"] < 2
    assert found["chosen"]["probability"] >= 0.9
    with (result.parent / "candidates.csv").open(newline="") as file:
        assert [line["architecture"] for line in csv.DictReader(file)] == [
            line["architecture"] for line in front
        ]
    # The value that is the default for such a table gives the same result.
    again = hwnas(*arguments, "selection.candidates=space")
    assert "finished before" in again.stdout
