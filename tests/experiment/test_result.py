"""Result folders are written completely or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hwnas.encoding import OneHot
from hwnas.errors import UserError
from hwnas.experiment import Experiment, Result, check_writable, split
from hwnas.experiment._folder import save
from hwnas.experiment._report import report
from hwnas.predictor import Predictor, _training
from hwnas.predictor.nn import MLP
from hwnas.selection import Selector
from tests.tables import ridge, whole_table


@pytest.fixture(scope="module")
def result() -> Result:
    table = whole_table()
    return Experiment(table, ridge(), split(table, 30, 100, 0), selector=Selector()).run()


class TestSave:
    def test_save_loaded_again_is_the_same_result(self, result: Result, tmp_path: Path) -> None:
        save(result, {"seed": 0}, tmp_path / "a" / "seed0", everything=True)
        assert Result.load(tmp_path / "a" / "seed0") == result
        names = {path.name for path in (tmp_path / "a" / "seed0").iterdir()}
        assert names >= {"config.yaml", "predictions.parquet", "selected.csv", "fronts.png"}

    def test_save_nan_leaves_no_folder(self, result: Result, tmp_path: Path) -> None:
        folder = tmp_path / "a" / "seed0"
        with pytest.raises(ValueError, match="JSON"):
            save(_with_nan(result), {}, folder, everything=False)
        assert list(folder.parent.iterdir()) == []
        assert Result.load(folder) is None

    def test_save_nan_keeps_the_old_result(self, result: Result, tmp_path: Path) -> None:
        save(result, {}, tmp_path / "seed0", everything=False)
        with pytest.raises(ValueError, match="JSON"):
            save(_with_nan(result), {}, tmp_path / "seed0", everything=False)
        assert Result.load(tmp_path / "seed0") == result

    def test_save_twice_leaves_only_the_new_result(self, result: Result, tmp_path: Path) -> None:
        other = replace(result, scores=dict(result.scores) | {"mae": 1.0})
        save(result, {}, tmp_path / "seed0", everything=True)
        save(other, {}, tmp_path / "seed0", everything=False)
        assert Result.load(tmp_path / "seed0") == other
        assert [path.name for path in tmp_path.iterdir()] == ["seed0"]
        assert not list(tmp_path.rglob("*.parquet"))


def _with_nan(result: Result) -> Result:
    return replace(result, scores=dict(result.scores) | {"mae": float("nan")})


def test_report_restarted_network_says_so(result: Result, tmp_path: Path) -> None:
    def restarted(n: int | None) -> str:
        return report(replace(result, predictor=replace(result.predictor, n_restarts=n)), tmp_path)

    assert "trained again once from other first weights" in restarted(1)
    assert "trained again 3 times" in restarted(3)
    assert "trained again" not in restarted(0)
    assert "trained again" not in restarted(None)


def test_run_neural_network_records_its_restarts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every training counts as dead here, so the network is trained as often as allowed."""
    table = whole_table()
    small = MLP(width=4, n_layers=1, epochs=2, min_steps=2, random_state=0)
    predictor = Predictor(table.space, OneHot(), small)
    monkeypatch.setattr(_training, "DEAD_RANGE", float("inf"))
    run = Experiment(table, predictor, split(table, 30, 100, 0)).run()
    assert run.predictor.n_restarts == _training.MOST_RESTARTS


def test_check_writable_path_below_a_file_raises(tmp_path: Path) -> None:
    check_writable(tmp_path / "new" / "outputs")
    (tmp_path / "file").touch()
    with pytest.raises(
        UserError, match=r"paths\.outputs=.*/file/below: cannot be written \(Not a dir"
    ):
        check_writable(tmp_path / "file" / "below")


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("identity", "train", {}),
        ("identity", "predictor", ["ridge"]),
        ("timings", "fit_seconds", None),
        ("scores", "kendall_tau", None),
        ("scores", "mae", "small"),
        ("selection", "mra_all_percent", "none"),
        ("provenance", "environment", None),
    ],
)
def test_load_part_of_another_type_is_refused(
    result: Result, tmp_path: Path, part: str, key: str, value: object
) -> None:
    save(result, {}, tmp_path / "seed0", everything=False)
    file = tmp_path / "seed0" / "result.json"
    content = json.loads(file.read_text())
    content[part][key] = value
    file.write_text(json.dumps(content))
    with pytest.raises(UserError, match="damaged"):
        Result.load(tmp_path / "seed0")
