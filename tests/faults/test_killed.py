"""Some of the faults of `benchmarks.faults`, which tries all of them."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator

import pytest

from benchmarks.faults.cases import Tried
from benchmarks.faults.killed import inside

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")


@pytest.fixture(scope="module")
def tried() -> Iterator[Tried]:
    """Return the folder of the cases."""
    # Loaded before the processes are forked, so that they start at once.
    for library in ("hwnas.experiment", "hwnas.measure", "hwnas.predictor", "optuna"):
        importlib.import_module(library)
    made = Tried.new()
    yield made
    made.remove()


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "share"),
    # The kinds of writes of `run -m` are texts, renames and lines of the record of jobs.
    [("run -m", 0.5), ("measure", 0.2)],
)
def test_killed_inside_a_write_next_start_has_the_same_numbers(
    name: str, share: float, tried: Tried
) -> None:
    assert inside(name, share, tried) == ""
