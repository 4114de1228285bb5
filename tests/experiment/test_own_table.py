"""Experiments on tables and with predictors of the user's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import hwnas as api
from hwnas.experiment import split
from tests.commands import Finished, Hwnas
from tests.tables import whole_table
from tests.tables_of_users import write_csv

QUICK = ("tracking=off", "tuning=none", "selection=none", "artifacts=result")


@pytest.fixture
def run(hwnas: Hwnas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hwnas:
    """Return a function that runs ``hwnas run table=board.csv`` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "board.csv", 60)
    write_csv(tmp_path / "phone.csv", 40, seed=1)

    def on_board(*arguments: str) -> Finished:
        return hwnas("run", "table=board.csv", *QUICK, *arguments)

    return on_board


def _results(folder: Path) -> list[dict[str, Any]]:
    paths = sorted((folder / "outputs").rglob("result.json"))
    return [json.loads(path.read_text()) for path in paths]


@pytest.mark.parametrize(("n", "expected"), [(8, (6, 2)), (60, (45, 15)), (300, (124, 176))])
def test_split_default_sizes_fit_a_small_table(n: int, expected: tuple[int, int]) -> None:
    drawn = split(whole_table(n), seed=1)
    assert (len(drawn.train), len(drawn.test)) == expected


def test_run_small_table_states_the_sizes_of_its_split(
    run: Hwnas, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    finished = run()
    assert finished.returncode == 0, finished.stderr
    assert "the table has 60 measurements: n_train=45 n_test=15" in caplog.text
    assert "45 training measurements" in finished.stdout
    (result,) = _results(tmp_path)
    assert (result["identity"]["n_train"], result["identity"]["n_test"]) == (45, 15)


@pytest.mark.parametrize(
    "written",
    [("n_train=45", "n_test=15"), ("target=latency_ms",), ("metric=latency",)],
    ids=["sizes", "target", "metric"],
)
def test_run_the_default_written_out_is_the_same_experiment(
    written: tuple[str, ...], run: Hwnas, tmp_path: Path
) -> None:
    run()
    again = run(*written)
    assert "finished before" in again.stdout, again.stderr
    assert len(_results(tmp_path)) == 1


def test_run_n_train_too_large_names_one_that_works(run: Hwnas) -> None:
    refused = run("n_train=50")
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert refused.stderr.endswith("Try: n_train=45\n")
    assert run("n_train=45").returncode == 0


class TestFittedBefore:
    @pytest.fixture
    def saved(self, run: Hwnas, hwnas: Hwnas) -> str:
        """The file of a ridge regression that is fitted to phone.csv."""
        del run
        finished = hwnas("fit", "table=phone.csv", "predictor=ridge", "tuning=none", "out=p.hwnas")
        assert finished.returncode == 0, finished.stderr
        return "p.hwnas"

    def test_run_predictor_from_a_file_is_scored_as_it_is(
        self, saved: str, run: Hwnas, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        finished = run(f"predictor={saved}")
        assert finished.returncode == 0, finished.stderr
        assert "p.hwnas was fitted before, to 40 measurements of phone.csv" in caplog.text
        assert "fitted before, without training measurements of this table" in finished.stdout
        (result,) = _results(tmp_path)
        assert result["identity"]["n_train"] == 0
        table = api.load_dataset("csv", path="board.csv")
        drawn = split(table, seed=0)
        predicted = api.load_predictor(saved).predict(drawn.test_architectures)
        score = api.score(drawn.test_values, predicted)
        assert result["scores"]["kendall_tau"] == score["kendall_tau"]

    @pytest.mark.parametrize(
        ("predictor", "source"),
        [("ridge", "conformal, 5 folds, 40 residuals"), ("best", "predictive distribution")],
    )
    def test_run_predictor_from_a_file_has_the_intervals_of_the_file(
        self, predictor: str, source: str, hwnas: Hwnas, run: Hwnas, tmp_path: Path
    ) -> None:
        write_csv(tmp_path / "phone.csv", 40, seed=1)
        own = ("table=phone.csv", f"predictor={predictor}", "tuning=none", "out=p.hwnas")
        assert hwnas("fit", *own).returncode == 0
        finished = run("predictor=p.hwnas")
        assert finished.returncode == 0, finished.stderr
        (result,) = _results(tmp_path)
        assert result["interval"]["source"] == source
        assert 0 < result["interval"]["coverage"] <= 1

    def test_run_predictor_of_the_same_table_is_refused(self, saved: str, hwnas: Hwnas) -> None:
        finished = hwnas("run", "table=phone.csv", *QUICK, f"predictor={saved}")
        assert finished.returncode == 2
        assert "it was fitted to measurements of phone.csv" in finished.stderr
        assert "tuned=p.hwnas" in finished.stderr

    def test_run_predictor_of_another_unit_is_refused(
        self, saved: str, run: Hwnas, tmp_path: Path
    ) -> None:
        write_csv(tmp_path / "board.csv", 30, column="energy_mJ")
        finished = run(f"predictor={saved}")
        assert finished.returncode == 2
        assert "it predicts latency in ms, but" in finished.stderr

    def test_run_predictor_of_another_space_is_refused(
        self, saved: str, run: Hwnas, tmp_path: Path
    ) -> None:
        (tmp_path / "board.csv").write_text(
            "depth,latency_ms\n" + "".join(f"{i},{i * 1.5}\n" for i in range(1, 21))
        )
        finished = run("space=columns", f"predictor={saved}")
        assert finished.returncode == 2
        assert "predicts the space nasbench201, not columns" in finished.stderr

    def test_run_tuned_from_a_file_has_its_hyperparameters(
        self, saved: str, hwnas: Hwnas, run: Hwnas, tmp_path: Path
    ) -> None:
        del saved
        own = ("predictor=ridge", "predictor.model.alpha=0.75", "tuning=none", "out=own.hwnas")
        assert hwnas("fit", "table=phone.csv", *own).returncode == 0
        finished = run("predictor=ridge", "tuned=own.hwnas")
        assert finished.returncode == 0, finished.stderr
        (result,) = _results(tmp_path)
        assert result["predictor"]["best_params"] == {"alpha": 0.75}
        assert "tuned before: alpha=0.7500" in finished.stdout

    def test_run_tuned_from_another_model_is_refused(self, saved: str, run: Hwnas) -> None:
        finished = run("predictor=svr", f"tuned={saved}")
        assert finished.returncode == 2
        assert finished.stderr.endswith("but the predictor is SVR. Try: predictor=ridge\n")

    @pytest.mark.parametrize("argument", ["predictor=cut.hwnas", "tuned=cut.hwnas"])
    def test_run_file_cut_off_is_refused(
        self, argument: str, saved: str, run: Hwnas, tmp_path: Path
    ) -> None:
        (tmp_path / "cut.hwnas").write_bytes((tmp_path / saved).read_bytes()[:-40])
        finished = run(argument)
        assert finished.returncode == 2
        assert finished.stderr.count("\n") <= 2
        assert "cut.hwnas: is incomplete or damaged" in finished.stderr

    def test_fit_predictor_from_a_file_is_refused(self, saved: str, hwnas: Hwnas) -> None:
        finished = hwnas("fit", "table=board.csv", f"predictor={saved}")
        assert finished.returncode == 2
        assert "it is fitted already" in finished.stderr
