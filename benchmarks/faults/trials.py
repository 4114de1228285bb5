"""Predictors that fail in a trial of tuning."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import partial
from typing import Any

from benchmarks.faults.cases import Case, Tried, remove
from benchmarks.faults.commands import ONE
from benchmarks.faults.models import TOO_HIGH
from benchmarks.faults.places import Place
from benchmarks.faults.processes import run

_GROUP = "predictor that fails in a trial"
_MODELS = {"raises": "Raises", "predicts NaN": "PredictsNaN", "hangs": "Hangs"}


def cases(seed: int) -> Iterator[Case]:
    """Yield a case for each way to fail, with a sampler that does not learn from other trials."""
    for how, model in _MODELS.items():
        yield Case(_GROUP, how, partial(_fails, model, seed))


def _fails(model: str, seed: int, tried: Tried) -> str:
    sound, place = tried.place("run"), tried.place("run")
    tuned = (*ONE, "predictor=ridge", "tuning=random", "tuning.n_trials=10", f"seed={seed}")
    hangs = ("tuning.trial_seconds=5",) if model == "Hangs" else ()
    failing = (*tuned, f"predictor.model._target_=benchmarks.faults.models.{model}", *hangs)
    ends = [run(tuned, sound), run(failing, place)]
    if any(each.code != 0 for each in ends):
        return f"exit codes {[each.code for each in ends]}: {ends[1].printed[-300:]}"
    expected, found = _trials(sound), _trials(place)
    high = [float(each["alpha"]) > TOO_HIGH for each in expected]
    wrong = [] if any(high) and not all(high) else ["the trials do not divide"]
    states = [each["state"] for each in found]
    if states != ["failed" if each else "complete" for each in high]:
        wrong.append(f"states {states}")
    for one, other, failed in zip(expected, found, high, strict=False):
        if one["alpha"] != other["alpha"] or (
            not failed and one["kendall_tau"] != other["kendall_tau"]
        ):
            wrong.append(f"trial {one['trial']} has other numbers")
    return remove(place, wrong)


def _trials(place: Place) -> list[dict[str, Any]]:
    (path,) = place.folder.glob("outputs/**/tuning.csv")
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
