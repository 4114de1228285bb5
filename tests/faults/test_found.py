"""What people report of tools like this one: each fault that was found here, and is mended."""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optuna.trial import TrialState

from hwnas.backend import facts_of, runs_of
from hwnas.composition import check_choices, globs_expanded, options
from hwnas.errors import UserError
from hwnas.experiment import split
from hwnas.files import UnwritableError, unwritable, write_atomically
from hwnas.measure import _announce
from hwnas.tuning import Tuner
from hwnas.tuning._storage import claim_lock
from tests.commands import Hwnas
from tests.faults.advice import followed, one_line, remedy
from tests.tables import whole_table
from tests.tables_of_users import write_csv
from tests.tuning.worker import tune

FULL = Path("/dev/full")
needs_full_device = pytest.mark.skipif(not FULL.exists(), reason="the system has no /dev/full")


def test_tune_sqlite_waits_while_another_worker_takes_a_trial(tmp_path: Path) -> None:
    # Without the lock, two workers get the same trial of SQLite, and the slower one fails.
    storage = f"sqlite:///{tmp_path}/trials.db"
    with ThreadPoolExecutor(1) as worker:
        with claim_lock(storage):
            result = worker.submit(tune, storage, 2)
            with pytest.raises(TimeoutError):
                result.result(timeout=1.0)
        assert result.result(timeout=60).n_trials == 2


def test_tune_trial_that_another_worker_ended_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = itertools.count()
    original = optuna.Trial.set_user_attr

    def set_user_attr(trial: optuna.Trial, key: str, value: Any) -> None:
        if key == "outcome" and next(ended) == 1:
            # A worker on another machine took this one for dead, and enqueued its slot again.
            trial.study.tell(trial, state=TrialState.FAIL)
        original(trial, key, value)

    monkeypatch.setattr(optuna.Trial, "set_user_attr", set_user_attr)
    result = tune(None, 4)
    assert result.n_trials == 4
    assert [row["trial"] for row in result.trials] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("url", "locked"),
    [
        ("sqlite:///a.db", True),
        ("sqlite+pysqlite:///a.db?timeout=60", True),
        ("sqlite://", False),
        ("sqlite:///:memory:", False),
        ("postgresql+psycopg://host/name", False),
        ("outputs/tuning/", False),
        (None, False),
    ],
)
def test_claim_lock_only_databases_in_a_file_have_one(url: str | None, locked: bool) -> None:
    assert hasattr(claim_lock(url), "acquire") == locked


GRIDS: list[tuple[str, str]] = [
    ("predictor=glob(*)", "predictor=bananas,"),
    ("predictor=glob(l*)", "predictor=lgb,lin_reg,lut"),
    ("predictor=glob(paper/l*)", "predictor=paper/lgb,paper/lin_reg,paper/lut"),
    ("predictor=glob([l*,xgb],exclude=lut)", "predictor=lgb,lin_reg,xgb"),
    ("dataset=glob(*)", "dataset=csv"),
    ("dataset=glob(hwnas/*)", "dataset=hwnas/edgegpu,"),
    ("tuning=glob(*)", "tuning=default,"),
]


@pytest.mark.parametrize(("given", "start"), GRIDS)
def test_globs_expanded_are_options_and_no_bases(given: str, start: str) -> None:
    (expanded,) = globs_expanded([given])
    group, _, names = expanded.partition("=")
    assert expanded.startswith(start)
    assert set(names.split(",")) <= set(options(group))


@pytest.mark.parametrize("given", ["predictor=glob(zz*)", "n_train=glob(*)"])
def test_globs_expanded_without_a_match_raise(given: str) -> None:
    with pytest.raises(UserError, match="glob"):
        globs_expanded([given])


BASES = ["dataset=_paths", "dataset=hwnas/_base", "dataset=local/_base", "metric=_column"]


@pytest.mark.parametrize("given", BASES)
def test_check_choices_base_of_options_raises(given: str) -> None:
    with pytest.raises(UserError, match="it is a base of options and no option; "):
        check_choices([given])


def test_run_multirun_flag_between_overrides_works(hwnas: Hwnas) -> None:
    run = hwnas("run", "seed=0", "-m", "dataset=hwnas/raspi4,hwnas/edgegpu", "n_train=0")
    assert run.returncode == 2
    assert "dataset=hwnas/edgegpu" in run.stdout
    assert "unrecognized arguments" not in run.stderr


@pytest.mark.parametrize("flags", [("-m", "--cfg", "job"), ("--resolve",), ("--run", "-m")])
def test_run_flags_that_exclude_each_other_end_in_one_line(
    hwnas: Hwnas, flags: tuple[str, ...]
) -> None:
    one_line(hwnas("run", "predictor=ridge,xgb", *flags))


@pytest.mark.parametrize("folder", ["elsewhere", "."])
def test_run_chdir_paths_are_relative_to_the_command(
    hwnas: Hwnas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "b.csv")
    run = hwnas(
        *("run", "table=b.csv", "n_train=10", "tuning=none", "selection=none", "tracking=off"),
        *("hydra.job.chdir=true", f"hydra.run.dir={folder}", "artifacts=result"),
    )
    assert run.returncode == 0, run
    assert len(list(tmp_path.glob("outputs/**/result.json"))) == 1


@needs_full_device
def test_write_atomically_full_disk_says_so_and_how_to_go_on(tmp_path: Path) -> None:
    table = pa.table({"a": np.random.default_rng(0).random(1000)})
    writers: list[Callable[[Path], object]] = [
        lambda _: FULL.write_text("x"),
        lambda _: pq.write_table(table, FULL),
    ]
    for write in writers:
        with pytest.raises(UnwritableError) as error:
            write_atomically(tmp_path / "x", write, "paths.cache=$HOME/hwnas-cache")
        assert str(error.value) == (
            f"{tmp_path}: cannot be written (No space left on device). Try: free some space on its "
            "disk, or paths.cache=$HOME/hwnas-cache"
        )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("text", [None, "Failed to open local file. Detail: [errno 13]"])
def test_unwritable_error_without_a_text_of_the_system_has_one(
    number: int, text: str | None
) -> None:
    message = str(unwritable("place", OSError(number, text), "out=b"))
    assert "None" not in message
    assert os.strerror(number) in message


@pytest.mark.parametrize("key", ["outputs", "cache"])
def test_run_folder_that_cannot_be_written_names_the_key(
    hwnas: Hwnas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "file").touch()
    table = write_csv(tmp_path / "b.csv")
    arguments = [
        *("run", f"table={table}", "n_train=10", "tuning=none", "selection=none", "tracking=off"),
        *(f"paths.outputs={tmp_path}/out", "artifacts=result", f"paths.{key}={tmp_path}/file"),
    ]
    run = hwnas(*arguments)
    if key == "cache" and run.returncode == 0:
        pytest.skip("a table of the user is not cached")
    advice = os.path.expandvars(remedy(one_line(run)))
    assert advice == f"paths.{key}={tmp_path}/home/hwnas-{key}"
    assert hwnas(*followed(arguments, advice)).returncode == 0


SIZES = [(30, 30, None), (30, 30, 30), (30, 1, None), (30, None, 1), (30, None, 29), (7, 30, None)]
SIZES += [(30, 20, 20), (8, 8, 8), (4, 4, 4), (400, 500, None), (400, None, 400), (400, 0, 0)]


@pytest.mark.parametrize(("n", "n_train", "n_test"), SIZES)
def test_split_impossible_sizes_remedy_works(
    n: int, n_train: int | None, n_test: int | None
) -> None:
    table = whole_table(n)
    with pytest.raises(UserError) as error:
        split(table, n_train, n_test)
    advice = dict(each.split("=") for each in (error.value.remedy or "").split())
    sizes = {"n_train": n_train, "n_test": n_test} | {k: int(v) for k, v in advice.items()}
    drawn = split(table, sizes["n_train"], sizes["n_test"])
    assert min(len(drawn.train), len(drawn.test)) >= 2


@pytest.mark.parametrize("n", [2, 3])
def test_split_table_too_small_for_any_split_says_so(n: int) -> None:
    with pytest.raises(UserError, match="training and testing need 2 each"):
        split(whole_table(n))


@pytest.mark.parametrize("n", [4, 5, 7, 8])
def test_split_smallest_tables_have_default_sizes(n: int) -> None:
    drawn = split(whole_table(n))
    assert len(drawn.train) + len(drawn.test) == n


def needs_arguments(**_: Any) -> Any:
    raise TypeError("missing 1 required positional argument: 'search_space'")


def needs_library(**_: Any) -> Any:
    raise ModuleNotFoundError("No module named 'nowhere'", name="nowhere")


@pytest.mark.parametrize(
    ("sampler", "said"),
    [
        (optuna.samplers.GridSampler, "cannot be made from a seed alone"),
        (optuna.samplers.PartialFixedSampler, "cannot be made from a seed alone"),
        (needs_arguments, "cannot be made from a seed alone"),
        (needs_library, "needs nowhere, which is not installed"),
        (dict, "is not a sampler of Optuna"),
    ],
)
def test_tuner_sampler_that_does_not_fit_raises_one_line(
    sampler: Callable[..., Any], said: str
) -> None:
    with pytest.raises(UserError, match=said) as error:
        Tuner(sampler)
    assert "tuning.sampler._target_=optuna.samplers.TPESampler" in str(error.value)
    assert "\n" not in str(error.value)


def test_tuner_pruner_of_another_library_raises_one_line() -> None:
    with pytest.raises(UserError, match=r"is not a pruner of Optuna.*tuning\.pruner=null"):
        Tuner(optuna.samplers.RandomSampler, pruner={})  # type: ignore[arg-type]


class Board:
    """A user's backend; its facts are as a test wants them."""

    unit_facts = ()
    name = "board"

    def __init__(self, facts: object) -> None:
        self.facts = facts


FACTS = [{"board": "A1"}, lambda: ["A1"], lambda: None, lambda: {1: "A1"}, lambda: "A1", None]


@pytest.mark.parametrize("facts", FACTS)
def test_facts_of_no_method_or_no_dict_raises_one_line(facts: object) -> None:
    with pytest.raises(UserError, match=r"Board: facts (is not a method|returns)"):
        facts_of(Board(facts))  # type: ignore[arg-type]


TIMES: list[object] = [None, 1.0, [1.0], [1.0, "fast", 2.0], [1.0, -1.0, 2.0], [[1.0, 2.0, 3.0]]]
TIMES += [[1.0, float("nan"), 2.0], [1.0, float("inf"), 2.0], {}, "123", np.zeros((3, 1))]


@pytest.mark.parametrize("returned", TIMES)
def test_runs_of_anything_but_times_raises_one_line(returned: object) -> None:
    with pytest.raises(UserError, match="for 3 runs, not that many milliseconds"):
        runs_of(Board(dict), lambda _: returned, 3)  # type: ignore[arg-type, return-value]


def test_runs_of_list_is_taken() -> None:
    backend: Any = Board(dict)
    assert runs_of(backend, lambda n: [1.0] * n, 3).milliseconds.tolist() == [1, 1, 1]  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize("threads", [1, 64])
def test_warn_of_threads_more_than_cores_warns(
    threads: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_announce, "cores_allowed", lambda: 2)
    _announce.warn_of_threads(threads)
    warning = capsys.readouterr().err
    assert warning.startswith("warning: threads=64") == (threads == 64)
    assert warning.endswith("Try: threads=2\n") == (threads == 64)


def test_announce_many_measurements_says_how_many_how_long_and_the_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    measured: list[str] = []
    _announce.announce("local", 28_488, measured.append, ["a", "b", "c", "d"])
    said = capsys.readouterr().err
    assert said.startswith("28,488 measurements, about ")
    assert "under the name local" in said
    assert measured == ["a", "a", "b", "c"]


def test_announce_few_measurements_are_not_timed(capsys: pytest.CaptureFixture[str]) -> None:
    measured: list[str] = []
    _announce.announce("local", 2, measured.append, ["a", "b"])
    assert capsys.readouterr().err.startswith("2 measurements, under the name local")
    _announce.announce("local", 0, measured.append, [])
    assert capsys.readouterr().err == ""
    assert not measured
