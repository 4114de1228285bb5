"""The report page as a file: its answer, its size, and that no name can run a script."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from hwnas.errors import UserError
from hwnas.page import LIMIT, write_page
from hwnas.study import Ledger, Outcome
from tests.commands import Hwnas
from tests.page.written import (
    DEVICES,
    HOSTILE_ARCHITECTURE,
    HOSTILE_PREDICTOR,
    SIZES,
    write_results,
)
from tests.results.written import write_result


class _Parsed(HTMLParser):
    """The elements and the visible text of a page, and the content of its scripts."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self._inside = ""
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the base class has it
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside != "style":
            self.text += data

    @property
    def words(self) -> str:
        return " ".join(self.text.split())

    @property
    def figures(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.scripts[0])
        return content


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    return write_page([write_results(folder / "outputs")], folder / "report.html")


@pytest.fixture(scope="module")
def page(written: Path) -> _Parsed:
    return _Parsed(written)


def test_page_starts_with_the_answer(page: _Parsed) -> None:
    setting = "With 124 training measurements of board latency"
    assert f"{setting}, take Gaussian process (predictor=best)." in page.words
    assert "Kendall's τ = 0.905 ± 0.007 (mean and standard deviation of 2 repeats" in page.words
    assert "ranks best on both data sets (board latency, phone latency)" in page.words
    assert "best is ahead of it on 2 of 2 seeds" in page.words
    assert "loses 0.200 ± 0.000 percentage points of accuracy" in page.words
    assert "about 3 more measurements (124 + 3 = 127 in all)" in page.words
    assert "About 2 networks remain, which lose 0.100 ± 0.000 percentage points" in page.words
    assert "has 99.00 ± 0.00 % of the area under the best possible curve" in page.words
    assert "All values are measured (board.csv)." in page.words


def test_page_lists_the_predictors_with_what_chooses_them(page: _Parsed) -> None:
    assert "predictor=best: Gaussian process predictor=ridge" in page.words


def test_page_says_how_architectures_are_written(page: _Parsed) -> None:
    assert page.words.count("An architecture of nasbench201: “operation~k”") == len(DEVICES)


def test_page_charts_have_a_caption_for_each_number_of_measurements(page: _Parsed) -> None:
    for size in SIZES:
        assert f"With {size} measurements, best ranks networks best: τ = 0.905" in page.words


def test_page_loss_charts_have_one_scale(page: _Parsed) -> None:
    names = ("d0-mra_all_percent", "d0-mra_pareto_percent")
    first, second = (page.figures["figures"][name]["layout"]["yaxis"]["range"] for name in names)
    assert first == second
    assert first[0] == 0


def test_page_trials_start_at_1(page: _Parsed) -> None:
    assert page.figures["figures"]["d0-r0-tuning"]["data"][0]["x"] == list(range(1, 13))


def test_page_has_a_chart_for_everything_that_has_data(page: _Parsed) -> None:
    expected = {"tau", "mra_all_percent", "mra_pareto_percent", "time"}
    expected |= {"scatter", "deviations", "fronts", "tuning", "importance"}
    assert {key.rpartition("-")[2] for key in page.figures["figures"]} == expected
    drawn = [attrs["data-chart"] for tag, attrs in page.tags if attrs.get("data-chart")]
    assert sorted(map(str, drawn)) == sorted(page.figures["figures"])


def test_page_figures_are_valid_for_plotly(page: _Parsed) -> None:
    import plotly.graph_objects as go

    light = page.figures["colors"]["light"]

    def resolved(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: resolved(value) for key, value in part.items()}
        if isinstance(part, list):
            return [resolved(each) for each in part]
        return light.get(part, part) if isinstance(part, str) else part

    for figure in page.figures["figures"].values():
        traces = [
            {k: v for k, v in trace.items() if k not in ("table", "rows", "band")}
            | ({"x": [], "y": [], "text": []} if "table" in trace else {})
            for trace in figure["data"]
        ]
        go.Figure(resolved({"data": traces, "layout": figure["layout"]}))


def test_page_axes_name_their_quantity(page: _Parsed) -> None:
    for key, figure in page.figures["figures"].items():
        titles = [figure["layout"][axis].get("title") for axis in ("xaxis", "yaxis")]
        assert all(titles) or key.endswith("importance")


def test_page_runs_no_script_of_a_name(page: _Parsed) -> None:
    tags = [tag for tag, _ in page.tags]
    # The data, Plotly in base64, and the page's own script.
    assert tags.count("script") == 3
    assert tags.count("img") == 0
    assert HOSTILE_PREDICTOR in page.text
    assert HOSTILE_ARCHITECTURE in page.text
    names = [name for shared in page.figures["shared"].values() for name in shared["architecture"]]
    assert names
    assert not any("<" in name for name in names)


def test_page_loads_nothing(page: _Parsed) -> None:
    policy = next(a["content"] for _, a in page.tags if "http-equiv" in a)
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy
    assert not [
        a for tag, a in page.tags if "src" in a or (tag == "link" and a["href"] != "data:,")
    ]


def test_page_tables_can_be_read_aloud(page: _Parsed) -> None:
    heads = [attrs for tag, attrs in page.tags if tag == "th"]
    assert heads
    assert all(attrs.get("scope") in ("row", "col") for attrs in heads)
    assert {"main", "nav", "header"} <= {tag for tag, _ in page.tags}
    charts = [attrs for _, attrs in page.tags if "data-chart" in attrs]
    assert all(str(attrs["aria-label"]).startswith("Chart: ") for attrs in charts)


def test_page_states_commands_and_files(page: _Parsed) -> None:
    assert "hwnas run predictor=p0 seed=1" in page.words
    assert "board.csv" in page.words
    assert "0" * 64 in page.words


def test_page_of_study_says_what_is_not_finished(tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    folder = write_result(outputs / "ridge" / "seed0", seed=0)
    grids = {"all": {"predictor": ["ridge"], "n_train": [124], "seed": "0..3"}}
    (folder / "config.yaml").write_text(yaml.safe_dump({"experiment": {"grids": grids}}))
    study = outputs / "studies" / "mine"
    ledger = Ledger(study / "points", outputs)
    ledger.write("a", Outcome(0, "done", folder="ridge/seed0"))
    ledger.write("a", Outcome(1, "failed", error="no data"))

    parsed = _Parsed(write_page([study], tmp_path / "report.html"))
    assert "Study mine: 1 of 4 grid points are finished, 1 failed." in parsed.words


def test_page_of_finished_study_says_nothing_of_grid_points(page: _Parsed) -> None:
    assert "grid points" not in page.words


def test_page_counts_the_experiments_whose_commands_are_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in (0, 1):
        write_result(tmp_path / "outputs" / f"seed{seed}", seed=seed)
    (tmp_path / "outputs" / "seed1" / "command.txt").write_text("hwnas run seed=1")
    monkeypatch.chdir(tmp_path)

    parsed = _Parsed(write_page([tmp_path / "outputs"], tmp_path / "report.html"))
    assert "1 of the 2 experiments were run by a version of hwnas that did not" in parsed.words
    assert "# Run the experiments hwnas run seed=1 # Write this page" in parsed.words
    assert parsed.words.endswith("report outputs") or "report outputs " in parsed.words


def test_page_of_a_lower_loss_within_the_spread_says_that_it_is_no_difference(
    tmp_path: Path,
) -> None:
    for predictor, tau, losses in (("best", 0.9, (0.1, 1.1)), ("xgb", 0.7, (0.5, 0.6))):
        for seed, loss in enumerate(losses):
            folder = write_result(tmp_path / predictor / str(seed), predictor=predictor, seed=seed)
            content = json.loads((folder / "result.json").read_text())
            content["scores"]["kendall_tau"] = tau
            content["selection"] = {
                "n_measured": 3, "mra_all_percent": loss, "mra_pareto_percent": 2 * loss,
                "retained_hypervolume": 0.9, "further_metrics": [{"metric": "energy"}],
            }  # fmt: skip
            (folder / "result.json").write_text(json.dumps(content))

    words = _Parsed(write_page([tmp_path], tmp_path / "report.html")).words
    assert "xgb loses least before verification: 0.550 ± 0.071 percentage points." in words
    assert "This is no difference from best, because it is within the spread over" in words
    assert "Verification can raise the loss a little" in words
    assert "the best network that is no worse in latency and energy" in words


def test_page_is_smaller_than_the_limit(written: Path) -> None:
    assert written.stat().st_size < LIMIT


def test_page_of_experiments_without_predictions_leaves_networks_out(tmp_path: Path) -> None:
    outputs = write_results(tmp_path / "outputs", details=False)
    parsed = _Parsed(write_page([outputs], tmp_path / "report.html"))
    assert "Single networks" not in parsed.words
    assert {key.rpartition("-")[2] for key in parsed.figures["figures"]} == {
        *("tau", "mra_all_percent", "mra_pareto_percent", "time")
    }


def test_page_of_simulations_has_scores_by_sigma(tmp_path: Path) -> None:
    study = tmp_path / "studies" / "simulated"
    study.mkdir(parents=True)
    scores = {"kendall_tau": 0.8, "mra_all_percent": 1.0, "mra_pareto_percent": 0.5}
    scores |= {"hypervolume": 4.0, "retained_hypervolume": 0.9}
    provenance = json.dumps({"kind": "measured", "source": "a.csv", "sha256": "1" * 64})
    rows = [
        {
            "axis.data": "board latency", "pairing": "architecture", "n_candidates": n,
            "sigma": sigma, "trials": 20, "provenance.kind": "measured",
            "provenance.values": provenance, "provenance.accuracy": "null",
        } | {name: value * sigma for name, value in scores.items()}
        for n in (100, 1000) for sigma in (0.0, 0.3, 1.0)
    ]  # fmt: skip
    pd.DataFrame(rows).to_parquet(study / "results.parquet")
    # A simulation has no result folder, and old ones have no recorded command.
    Ledger(study / "points", tmp_path).write("a", Outcome(0, "done"))

    parsed = _Parsed(write_page([study], tmp_path / "report.html"))
    assert "lose 0.300 percentage points of accuracy when they select from 1,000" in parsed.words
    assert len(parsed.figures["figures"]) == 4
    assert "These results were run by a version of hwnas that did not record" in parsed.words
    assert "1" * 64 in parsed.words


def test_report_of_nothing_is_one_line(tmp_path: Path, hwnas: Hwnas) -> None:
    ended = hwnas("report", str(tmp_path))
    assert ended.returncode == 2
    assert "has no finished result" in ended.stderr


def test_write_page_of_damaged_study_raises(tmp_path: Path) -> None:
    (tmp_path / "results.parquet").write_text("no table")
    with pytest.raises(UserError, match="damaged"):
        write_page([tmp_path], tmp_path / "report.html")


def test_page_of_failed_trials_names_them(tmp_path: Path) -> None:
    write_results(tmp_path)
    for file in tmp_path.glob("**/tuning.csv"):
        trials = pd.read_csv(file)
        trials.loc[[0, 3], ["kendall_tau", "fit_seconds"]] = None
        trials.loc[[0, 3], "state"] = "failed"
        trials.to_csv(file, index=False)
    write_page([tmp_path], tmp_path / "page.html")
    words = _Parsed(tmp_path / "page.html").words
    assert "the predictor's default failed. 2 trials failed." in words
