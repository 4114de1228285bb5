"""``nats_bench.csv``: accuracies, and the benchmark index."""

from __future__ import annotations

import numpy as np
import pytest

from hwnas.dataset import accuracy_of, benchmark_index
from hwnas.errors import UserError
from hwnas.paths import Paths
from hwnas.space import NASBench201, TransNASMicro
from tests.dataset import official
from tests.dataset.official import write_local

SPACE = NASBench201()


def test_rows_are_the_benchmark_index(paths: Paths) -> None:
    official.write_nats(paths)
    np.testing.assert_array_equal(SPACE.rank(benchmark_index(paths)), official.ORDER)


def test_a_missing_column_is_named_and_nothing_cached(paths: Paths) -> None:
    official.write_nats(paths, without="CIFAR100TestAccuracy200Epochs")
    with pytest.raises(UserError, match=r"nats_bench\.csv.*CIFAR100TestAccuracy200Epochs") as error:
        accuracy_of(SPACE, SPACE.enumerate(), "cifar10", paths)
    assert "\n" not in str(error.value)
    assert official.cached(paths) == []


@pytest.mark.parametrize("cut", [1, 30, 100_000])
def test_a_truncated_file_is_named_and_nothing_cached(paths: Paths, cut: int) -> None:
    path = official.write_nats(paths)
    path.write_text(path.read_text()[:-cut].removesuffix("\n") if cut > 1 else "")
    with pytest.raises(UserError, match=r"nats_bench\.csv"):
        accuracy_of(SPACE, SPACE.enumerate(), "cifar10", paths)
    assert official.cached(paths) == []


def test_missing_rows_are_noticed(paths: Paths) -> None:
    path = official.write_nats(paths)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-5]))
    with pytest.raises(UserError, match="15620 different architectures"):
        benchmark_index(paths)


def test_text_among_numbers_is_refused(paths: Paths) -> None:
    path = official.write_nats(paths)
    path.write_text(path.read_text().replace("x,0.", "x,many", 1))
    with pytest.raises(UserError, match=r"nats_bench\.csv"):
        benchmark_index(paths)


def test_without_any_file_there_is_no_index_and_the_error_names_both(paths: Paths) -> None:
    with pytest.raises(UserError, match=r"nats_bench\.csv.*HW-NAS-Bench-v1_0\.pickle"):
        benchmark_index(paths)


def test_other_spaces_and_image_sets_have_no_accuracy(paths: Paths) -> None:
    official.write_nats(paths)
    assert accuracy_of(SPACE, SPACE.enumerate()[:3], "ImageNet", paths) == (None, None)
    micro = TransNASMicro()
    assert accuracy_of(micro, micro.enumerate()[:3], "cifar10", paths) == (None, None)


def test_the_bundled_table_stands_in(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hwnas.dataset._local_table.BUNDLED", paths.data)
    write_local(paths.data / "nasbench201_cpu.parquet")
    accuracy, provenance = accuracy_of(SPACE, official.CELLS, "cifar10", paths)
    np.testing.assert_array_equal(accuracy, [91.0, 72.5, np.nan])
    assert provenance is not None
    assert provenance.source == "nasbench201_cpu.parquet"
    assert provenance.details == {"image_set": "digits"}
    unknown = SPACE.enumerate()[:2]
    assert accuracy_of(SPACE, unknown, "cifar10", paths) == (None, None)


def test_the_table_that_ships_says_that_it_is_of_digits(paths: Paths) -> None:
    accuracy, provenance = accuracy_of(SPACE, SPACE.enumerate(), "cifar10", paths)
    assert accuracy is not None
    assert np.isfinite(accuracy).sum() > 1000
    assert provenance is not None
    assert provenance.details["image_set"] == "digits"


def test_published_order(real: Paths) -> None:
    index = benchmark_index(real)
    assert len(np.unique(SPACE.rank(index))) == 15625
    assert SPACE.to_strings(index[1:2]) == [
        "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+"
        "|skip_connect~0|nor_conv_3x3~1|skip_connect~2|"
    ]
