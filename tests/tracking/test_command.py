"""What the commands record with Weights & Biases, read back from offline runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.commands import Hwnas, in_process
from tests.tracking.reading import OfflineRun, read_runs

pytestmark = pytest.mark.thorough

SMALL = ("n_train=40", "n_test=100", "tuning.n_trials=3")
#: What a run has besides result.json.
_MEDIA = {"predictions", "selected", "trials", "fronts", "deviations", "predicted_vs_true"}


@dataclass(frozen=True)
class Tracked:
    """The folder of all results, and the runs of the tracker."""

    outputs: Path
    runs: list[OfflineRun]

    def content(self, name: str, seed: int) -> Path:
        """Return a file of the result folder of a seed."""
        (path,) = self.outputs.glob(f"nasbench201/*/*/*/*/seed{seed}/{name}")
        return path


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Tracked:
    """Return the runs of two seeds, of which the first ran again, then with all files."""
    outputs = tmp_path_factory.mktemp("outputs")
    given = (*SMALL, f"paths.outputs={outputs}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANDB_RUN_ID", "mine")
        in_process("run", "-m", "seed=0,1", "study=mine", "artifacts=result", *given)
        in_process("run", "seed=0", "study=mine", "force=true", *given)
    runs = read_runs(outputs, count=2)
    return Tracked(outputs, sorted(runs, key=lambda run: int(run.config["seed"])))


def test_run_repeated_experiment_has_one_run(tracked: Tracked) -> None:
    ids = [run.run.run_id for run in tracked.runs]
    assert len(set(ids)) == 2
    assert "mine" not in ids
    assert [run.exit_code for run in tracked.runs] == [0, 0]
    assert {run.run.run_group for run in tracked.runs} == {"mine"}


def test_run_config_has_flat_fields_to_group_by(tracked: Tracked) -> None:
    config = tracked.runs[1].config
    fields = {key: config[key] for key in ("space", "device", "metric", "predictor", "preset")}
    assert fields == {
        "space": "nasbench201",
        "device": "cpu",
        "metric": "latency",
        "predictor": "ridge",
        "preset": "default",
    }
    numbers = (config["n_train"], config["n_test"], config["seed"], config["image_set"])
    assert numbers == (40, 100, 1, None)
    assert config["settings"]["tuning"]["n_trials"] == 3
    assert "paths" not in config["settings"]
    json.dumps(config, allow_nan=False)


def test_run_summary_is_that_of_the_result(tracked: Tracked) -> None:
    for seed, media in enumerate([_MEDIA, {"trials"}]):
        summary = tracked.runs[seed].summary
        result = json.loads(tracked.content("result.json", seed).read_text())
        assert {key: summary[key] for key in result} == result
        own = {key for key in summary if not key.startswith("_")}
        assert own - result.keys() == media


def test_run_trials_are_history(tracked: Tracked) -> None:
    trials = pd.read_csv(tracked.content("tuning.csv", 0))
    rows = [row for row in tracked.runs[0].history if "tuning/trial" in row]
    assert [row["tuning/kendall_tau"] for row in rows] == list(trials.kendall_tau)
    best = [row["tuning/best_kendall_tau"] for row in rows]
    assert best == list(trials.kendall_tau.cummax())
    # Without the files of artifacts=all too.
    assert sum("tuning/trial" in row for row in tracked.runs[1].history) == 3


def test_run_tables_are_those_of_the_result_folder(tracked: Tracked) -> None:
    run = tracked.runs[0]
    selected = pd.read_csv(tracked.content("selected.csv", 0))
    assert run.table("selected") == selected.to_dict("records")
    trials = pd.read_csv(tracked.content("tuning.csv", 0), float_precision="round_trip")
    assert run.table("trials") == trials.to_dict("records")
    predictions = pd.read_parquet(tracked.content("predictions.parquet", 0))
    rows = pd.DataFrame(run.table("predictions"))
    # W&B shows at most this many.
    assert len(rows) == 10_000
    for part in ("train", "test"):
        shown, whole = (table[table.part == part] for table in (rows, predictions))
        assert list(shown.architecture) == list(whole.architecture)
        assert list(shown.predicted) == list(whole.predicted)


def test_run_artifacts_lead_from_the_data_to_the_selection(tracked: Tracked) -> None:
    found = [each for each in tracked.runs[0].artifacts if each.type != "run_table"]
    assert [(each.type, each.use_after_commit) for each in found] == [
        ("dataset", True),
        ("predictor", True),
        ("selection", False),
    ]
    files = [{entry.path for entry in each.manifest.contents} for each in found]
    assert files[1:] == [{"predictor.hwnas", "predictions.parquet"}, {"selected.csv"}]
    result = json.loads(tracked.content("result.json", 0).read_text())
    for artifact in found[1:]:
        data = json.loads(artifact.metadata)["data"]
        assert data["sha256"] == result["provenance"]["values"]["sha256"]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, list[OfflineRun]]:
    """Return the folder of all results, the output of ``hwnas track``, and the runs of a study."""
    outputs = tmp_path_factory.mktemp("outputs")
    grid = "experiment.grids.all"
    in_process(
        *("sweep", "experiment=quick", "seed=0", "report=true", f"paths.outputs={outputs}"),
        *(f"{grid}.predictor=[lin_reg]", f"{grid}.n_train=[11,20]", "metric=latency"),
    )
    assert not (outputs / "wandb").exists()
    folder = outputs / "studies" / "quick"
    for _ in range(2):
        done = in_process("track", str(folder), "tracking.tags=[late]")
        assert done.returncode == 0, done.stderr
    return outputs, done.stdout, read_runs(outputs, count=3)


def test_track_finished_study_has_a_run_for_each_result_and_the_report(
    study: tuple[Path, str, list[OfflineRun]],
) -> None:
    outputs, printed, runs = study
    assert sorted(run.run.job_type for run in runs) == ["experiment", "experiment", "report"]
    assert {run.run.run_group for run in runs} == {"quick"}
    assert all("late" in run.run.tags for run in runs)
    assert printed.splitlines() == [
        "tracked    3 of 3",
        f"offline    {outputs / 'wandb'}",
        f"to send them: wandb sync {outputs / 'wandb'}/offline-run-*",
    ]


def test_track_report_has_the_results_and_the_learning_curves(
    study: tuple[Path, str, list[OfflineRun]],
) -> None:
    outputs, _, runs = study
    (report,) = (run for run in runs if run.run.job_type == "report")
    results = pd.read_parquet(outputs / "studies" / "quick" / "results.parquet")
    rows = report.table("results")
    assert [row["scores.kendall_tau"] for row in rows] == list(results["scores.kendall_tau"])
    curves = report.table("curves_table")
    assert [(row["n_train"], row["count"]) for row in curves] == [(11, 1), (20, 1)]
    assert curves[0]["line"].startswith("lin_reg · ")
    (artifact,) = (each for each in report.artifacts if each.type == "study")
    files = {entry.path for entry in artifact.manifest.contents}
    assert files == {"results.parquet", "report.md"}


def test_dashboard_shows_only_what_is_recorded(
    tracked: Tracked, study: tuple[Path, str, list[OfflineRun]], tmp_path: Path, hwnas: Hwnas
) -> None:
    """A panel of a misspelt metric would be empty, which nobody would notice here."""
    pytest.importorskip("wandb_workspaces")
    done = hwnas("dashboard", "tracking.project=mine", f"paths.outputs={tmp_path}")
    assert done.returncode == 2
    done = hwnas("dashboard", "tracking.project=mine", "--file", f"{tmp_path / 'board.json'}")
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "board.json").read_text())
    assert written["project"] == "mine"
    experiment = tracked.runs[0]
    (report,) = (run for run in study[2] if run.run.job_type == "report")
    recorded = {
        *(f"summary:{key}" for key in _dotted(experiment.summary)),
        *(f"config:{key}" for key in experiment.config),
        *(key for row in experiment.history for key in row),
        *experiment.summary,
        *report.summary,
    }
    sections = written["spec"]["section"]["panelBankConfig"]["sections"]
    shown = [key for section in sections for panel in section["panels"] for key in _keys(panel)]
    assert len(shown) > 15
    assert [key for key in shown if key not in recorded] == []
    # W&B says itself how it shows a diagram that was logged.
    (chart,) = (p["config"] for s in sections for p in s["panels"] if p["viewType"] == "Vega2")
    logged = report.charts["curves"]
    assert [chart[key] for key in ("panelDefId", "fieldSettings")] == [
        logged[key] for key in ("panelDefId", "fieldSettings")
    ]
    assert [section["name"] for section in sections] == [
        "Training measurements",
        "Kendall's τ against time",
        "Accuracy that a selection loses",
        "Tuning",
        "Tables",
    ]


def _dotted(node: dict[str, Any], prefix: str = "") -> list[str]:
    found = []
    for key, value in node.items():
        inner = _dotted(value, f"{prefix}{key}.") if isinstance(value, dict) else []
        found += [f"{prefix}{key}", *inner]
    return found


def _keys(panel: dict[str, Any]) -> list[str]:
    """Return the metrics, configuration keys and tables that a panel shows."""
    config, kind = panel["config"], panel["viewType"]
    if kind == "Scatter Plot":
        return [config[axis].removesuffix(".value") for axis in ("xAxis", "yAxis")]
    if kind == "Bar Chart":
        return [f"summary:{key}" for key in config["metrics"]]
    if kind == "Run History Line Plot":
        return [config["xAxis"], *config["metrics"]]
    if kind == "Vega2":
        (query,) = config["userQuery"]["queryFields"]
        (table,) = (each for each in query["fields"] if each["name"] == "summaryTable")
        return [argument["value"] for argument in table["args"]]
    tables = ("results", "selected", "predictions", "trials")
    return [name for name in tables if f'"{name}"' in json.dumps(config)]
