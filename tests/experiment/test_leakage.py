"""No test architecture, and no copy of one, is ever in the training measurements."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace

import numpy as np
import pytest
from hydra.utils import instantiate
from numpy.typing import NDArray

import hwnas
from hwnas.composition import options
from hwnas.dataset import Table
from hwnas.errors import UserError
from hwnas.experiment import split
from hwnas.space import SearchSpace
from tests.composed import composed

SEEDS, MORE_SEEDS = range(3), range(10)
SIZES = ((None, None), (11, 100), (1366, 625), (2, 2))
DATASETS = [each for each in options("dataset") if each != "csv"]
# Every dataset has one of the first two metrics.
METRICS = sorted(options("metric"), key=lambda name: (name != "latency", name != "energy", name))
SPACES = [each for each in options("space") if each != "columns"]


def loaded(*given: str) -> Table | None:
    """Return a table; None if its file is not here, or it does not have the metric."""
    folder = os.environ.get("HWNAS_DATA") or "nowhere"
    try:
        with composed("run", *given, f"paths.data={folder}") as (cfg, _):
            table: Table = instantiate(cfg.dataset).load()
            return table
    except UserError:
        return None


def check(table: Table, *keys: NDArray[np.generic], seeds: range = SEEDS) -> None:
    """Check that no key of a test architecture is one of a training measurement.

    The architectures themselves, and what was measured for them, are always checked.
    """
    always = (table.space.identity(table.architectures), table.representative)
    n_checked = 0
    for seed, (n_train, n_test) in itertools.product(seeds, SIZES):
        try:
            parts = split(table, n_train, n_test, seed)
        except UserError:
            # The table is too small for this size.
            continue
        for key in (*always, *keys):
            assert not np.isin(key[parts.test], key[parts.train]).any(), (seed, n_train, n_test)
            assert len(np.unique(key[parts.test])) == len(parts.test)
        n_checked += 1
    assert n_checked >= 3 * len(seeds)


@pytest.mark.thorough
@pytest.mark.parametrize("name", DATASETS)
def test_split_of_a_dataset_no_copy_of_a_test_architecture_is_trained_on(name: str) -> None:
    tables = (loaded(f"dataset={name}", f"metric={metric}") for metric in METRICS[:2])
    table = next((table for table in tables if table is not None), None)
    if table is None:
        pytest.skip(f"no table of {name} is here")
    check(table)


@pytest.mark.slow
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("name", DATASETS)
def test_split_of_every_metric_no_copy_of_a_test_architecture_is_trained_on(
    name: str, metric: str
) -> None:
    table = loaded(f"dataset={name}", f"metric={metric}")
    if table is None:
        pytest.skip(f"no {metric} of {name} is here")
    check(table, seeds=MORE_SEEDS)


@pytest.mark.parametrize("name", SPACES)
def test_split_of_measured_networks_no_equal_network_is_trained_on(name: str) -> None:
    # As `hwnas measure` writes tables: equal architectures have the value of one of them.
    with composed("run", f"space={name}") as (cfg, _):
        space: SearchSpace = instantiate(cfg.space)
    architectures = np.unique(space.sample(3000, np.random.default_rng(0)), axis=0)
    networks = space.representative(architectures)
    table = Table.from_arrays(space, architectures, np.ones(len(architectures)))
    check(replace(table, representative=networks), networks)


def test_split_of_the_bundled_table_no_equal_network_is_trained_on() -> None:
    table = hwnas.load_dataset("local/cpu")
    check(table, table.space.network_representative(table.architectures))
