"""Finding finished results in folders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hwnas.errors import UserError
from hwnas.results import find
from hwnas.study import POINTS, Ledger, Outcome
from tests.results.written import write_result


def test_find_folder_above_returns_every_result(tmp_path: Path) -> None:
    for seed in (1, 0):
        write_result(tmp_path / "space" / f"seed{seed}", seed=seed)
    write_result(tmp_path / "space" / ".seed2-abc" / "new", seed=2)

    found = find([tmp_path, tmp_path / "space" / "seed0"])
    assert [each.result.identity["seed"] for each in found] == [0, 1]
    assert found[0].config() == {"seed": 0}


def test_find_study_returns_results_of_its_grid_points_only(tmp_path: Path) -> None:
    for seed in range(3):
        write_result(tmp_path / f"seed{seed}", seed=seed)
    study = tmp_path / "studies" / "mine"
    ledger = Ledger(study / POINTS, tmp_path)
    ledger.write("job", Outcome(0, "done", folder="seed0"))
    ledger.write("job", Outcome(1, "failed", error="why"))
    ledger.write("job", Outcome(2, "done", folder="seed2"))

    assert [each.result.identity["seed"] for each in find([study])] == [0, 2]


@pytest.mark.parametrize(
    ("name", "problem"), [("", "no finished result"), ("no", "no such folder")]
)
def test_find_nothing_there_raises(tmp_path: Path, name: str, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        find([tmp_path / name])


def test_find_damaged_result_raises(tmp_path: Path) -> None:
    folder = write_result(tmp_path / "seed0", seed=0)
    content = json.loads((folder / "result.json").read_text())
    del content["scores"]
    (folder / "result.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match="damaged"):
        find([tmp_path])
