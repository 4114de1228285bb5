"""The accuracies and the benchmark index in ``nats_bench.csv``."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from hwnas.dataset import accuracy_of, benchmark_index
from hwnas.errors import UserError
from hwnas.paths import Paths
from hwnas.space import NASBench201, TransNASMicro
from tests.dataset import official
from tests.dataset.official import write_local

SPACE = NASBench201()


def test_benchmark_index_rows_in_csv_order(paths: Paths) -> None:
    official.write_nats(paths)
    np.testing.assert_array_equal(SPACE.rank(benchmark_index(paths)), official.ORDER)


def test_read_accuracies_missing_column_raises_and_caches_nothing(paths: Paths) -> None:
    official.write_nats(paths, without="CIFAR100TestAccuracy200Epochs")
    with pytest.raises(UserError, match=r"nats_bench\.csv.*CIFAR100TestAccuracy200Epochs") as error:
        accuracy_of(SPACE, SPACE.enumerate(), "cifar10", paths)
    assert "\n" not in str(error.value)
    assert official.cached(paths) == []


@pytest.mark.parametrize("cut", [1, 30, 100_000])
def test_read_accuracies_truncated_file_raises_and_caches_nothing(paths: Paths, cut: int) -> None:
    path = official.write_nats(paths)
    path.write_text(path.read_text()[:-cut].removesuffix("\n") if cut > 1 else "")
    with pytest.raises(UserError, match=r"nats_bench\.csv"):
        accuracy_of(SPACE, SPACE.enumerate(), "cifar10", paths)
    assert official.cached(paths) == []


def test_read_accuracies_missing_rows_raises(paths: Paths) -> None:
    path = official.write_nats(paths)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-5]))
    with pytest.raises(UserError, match=r"cut off: it has 15620 of the 15625.*fetch nasbench201"):
        benchmark_index(paths)


def test_read_accuracies_text_in_number_column_raises(paths: Paths) -> None:
    path = official.write_nats(paths)
    path.write_text(path.read_text().replace("x,0.", "x,many", 1))
    with pytest.raises(UserError, match=r"nats_bench\.csv, line 2: .*'CIFAR10.* has 'many"):
        benchmark_index(paths)


def written(paths: Paths, change: Callable[[list[str]], None]) -> None:
    """Write the file after a change of its lines. The header is line 0."""
    lines = official.nats_text().splitlines()
    change(lines)
    (paths.data / "nats_bench.csv").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(("kind", "added"), [("other", "0.5"), ("equal", "")])
def test_read_accuracies_repeated_architecture_raises_naming_both_lines(
    paths: Paths, kind: str, added: str
) -> None:
    def repeat(lines: list[str]) -> None:
        lines[9] = lines[4].replace("x,", "x,1" if added else "x,", 1)

    written(paths, repeat)
    with pytest.raises(UserError) as error:
        benchmark_index(paths)
    (string,) = SPACE.to_strings(SPACE.enumerate()[official.ORDER[3:4]])
    assert f"nats_bench.csv, line 10: repeats {string} of line 5 with {kind}" in str(error.value)


def test_read_accuracies_spreadsheet_dialect_is_read(paths: Paths) -> None:
    text = official.nats_text().replace(",", ";").replace("\n", "\r\n")
    (paths.data / "nats_bench.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    np.testing.assert_array_equal(SPACE.rank(benchmark_index(paths)), official.ORDER)
    accuracy, _ = accuracy_of(SPACE, official.CELLS, "cifar10", paths)
    assert accuracy is not None
    expected = [official.accuracy_of_rank(rank) for rank in (9000, 7, 12345)]
    np.testing.assert_allclose(accuracy, expected)


@pytest.mark.parametrize("word", ["", "OOM", "inf", "-1", "nan"])
def test_read_accuracies_missing_cell_is_nan(paths: Paths, word: str) -> None:
    def empty(lines: list[str]) -> None:
        cells = lines[1].split(",")
        lines[1] = ",".join([cells[0], word, *cells[2:]])

    written(paths, empty)
    accuracy, _ = accuracy_of(SPACE, SPACE.enumerate()[official.ORDER[:2]], "cifar10", paths)
    assert accuracy is not None
    assert np.isnan(accuracy).tolist() == [True, False]


def test_benchmark_index_without_files_raises_naming_both(paths: Paths) -> None:
    with pytest.raises(UserError, match=r"nats_bench\.csv.*HW-NAS-Bench-v1_0\.pickle"):
        benchmark_index(paths)


def test_accuracy_of_other_space_or_image_set_is_unknown(paths: Paths) -> None:
    official.write_nats(paths)
    assert accuracy_of(SPACE, SPACE.enumerate()[:3], "ImageNet", paths) == (None, None)
    micro = TransNASMicro()
    assert accuracy_of(micro, micro.enumerate()[:3], "cifar10", paths) == (None, None)


def test_accuracy_of_without_csv_uses_bundled_table(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hwnas.dataset._local_table.BUNDLED", paths.data)
    write_local(paths.data / "nasbench201_cpu.parquet")
    accuracy, provenance = accuracy_of(SPACE, official.CELLS, "cifar10", paths)
    np.testing.assert_array_equal(accuracy, [91.0, 72.5, np.nan])
    assert provenance is not None
    assert provenance.source == "nasbench201_cpu.parquet"
    assert provenance.details == {"image_set": "digits"}
    unknown = SPACE.enumerate()[:2]
    assert accuracy_of(SPACE, unknown, "cifar10", paths) == (None, None)


def test_accuracy_of_bundled_table_names_digits(paths: Paths) -> None:
    accuracy, provenance = accuracy_of(SPACE, SPACE.enumerate(), "cifar10", paths)
    assert accuracy is not None
    assert np.isfinite(accuracy).sum() > 1000
    assert provenance is not None
    assert provenance.details["image_set"] == "digits"


def test_benchmark_index_published_file_has_published_order(real: Paths) -> None:
    index = benchmark_index(real)
    assert len(np.unique(SPACE.rank(index))) == 15625
    assert SPACE.to_strings(index[1:2]) == [
        "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+"
        "|skip_connect~0|nor_conv_3x3~1|skip_connect~2|"
    ]
