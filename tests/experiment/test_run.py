"""``python run.py``, end to end, as a user calls it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from hwnas.figures import save_figure
from hwnas.predictor import load_predictor
from tests.commands import python

SCORES = {
    "kendall_tau",
    "spearman",
    "pearson",
    "mae",
    "rmse",
    "deviation_mean",
    "deviation_std",
    "precision_at_10",
    "precision_at_20",
}
SMALL = ("tracking=off", "n_train=30", "n_test=100")
CHEAP = (*SMALL, "tuning.n_trials=2")


def result_of(printed: str) -> tuple[Path, dict[str, dict[str, object]]]:
    """Return the folder and the result named in the last line that a run printed."""
    folder = Path(printed.strip().splitlines()[-1].split("  (")[0])
    return folder, json.loads((folder / "result.json").read_text())


@pytest.fixture(scope="module")
def default_run(outputs: Path) -> str:
    """Run the default experiment with nothing downloaded."""
    run = python("run.py", *CHEAP, f"paths.outputs={outputs}")
    assert run.returncode == 0, run.stderr
    return run.stdout


class TestDefaultExperiment:
    def test_result_has_every_key(self, default_run: str) -> None:
        _, result = result_of(default_run)
        assert set(result["scores"]) >= SCORES
        assert set(result["selection"]) >= {
            "mra_all_percent",
            "mra_pareto_percent",
            "hypervolume",
            "retained_hypervolume",
        }
        assert set(result["timings"]) == {
            "tune_seconds",
            "fit_seconds",
            "query_seconds_per_architecture",
        }
        assert result["predictor"]["n_trials"] == 2
        assert result["provenance"]["kind"] == "measured"
        assert len(result["provenance"]["values"]["sha256"]) == 64  # type: ignore[index]

    def test_predictor_ranks_the_measured_default(self, default_run: str) -> None:
        _, result = result_of(default_run)
        assert 0.4 < float(result["scores"]["kendall_tau"]) <= 1  # type: ignore[arg-type]
        assert 0.5 < float(result["selection"]["retained_hypervolume"]) <= 1  # type: ignore[arg-type]

    def test_table_is_the_last_thing_printed(self, default_run: str) -> None:
        assert "Kendall's tau" in default_run
        assert "test (100)" in default_run

    def test_tables_agree_with_the_result(self, default_run: str) -> None:
        folder, result = result_of(default_run)
        predictions = pq.read_table(folder / "predictions.parquet")
        parts = predictions["part"].to_pylist()
        assert (parts.count("train"), parts.count("test")) == (30, 100)
        assert predictions.schema.metadata[b"unit"] == b"ms"
        selected = (folder / "selected.csv").read_text().splitlines()
        assert selected[0].startswith("architecture,true_ms,predicted_ms,accuracy_percent")
        assert len(selected) - 1 == result["selection"]["n_selected"]

    def test_run_saves_the_fitted_predictor(self, default_run: str) -> None:
        folder, result = result_of(default_run)
        predictor = load_predictor(folder / "predictor.hwnas")
        rows = pq.read_table(folder / "predictions.parquet").to_pylist()[:50]
        predicted = predictor.predict([row["architecture"] for row in rows])
        assert predictor.metadata_["unit"] == "ms"
        assert predictor.metadata_["scores"] == result["scores"]
        networks = [row["predicted"] for row in rows if row["part"] != "rest"]
        found = [p for p, row in zip(predicted, rows, strict=True) if row["part"] != "rest"]
        assert found == pytest.approx(networks, abs=1e-9)

    def test_plots_are_pictures(self, default_run: str) -> None:
        folder, _ = result_of(default_run)
        for name in ("predicted_vs_true", "deviations", "fronts"):
            with Image.open(folder / f"{name}.png") as picture:
                assert min(picture.size) > 400

    def test_copies_count_once(self, default_run: str) -> None:
        _, result = result_of(default_run)
        # The bundled table has 15,625 rows of 7,122 measured networks.
        assert result["scores_all"]["n"] == 7122

    def test_finished_result_is_kept_unless_forced(self, default_run: str, outputs: Path) -> None:
        folder, result = result_of(default_run)
        again = python("run.py", *CHEAP, f"paths.outputs={outputs}")
        assert "finished before" in again.stdout
        assert result_of(again.stdout)[1] == result
        forced = python("run.py", *CHEAP, f"paths.outputs={outputs}", "force=true")
        assert "finished before" not in forced.stdout
        assert result_of(forced.stdout)[0] == folder
        # Same config, same result, in another process.
        for part in ("scores", "scores_all", "selection", "predictor"):
            assert result_of(forced.stdout)[1][part] == result[part]

    def test_another_setting_has_another_folder(self, default_run: str, outputs: Path) -> None:
        # Without tuning there is no number of trials to set.
        other = python("run.py", *CHEAP, f"paths.outputs={outputs}", "tuning=none")
        assert other.returncode == 2
        assert "tuning.n_trials" in other.stderr
        plain = python(
            "run.py", "tracking=off", "tuning=none", "n_train=30", "n_test=100",
            f"paths.outputs={outputs}",
        )  # fmt: skip
        assert plain.returncode == 0, plain.stderr
        assert result_of(plain.stdout)[0] != result_of(default_run)[0]
        assert not (result_of(plain.stdout)[0] / "tuning.csv").exists()

    def test_tuning_trials_are_a_table(self, default_run: str) -> None:
        folder, result = result_of(default_run)
        trials = (folder / "tuning.csv").read_text().splitlines()
        assert trials[0] == "trial,state,kendall_tau,fit_seconds,alpha"
        assert len(trials) == 1 + 2
        best = max(trials[1:], key=lambda line: float(line.split(",")[2]))
        assert float(best.split(",")[4]) == result["predictor"]["best_params"]["alpha"]  # type: ignore[index]

    def test_report_names_the_accuracies(self, default_run: str) -> None:
        assert "selection by measured accuracy on digits (nasbench201_cpu.parquet)" in default_run

    def test_a_result_of_other_data_is_neither_taken_nor_replaced(
        self, default_run: str, tmp_path: Path
    ) -> None:
        folder, result = result_of(default_run)
        outputs = folder.parents[5]
        copy = tmp_path / folder.relative_to(outputs)
        shutil.copytree(folder, copy)
        result["provenance"]["values"]["sha256"] = "0" * 64  # type: ignore[index]
        text = json.dumps(result)
        (copy / "result.json").write_text(text)
        again = python("run.py", *CHEAP, f"paths.outputs={tmp_path}")
        assert again.returncode == 2
        assert "holds a result of other values, nasbench201_cpu.parquet" in again.stderr
        assert again.stderr.strip().endswith("Try: force=true")
        assert (copy / "result.json").read_text() == text

    def test_limit_names_its_choice(self, default_run: str, outputs: Path) -> None:
        assert "within the limit" not in default_run
        chosen = ("selection.limit=4", "selection.confidence=0.8")
        run = python("run.py", *CHEAP, f"paths.outputs={outputs}", *chosen)
        assert run.returncode == 0, run.stderr
        folder, result = result_of(run.stdout)
        constraint: dict[str, object] = result["selection"]["constraint"]  # type: ignore[assignment]
        rows = pq.read_table(folder / "predictions.parquet").to_pylist()
        (row,) = [row for row in rows if row["architecture"] == constraint["architecture"]]
        assert row["true"] == constraint["true"]
        assert row["predicted"] == constraint["predicted"]
        assert row["predicted"] <= 4
        assert row["accuracy"] == constraint["accuracy_percent"]
        assert constraint["violated"] == (row["true"] > 4)
        (line,) = [line for line in run.stdout.splitlines() if "within the limit" in line]
        assert f": {row['architecture']}, accuracy " in line


def test_multirun_gives_each_job_its_folder(tmp_path: Path) -> None:
    run = python(
        "run.py", "-m", "predictor=ridge,lut", "seed=0,1", "tuning=none", "tracking=off",
        "n_train=30", "dataset=hwnas/fpga", f"paths.outputs={tmp_path}", "n_test=100",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    results = sorted(path.parent for path in tmp_path.rglob("result.json"))
    assert len(results) == 4
    assert {path.name for path in results} == {"seed0", "seed1"}


@pytest.fixture(scope="module")
def estimated(outputs: Path) -> tuple[str, str]:
    run = python("run.py", "dataset=hwnas/edgegpu", *CHEAP, f"paths.outputs={outputs}")
    assert run.returncode == 0, run.stderr
    return run.stdout, run.stderr


class TestEstimated:
    def test_it_says_so_everywhere(self, estimated: tuple[str, str]) -> None:
        stdout, stderr = estimated
        folder, result = result_of(stdout)
        assert "ESTIMATED, not measured" in stderr
        assert "hwnas fetch hwnas" in " ".join(stderr.replace("!", " ").split())
        assert "ESTIMATED" in stdout
        assert "edgegpu_latency_estimated" in folder.parts
        assert result["provenance"]["kind"] == "estimated"
        assert "estimated" in (folder / "selected.csv").read_text()

    def test_measured_is_an_error_instead(self, outputs: Path) -> None:
        run = python(
            "run.py", "dataset=hwnas/edgegpu", "dataset.source=measured", *CHEAP,
            f"paths.outputs={outputs}",
        )  # fmt: skip
        assert run.returncode == 2
        assert "fetch hwnas" in run.stderr


class TestAgainstTheStudy:
    """Figures of spec.md section 9, on the published tables."""

    @pytest.mark.parametrize(
        ("device", "tau"),
        [("raspi4", 0.462), ("pixel3", 0.475), ("fpga", 0.999), ("eyeriss", 0.992)],
    )
    def test_lookup_table(self, hwnas_data: Path, outputs: Path, device: str, tau: float) -> None:
        run = python(
            "run.py", f"dataset=hwnas/{device}", "predictor=lut", "tracking=off",
            f"paths.outputs={outputs}", data=hwnas_data,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        assert "lut needs 25 measurements of its own: n_train=124 does not count" in run.stderr
        _, result = result_of(run.stdout)
        assert result["identity"]["n_train"] == 25
        assert result["scores_all"]["kendall_tau"] == pytest.approx(tau, abs=5e-4)

    def test_ridge(self, hwnas_data: Path, outputs: Path) -> None:
        run = python(
            "run.py", "dataset=hwnas/raspi4", "predictor=paper/ridge",
            "n_train=124", "tuning=none", "tracking=off", f"paths.outputs={outputs}",
            data=hwnas_data,
        )  # fmt: skip
        _, result = result_of(run.stdout)
        # reference/predictors.csv: .7926, .77.., .78.. for seeds 0-2 on its own splits.
        assert 0.74 < float(result["scores"]["kendall_tau"]) < 0.83  # type: ignore[arg-type]


@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "nonsense"])
def test_run_any_matplotlib_backend_saves_plots(backend: str, tmp_path: Path) -> None:
    """A notebook sets the variable for its own process, and the command inherits it."""
    run = python("run.py", *SMALL, "tuning=none", f"paths.outputs={tmp_path}", MPLBACKEND=backend)
    assert run.returncode == 0, run.stderr
    assert len(list(tmp_path.rglob("*.png"))) == 3


def test_save_figure_that_fails_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def draw(_: object) -> None:
        raise ZeroDivisionError("no data")

    save_figure(tmp_path / "fronts.png", draw)
    assert "fronts.png: no figure, ZeroDivisionError: no data" in caplog.text
    save_figure(tmp_path / "no" / "folder.png", lambda _: None)
    assert "folder.png: no figure, FileNotFoundError" in caplog.text
    assert not list(tmp_path.iterdir())


def test_a_tracker_that_fails_does_not_cost_the_result(tmp_path: Path) -> None:
    """It is told once the result is in place."""
    module = tmp_path / "failing.py"
    module.write_text(
        "from contextlib import contextmanager\n"
        "class Tracker:\n"
        "    @contextmanager\n"
        "    def start(self, **settings):\n"
        "        yield self\n"
        "    def log(self, result, folder):\n"
        "        raise RuntimeError(f'told {(folder / \"result.json\").is_file()}')\n"
    )
    run = python(
        "run.py", *CHEAP, "tracking._target_=failing.Tracker", f"paths.outputs={tmp_path}",
        PYTHONPATH=str(tmp_path),
    )  # fmt: skip
    assert run.returncode == 1
    assert "RuntimeError: told True" in run.stderr
    assert len(list(tmp_path.rglob("result.json"))) == 1
