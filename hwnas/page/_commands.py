"""The commands that made the results of a page, and what of a study is not finished."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hwnas.errors import command
from hwnas.experiment import COMMAND
from hwnas.results import Finished, find
from hwnas.study import COMMANDS, POINTS, Ledger, expand


def commands_of(paths: Sequence[Path], finished: Sequence[Finished]) -> tuple[tuple[str, ...], int]:
    """Return the commands that made the results, with comments, and how many are not known.

    Parameters
    ----------
    paths : sequence of Path
        What the page reports on.
    finished : sequence of Finished
        The experiments at these paths.

    Returns
    -------
    tuple of str
        The lines of a shell script.
    int
        Number of experiments and of grid points of simulations whose commands were not recorded.
    """
    lines: dict[str, None] = {}
    n_unrecorded = 0
    of_studies = [path for path in paths if (path / POINTS).is_dir()]
    for path in of_studies:
        file = path / COMMANDS
        if file.is_file():
            lines |= dict.fromkeys(file.read_text(encoding="utf-8").splitlines())
        else:
            n_unrecorded += _states(path)["done"]
            lines[command(f"sweep experiment={path.resolve().name}")] = None
    if len(of_studies) < len(paths):
        for one in finished:
            file = one.folder / COMMAND
            if file.is_file():
                lines[file.read_text(encoding="utf-8").strip()] = None
            elif one.result.identity.get("study", "single") == "single":
                n_unrecorded += 1
    report = command(f"report {shlex.join(str(_from_here(path)) for path in paths)}")
    run = ["# Run the experiments", *lines] if lines else []
    return (*run, "# Write this page", report), n_unrecorded


def progress_of(path: Path) -> str:
    """Return how many grid points of a study are finished; empty if all are, or it is not a study.

    Parameters
    ----------
    path : Path
        The folder of a study, or any other folder of results.
    """
    finished = find([path]) if (path / POINTS).is_dir() else []
    experiment = finished[0].config().get("experiment") or {} if finished else {}
    if not experiment.get("grids"):
        return ""
    n_all = len(expand(experiment["grids"], experiment.get("fixed") or {}, []))
    n_failed = _states(path)["failed"]
    if len(finished) >= n_all and not n_failed:
        return ""
    failed = f", {n_failed:,} failed" if n_failed else ""
    name = path.resolve().name
    return f"Study {name}: {len(finished):,} of {n_all:,} grid points are finished{failed}."


def _states(path: Path) -> Counter[str]:
    """Return how many grid points of a study are in each state."""
    ledger = Ledger(path / POINTS, path.parent.parent)
    jobs = [record.stem for record in (path / POINTS).glob("*.jsonl")]
    return Counter(outcome.state for job in jobs for outcome in ledger.read(job).values())


def _from_here(path: Path) -> Path:
    """Return a path relative to the current folder if it is below it."""
    full, here = path.resolve(), Path.cwd().resolve()
    return full.relative_to(here) if full.is_relative_to(here) else path
