"""Command lines that nobody wrote: each runs, or ends in one line with exit code 2."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwnas.composition import composed, leaves, options
from tests.commands import in_process

#: A fast run.
CHEAP = (
    *("dataset=hwnas/raspi4", "dataset.source=estimated", "n_train=11", "n_test=20"),
    *("tuning=none", "selection=none", "tracking=off", "artifacts=result", "intervals=false"),
)
GROUPS = ("predictor", "encoding", "metric", "space", "device", "image_set", "selection", "tuning")
#: Values of all types, wrong for most keys. None makes a run long.
VALUES = (
    *("null", "-1", "0", "1", "2", "0.5", "1e999", "-1e-9", "nan", "true", "abc", "''", "", " "),
    *("[]", "{}", "[1,2]", "{a: 1}", "???", "${nothing}", "${seed}", "ü", "a=b", "1,2", "*", "%"),
    *("glob(*)", "range(3)", "choice(1,2)", "'quoted", "(", "]", "os.system", "../..", "@", "~"),
)
PREFIXES = ("", "", "", "", "+", "++", "~")


@cache
def keys() -> list[str]:
    """Return the keys of a run, without those of other folders, services and loops."""
    cfg = composed("run", ["predictor=svr"])
    elsewhere = ("paths", "dataset.paths", "tracking", "dataset.cache", "dataset.path")
    return [key for key in leaves(cfg) if not key.startswith(elsewhere)]


@st.composite
def overrides(draw: st.DrawFn) -> str:
    """Draw an override: of a key, of a group, of a misspelt key, or any text."""
    kind = draw(st.sampled_from(["key", "key", "group", "misspelt", "text"]))
    if kind == "text":
        return draw(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
    if kind == "group":
        group = draw(st.sampled_from(GROUPS))
        option = draw(st.sampled_from([*options(group), "nothing", "[a,b]", "_schema"]))
        return f"{draw(st.sampled_from(PREFIXES))}{group}={option}"
    key = draw(st.sampled_from(keys()))
    if kind == "misspelt":
        place = draw(st.integers(0, len(key) - 1))
        key = key[:place] + draw(st.sampled_from(["", "x", ".", "@", "é"])) + key[place + 1 :]
    return f"{draw(st.sampled_from(PREFIXES))}{key}={draw(st.sampled_from(VALUES))}"


LINES = st.lists(overrides(), min_size=1, max_size=3)


def check(line: list[str]) -> None:
    """Run a command line, and check its end and what it wrote."""
    with tempfile.TemporaryDirectory() as folder:
        run = in_process("run", *CHEAP, f"paths.outputs={folder}", *line)
        assert run.returncode in (0, 2), (line, run.stderr)
        if run.returncode == 2:
            # Behind lines of Hydra, which names the job that failed.
            *_, last = run.stderr.strip().splitlines()
            assert last.startswith(("error: ", "usage: ")), (line, run.stderr)
            assert last.isprintable(), (line, last)
            assert run.stderr.count("error: ") == 1, (line, run.stderr)
            assert list(Path(folder).rglob("*")) == [], line
        assert "Traceback" not in run.stderr, (line, run.stderr)


@pytest.mark.thorough
@settings(max_examples=100, derandomize=True)
@given(LINES)
def test_run_any_command_line_works_or_ends_in_one_line(line: list[str]) -> None:
    check(line)


@pytest.mark.slow
@settings(max_examples=2_000)
@given(LINES)
def test_run_more_command_lines_work_or_end_in_one_line(line: list[str]) -> None:
    check(line)
