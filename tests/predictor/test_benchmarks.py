"""The benchmarks of the predictors and of `best`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import best as best_benchmark
from benchmarks import predictors as benchmark
from benchmarks._docs import write_between

SCORES: dict[str, float | str] = {
    "kendall_tau": 0.8,
    "spearman": 0.9,
    "query_seconds_per_architecture": 1e-6,
}


def rows(n: int = 6, seconds: float = 1.0, **of: float | str) -> pd.DataFrame:
    """Return `n` rows of fits of ridge at 11 measurements, for two devices and three seeds."""
    runs = [(device, seed) for device in ("raspi4", "pixel3") for seed in range(3)][:n]
    fits = pd.DataFrame(runs, columns=["device", "seed"])
    common: dict[str, float | str] = {
        "preset": "paper",
        "predictor": "ridge",
        "n_train": 11,
        "versions": "numpy 2",
    }
    return fits.assign(**SCORES | common | {"fit_cpu_seconds": seconds} | of)


def test_predictors_report_two_processors_has_seconds_of_each_and_one_tau() -> None:
    fast, slow = rows(processor="fast", kendall_tau=0.7), rows(seconds=3.0, processor="slow")
    text = benchmark.report(pd.concat([fast, slow]), rows(preset="study"))
    tau, on_fast, on_slow = text.split("CPU seconds to fit")
    assert "| ridge | paper | 0.700 ±0.000 |" in tau
    assert "one core of fast" in on_fast
    assert "| ridge | paper | 1 (1.0×) |" in on_fast
    assert "one core of slow" in on_slow
    assert "| ridge | paper | 3 (0.3×) |" in on_slow
    assert "Fitted with numpy 2 (6 fits)" in on_slow


def test_predictors_report_missing_fits_are_named() -> None:
    reference = pd.concat([rows(preset="study"), rows(1, preset="study", n_train=15000)])
    text = benchmark.report(rows(2, processor="cpu"), reference)
    assert "| ridge | paper | 0.800 ±0.000 [2] | – |" in text
    assert "| ridge | study | 0.800 ±0.000 | 0.800 [1] |" in text
    assert "the reference has the figure, at 11: ridge; at 15,000: ridge." in text
    assert "wherever the reference" in benchmark.report(rows(processor="cpu"), rows(preset="study"))


def test_predictors_main_second_run_fits_only_what_the_processor_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, reference = tmp_path / "ours.csv", tmp_path / "reference.csv"
    rows(preset="study").to_csv(reference, index=False)
    fitted: list[object] = []

    def measure(*arguments: object) -> list[float]:
        fitted.append(arguments[3:])
        return [0.8, 0.9, 0.1, 1e-6]

    def run(cpu: str, sizes: str) -> int:
        """Return the number of fits without the first one, which only warms the library up."""
        command = f"predictors --predictors ridge --presets default --sizes {sizes} --seeds 0,1"
        command += f" --out {out} --reference {reference}"
        monkeypatch.setattr("sys.argv", command.split())
        monkeypatch.setattr(benchmark, "machine_facts", lambda: {"cpu": cpu})
        fitted.clear()
        benchmark.main()
        return max(len(fitted) - 1, 0)

    monkeypatch.setattr(benchmark, "measure", measure)
    monkeypatch.setattr(benchmark, "read_tables", lambda *_: {"raspi4": None, "pixel3": None})
    assert [run("a", "11"), run("a", "11,55"), run("a", "11,55"), run("b", "11")] == [4, 4, 0, 4]
    written = pd.read_csv(out)
    assert written.processor.tolist() == ["a"] * 8 + ["b"] * 4
    assert written.versions.str.contains("scikit-learn").all()


def test_write_between_missing_mark_raises_and_changes_nothing(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before <a>old</a> after\n")
    write_between(page, ("<a>", "</a>"), "new")
    write_between(page, ("<a>", "</a>"), "newer")
    assert page.read_text() == "before <a>\n\nnewer\n\n</a> after\n"
    with pytest.raises(ValueError, match="in this order"):
        write_between(page, ("<b>", "</a>"), "lost")
    assert [file.name for file in tmp_path.iterdir()] == ["page.md"]


@pytest.fixture(scope="module")
def reference(hwnas_data: Path) -> pd.DataFrame:
    file = hwnas_data.parent / "reference" / "predictors.csv"
    if not file.is_file():
        pytest.skip(f"{file} is missing: the test compares with its figures")
    return pd.read_csv(file)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["ridge", "lgb", "svr", "rf", "xgb", "mlp_small", "bohamiann", "bonas"]
)
def test_paper_preset_real_data_reaches_tau_of_the_papers_code(
    name: str, reference: pd.DataFrame, hwnas_data: Path
) -> None:
    table = benchmark.read_tables(hwnas_data, ["raspi4"])["raspi4"]
    study = reference[
        (reference.predictor == name) & (reference.device == "raspi4") & (reference.n_train == 124)
    ].kendall_tau
    taus = [benchmark.measure("paper", name, table, seed, 124)[0] for seed in range(3)]
    assert len(study) == 3
    assert abs(np.mean(taus) - study.mean()) < 3 * study.std()


def test_best_behind_different_seeds_compares_common_seeds() -> None:
    def fits(predictor: str, trials: int, table: str, taus: list[float]) -> pd.DataFrame:
        common: dict[str, str | int] = {"predictor": predictor, "trials": trials}
        common |= {"table": table, "n_train": 1366}
        return pd.DataFrame({"seed": range(len(taus)), "kendall_tau": taus}).assign(**common)

    rows = pd.concat(
        [
            fits("best", 0, "phone", [0.8, 0.9, 0.1]),
            fits("ridge", 20, "phone", [0.8, 0.9]),
            fits("svr", 0, "phone", [0.7, 0.9]),
            fits("best", 0, "rig", [0.5, 0.6]),
            fits("ridge", 20, "rig", [0.5, 0.7]),
            fits("svr", 0, "rig", [0.4, 0.79]),
        ]
    )
    text = best_benchmark.behind(rows)
    assert "Beside ridge tuned in 20 trials, svr: " in text
    assert "1 of 2 pairs" in text
    assert text.endswith("| rig | 1,366 | 0.550 | 0.600 | ridge tuned in 20 trials |")
    never_behind = best_benchmark.behind(rows[rows.table == "phone"])
    assert never_behind.endswith("1 of 1 pairs of table and size.")
    assert best_benchmark.behind(rows[rows.predictor == "best"]) == ""


def test_best_markdown_table_without_value_has_no_mean() -> None:
    table = pd.DataFrame({11: ["0.5", "0.7"], 1366: ["0.9", None]}, index=["phone", "rig"])
    text = best_benchmark.markdown(table, pd.Series({11: "0.600", 1366: "0.900"}))
    assert text.splitlines()[0] == "| table | 11 | 1,366 |"
    assert text.splitlines()[3:] == ["| rig | 0.7 | – |", "| **mean** | 0.600 | – |"]
