"""Candidates beyond the measured architectures: of the space, or of a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwnas.dataset import TableFile, candidates_of, default_candidates
from hwnas.errors import UserError
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.selection import CandidateSet
from hwnas.space import NASBench201
from tests.tables_of_users import bundled, rows, write_csv


def dataset(path: Path) -> TableFile:
    """Return the dataset of a CSV file, without any official file."""
    folder = path.parent / "nothing"
    return TableFile(Metric("_column", ""), NASBench201(), Paths(folder, folder, folder), str(path))


def test_candidates_of_own_table_are_the_networks_of_the_space(tmp_path: Path) -> None:
    own = dataset(write_csv(tmp_path / "board.csv", 60))
    measured = own.load()
    assert default_candidates(own, measured) == "space"
    name, table = candidates_of(None, own, measured, own.paths, "candidates")
    assert name == "space"
    assert table is not None
    candidates = CandidateSet.of(table)
    assert len(candidates) == 7122
    functions = measured.space.network_representative(measured.architectures)
    assert len(candidates.measured()) == len(np.unique(functions))
    # The accuracies of the file are those of the benchmark but for rounding.
    known = bundled()
    assert known.accuracy is not None
    np.testing.assert_allclose(
        candidates.accuracy, known.accuracy[known.locate(candidates.architectures)], atol=0.01
    )


def test_candidates_of_a_table_with_other_accuracies_are_not_joined(tmp_path: Path) -> None:
    path = tmp_path / "board.csv"
    lines = [f"{cell},{value},{float(percent) / 2}" for cell, value, percent in rows(20)]
    path.write_text("\n".join(["architecture,latency_ms,accuracy", *lines]))
    own = dataset(path)
    _, table = candidates_of("space", own, own.load(), own.paths, "candidates")
    assert table is not None
    assert len(CandidateSet.of(table)) <= 20


def test_candidates_of_a_file_are_its_architectures(tmp_path: Path) -> None:
    own = dataset(write_csv(tmp_path / "board.csv", 20))
    others = write_csv(tmp_path / "others.csv", 30, seed=1)
    name, table = candidates_of(str(others), own, own.load(), own.paths, "candidates")
    assert table is not None
    assert name.startswith("others-")
    assert table.space.to_strings(table.architectures) == [cell for cell, _, _ in rows(30, 1)]
    with pytest.raises(UserError, match=r"candidates=none\.csv: no such file"):
        candidates_of("none.csv", own, own.load(), own.paths, "candidates")


def test_candidates_of_a_benchmark_are_the_measured_architectures() -> None:
    table = bundled()

    class Benchmark:
        def load(self) -> object:
            return table

    paths = Paths(Path("data"), Path("cache"), Path("outputs"))
    assert candidates_of(None, Benchmark(), table, paths, "candidates") == ("measured", None)  # type: ignore[arg-type]
