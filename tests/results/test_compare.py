"""The table that compares results, on results that are written by hand."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hwnas.results import Entry, Finished, by_fields, compare, find
from tests.results.written import write_result

Write = Callable[..., Finished]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a result and reads it again."""
    numbers = itertools.count()

    def written(
        tau: float,
        *,
        mra: float | None = None,
        seconds: float = 0.5,
        kind: str = "measured",
        folder: str | None = None,
        **identity: Any,
    ) -> Finished:
        place = write_result(tmp_path / (folder or f"result{next(numbers)}"), **identity)
        content = json.loads((place / "result.json").read_text())
        content["scores"]["kendall_tau"] = tau
        content["timings"]["fit_seconds"] = seconds
        content["provenance"]["kind"] = content["provenance"]["values"]["kind"] = kind
        if mra is not None:
            content["selection"] = {"mra_all_percent": mra, "mra_pareto_percent": 0.0}
        (place / "result.json").write_text(json.dumps(content))
        (found,) = find([place])
        return found

    return written


def lines(*found: Finished, by: str = "tau") -> list[str]:
    return [line.rstrip() for line in str(compare(by_fields(found), by)).splitlines()]


def test_compare_seeds_are_one_line_and_the_best_is_marked(write: Write) -> None:
    found = [
        write(tau, mra=mra, seconds=seconds, predictor=predictor, seed=seed)
        for predictor, seed, tau, mra, seconds in [
            ("ridge", 0, 0.80, 0.5, 0.01),
            ("ridge", 1, 0.84, 0.7, 0.01),
            ("xgb", 0, 0.90, 0.9, 20.0),
            ("xgb", 1, 0.90, 0.9, 22.0),
        ]
    ]
    assert lines(*found) == [
        "predictor  seeds             τ           MRA      verified  seconds",
        "---------  -----  ------------    ----------    ----------  -------",
        "nasbench201 / local-cpu / cpu latency [ms], n_train=124",
        "xgb            2  0.900 ±0.000 *  0.90 ±0.00    0.00 ±0.00     21.0",
        "ridge          2  0.820 ±0.028    0.60 ±0.14 *  0.00 ±0.00    0.010 *",
    ]


def test_compare_sizes_and_metrics_are_never_compared(write: Write) -> None:
    text = lines(
        write(0.7, n_train=55),
        write(0.9, n_train=124),
        write(0.8, n_train=55, predictor="xgb"),
        write(0.3, n_train=55, metric="memory", unit="bytes"),
        write(0.2, n_train=55, metric="memory", unit="bytes", predictor="xgb"),
    )
    assert [line for line in text if "n_train" in line] == [
        "nasbench201 / local-cpu / cpu latency [ms], n_train=55",
        "nasbench201 / local-cpu / cpu latency [ms], n_train=124",
        "nasbench201 / local-cpu / cpu memory [bytes], n_train=55",
    ]
    # The highest of all has nothing to be compared with, and the lowest is the best of its block.
    assert [line.split()[0] for line in text if "*" in line] == ["xgb", "ridge"]


def test_compare_one_predictor_sizes_are_lines_of_one_block(write: Write) -> None:
    text = lines(*(write(tau, n_train=n) for n, tau in [(1366, 0.9), (55, 0.7), (124, 0.8)]))
    assert text[2] == "nasbench201 / local-cpu / cpu latency [ms]"
    assert [line.split()[0] for line in text[3:]] == ["55", "124", "1366"]
    assert text[-1].endswith("0.900 *    0.500")


def test_compare_estimated_values_are_a_block_of_their_own(write: Write) -> None:
    text = lines(write(0.7), write(0.9, kind="estimated"))
    assert [line for line in text if "latency" in line] == [
        "nasbench201 / local-cpu / cpu latency [ms], n_train=124",
        "nasbench201 / local-cpu / cpu latency [ms], ESTIMATED, n_train=124",
    ]


def test_compare_variants_are_told_apart_by_what_differs(write: Write) -> None:
    place = "space/data/cpu_latency/{}/n124/seed0"
    text = lines(
        write(0.7, folder=place.format("ridge,tuning=none,selection=none")),
        write(0.9, folder=place.format("ridge,tuning=none,selection=paper")),
    )
    assert [line.partition("  ")[0] for line in text[3:]] == [
        "ridge, selection=paper",
        "ridge, selection=none",
    ]


def test_compare_sorts_by_the_score_that_is_asked_for(write: Write) -> None:
    found = [write(0.9, mra=2.0), write(0.8, mra=1.0, predictor="xgb"), write(0.7, predictor="rf")]
    assert [line.split()[0] for line in lines(*found)[3:]] == ["ridge", "xgb", "rf"]
    # A result without a selection comes last.
    assert [line.split()[0] for line in lines(*found, by="mra")[3:]] == ["xgb", "ridge", "rf"]


def test_compare_labels_of_jobs_are_columns_where_they_differ(write: Write) -> None:
    entries = [
        Entry({"predictor": "xgb", "seed": "0", "tuning.n_trials": n, "tracking": "off"}, result)
        for n, result in [("8", write(0.8)), ("32", write(0.9))]
    ]
    text = str(compare(entries)).splitlines()
    assert text[0].startswith("predictor  tuning.n_trials  seeds")
    assert text[3].split()[:2] == ["xgb", "32"]
