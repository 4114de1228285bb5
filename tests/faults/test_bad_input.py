"""Input that is wrong: one line that names the thing and what to do, and nothing is written."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optuna.samplers import RandomSampler
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline

from hwnas.composition import composed
from hwnas.dataset import OfficialTable
from hwnas.dataset._csv import TableFile
from hwnas.dataset._help import latency_file, read_latencies
from hwnas.dataset._hwnas_file import CELLS
from hwnas.errors import UserError
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.predictor import build, load_predictor
from hwnas.space import NASBench201
from hwnas.tuning import Tuner
from hwnas.tuning._search_space import read
from tests.faults.files import BROKEN, CSV, GOOD, HEADER, OTHER, code_carrying, torch_archive
from tests.tables_of_users import CELL


def refused(call: Callable[[], object], *named: str) -> str:
    """Return the error of a call: one line, which names the thing and has a remedy."""
    with pytest.raises(UserError) as error:
        call()
    text = str(error.value)
    assert text.isprintable(), text
    assert "Try: " in text, text
    for name in named:
        assert name in text
    return text


def load(path: Path | str, folder: Path) -> object:
    paths = Paths(folder / "data", folder / "cache", folder / "outputs")
    return TableFile(Metric("_column", ""), NASBench201(), paths, str(path)).load()


def check_only(folder: Path, *names: str) -> None:
    assert sorted(each.name for each in folder.iterdir()) == sorted(names)


@pytest.mark.parametrize("case", CSV)
def test_load_csv_that_is_wrong_is_refused(tmp_path: Path, case: str) -> None:
    path = tmp_path / "board.csv"
    path.write_text(CSV[case], encoding="utf-8", newline="")
    refused(lambda: load(path, tmp_path), str(path))
    check_only(tmp_path, "board.csv")


BINARY = {
    "letters of another encoding": f"{HEADER}{CELL},1\n".encode() + b"\xe9,1\n",
    "all bytes": bytes(range(256)) * 10,
    "gzip": gzip.compress((HEADER + GOOD).encode()),
    "zip": b"PK\x03\x04aaaa",
    "pickle": BROKEN["cut off"],
    "predictor": torch_archive(b"x"),
}


@pytest.mark.parametrize("case", BINARY)
def test_load_csv_that_is_no_text_is_refused(tmp_path: Path, case: str) -> None:
    path = tmp_path / "board.csv"
    path.write_bytes(BINARY[case])
    refused(lambda: load(path, tmp_path), str(path))
    check_only(tmp_path, "board.csv")


def parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


WHOLE = parquet(pa.table({"architecture": [CELL, OTHER], "latency_ms": [1.0, 2.0]}))
TWICE = pa.Table.from_arrays(
    [pa.array([CELL]), pa.array([1.0]), pa.array([2.0])],
    names=["architecture", "latency_ms", "latency_ms"],
)
PARQUET = {
    "cut off": WHOLE[:-20],
    "only the start": WHOLE[:40],
    "empty": b"",
    "text": b"abc",
    "magic bytes only": b"PAR1" + b"x" * 20 + b"PAR1",
    "damaged middle": WHOLE[:60] + b"\xff" * 60 + WHOLE[120:],
    "nested values": parquet(pa.table({"architecture": [CELL], "latency_ms": [[1.0]]})),
    "bytes for text": parquet(pa.table({"architecture": [b"\xff"], "latency_ms": [1.0]})),
    "no rows": parquet(
        pa.table({"architecture": pa.array([], pa.string()), "latency_ms": pa.array([], "f8")})
    ),
    "no columns": parquet(pa.table({})),
    "null for an architecture": parquet(
        pa.table({"architecture": pa.array([None], pa.string()), "latency_ms": [1.0]})
    ),
    "column twice": parquet(TWICE),
    "escape in a name": parquet(pa.table({"architecture": [CELL], "la\x1b_ms": [1.0]})),
}


@pytest.mark.parametrize("case", PARQUET)
def test_load_parquet_that_is_wrong_is_refused(tmp_path: Path, case: str) -> None:
    path = tmp_path / "board.parquet"
    path.write_bytes(PARQUET[case])
    refused(lambda: load(path, tmp_path), str(path))
    check_only(tmp_path, "board.parquet")


PLACES = ["none.csv", ".", "a/b/c.csv", "a\0b.csv", "x" * 5000, "none.parquet", "~nobody/x.csv"]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: repr(place[:12]))
def test_load_path_that_is_no_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    refused(lambda: load(place, tmp_path))
    check_only(tmp_path)


PICKLES = sorted(set(BROKEN) | set(code_carrying("flag")))
LATENCIES = OfficialTable(latency_file("nasbench201", "raspi4"), "help", read_latencies)


def content_of(case: str, flag: Path) -> bytes:
    return (BROKEN | code_carrying(str(flag)))[case]


@pytest.mark.parametrize("wrap", [False, True], ids=["as it is", "in an archive"])
@pytest.mark.parametrize("table", [CELLS, LATENCIES], ids=["pickle", "torch"])
@pytest.mark.parametrize("case", PICKLES)
def test_load_official_file_of_a_stranger_is_refused_and_runs_nothing(
    tmp_path: Path, table: OfficialTable, case: str, wrap: bool
) -> None:
    paths = Paths(tmp_path / "data", tmp_path / "cache", tmp_path / "outputs")
    path, flag = paths.data / table.file.name, tmp_path / "flag"
    path.parent.mkdir(parents=True)
    content = content_of(case, flag)
    path.write_bytes(torch_archive(content, ("../../evil", "1")) if wrap else content)
    refused(lambda: table.load(paths), str(path), "fetch")
    assert not flag.exists()
    assert not (paths.cache / "tables").exists()
    assert not list(tmp_path.rglob("evil"))


def zip_bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("predictor.json", b"[" * 40_000_000)
    return buffer.getvalue()


@pytest.mark.parametrize("case", [*PICKLES, "zip bomb", "torch archive", "table"])
def test_load_predictor_of_a_stranger_is_refused_and_runs_nothing(
    tmp_path: Path, case: str
) -> None:
    flag, path = tmp_path / "flag", tmp_path / "x.hwnas"
    more = {"table": (HEADER + GOOD).encode()}
    if case == "zip bomb":
        path.write_bytes(zip_bomb())
    elif case == "torch archive":
        path.write_bytes(torch_archive(content_of("builtins.eval", flag)))
    else:
        path.write_bytes(more.get(case) or content_of(case, flag) if case != "empty" else b"")
    refused(lambda: load_predictor(path), str(path))
    check_only(tmp_path, "x.hwnas")


#: Overrides of `hwnas run`, and what the message names.
OVERRIDES: list[tuple[str, str]] = [
    *((f"n_train={each}", "n_train=") for each in ("abc", "1.5", "[1]", "", "true", "1e999")),
    *((f"seed={each}", "seed=") for each in ("null", "abc", "[]", "{}")),
    *((f"{key}=null", f"{key}=null") for key in ("paths", "study", "force", "artifacts")),
    *((f"paths.{key}={{a: 1}}", f"paths.{key}=") for key in ("data", "cache", "outputs")),
    *((f"metric.{key}=null", f"metric.{key}=") for key in ("name", "unit")),
    ("metric.lower=abc", "metric.lower=abc"),
    ("force=maybe", "force=maybe"),
    ("intervals=[]", "intervals=[]"),
    ("artifacts=everything", "artifacts=everything"),
    ("predictor.search_space=[]", "predictor.search_space=[]"),
    ("predictor.name=null", "predictor.name=null"),
    ("tuning.n_trials=null", "tuning.n_trials=null"),
    ("tuning.objectives=kendall_tau", "tuning.objectives=kendall_tau"),
    ("selection.limit=abc", "selection.limit=abc"),
    ("tracking.project=null", "tracking.project=null"),
]


@pytest.mark.parametrize(("override", "named"), OVERRIDES)
def test_composed_value_of_a_wrong_type_is_refused_naming_the_key(
    override: str, named: str
) -> None:
    text = refused(lambda: composed("run", [override]), named)
    assert "reference_type" not in text
    key = override.partition("=")[0]
    assert text.endswith(f"Try: leave {key} out")


@pytest.mark.parametrize("entry", [None, [], 3, "float"])
def test_read_search_space_of_no_mapping_is_refused(entry: object) -> None:
    refused(lambda: read({"alpha": entry}), "search_space.alpha")


@pytest.mark.parametrize("model", [None, {"alpha": 1}])
def test_build_model_of_another_kind_is_refused(model: object) -> None:
    encoding = {"_target_": "hwnas.encoding.OneHot"}
    refused(lambda: build(encoding, model, NASBench201(), seed=0), "predictor.model")  # type: ignore[arg-type]


def test_tune_search_space_that_the_model_refuses_is_named() -> None:
    space = {"alpha": {"type": "float", "low": -2.0, "high": -1.0}}
    model = Pipeline([("model", Ridge())])
    x = np.random.default_rng(0).normal(size=(30, 2))
    tuner = Tuner(RandomSampler, n_trials=2)
    refused(lambda: tuner.tune(model, space, x, x[:, 0], seed=0), "predictor.search_space")


@pytest.mark.parametrize("tolerance", [-1.0, float("nan")])
def test_tuner_negative_tolerance_is_refused(tolerance: float) -> None:
    refused(lambda: Tuner(RandomSampler, tau_tolerance=tolerance), "tuning.tau_tolerance")


def test_user_error_escapes_of_a_strangers_file_do_not_reach_the_terminal() -> None:
    assert str(UserError("a\x1b[31m\nb", remedy="c\0")) == r"a\x1b[31m b. Try: c\x00"
