"""What ``python -m hwnas.advise`` does."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence

# Before any library with threads of its own is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from hydra import compose
from hydra.utils import instantiate
from omegaconf import DictConfig

from hwnas._cli import CONF
from hwnas.advise._advisor import Advisor, check_budget
from hwnas.advise._report import report
from hwnas.advise._seconds import seconds
from hwnas.advise._situation import Situation
from hwnas.dataset import EstimatedWarning, Table
from hwnas.errors import check_choice
from hwnas.predictor import Predictor, build
from hwnas.space import SearchSpace


def advise(cfg: DictConfig) -> None:
    """Print the plan to follow with a budget, the next best, and whether more would pay."""
    budget, measurement = seconds("budget", cfg.budget), seconds("measurement", cfg.measurement)
    check_budget(budget, measurement)
    table = _load(cfg)
    situation = Situation.of(table, cfg.measured, cfg.seed)
    advisor = Advisor(
        situation,
        predictors(list(cfg.predictors), table.space, cfg.seed),
        measurement,
        objective=cfg.objective,
        seed=cfg.seed,
        worlds=cfg.worlds,
        repeats=cfg.repeats,
    )
    # Budgets too small for a single measurement are left out of the comparison.
    steps = [factor * budget for factor in (0.25, 0.5, 1, 2, 4) if factor * budget >= measurement]
    advice = [advisor.advise(step) for step in steps]
    print(report(table, advisor, advice, budget, cfg.worth))  # noqa: T201 - the command's output


def predictors(names: Sequence[str], space: SearchSpace, seed: int) -> dict[str, Predictor]:
    """Build predictors by the names of their YAMLs.

    Raises
    ------
    UserError
        If there is none of that name.
    """
    known = sorted(file.stem for file in (CONF / "predictor").glob("*.yaml"))
    for name in names:
        check_choice("predictors", name, known)
    return {name: build(compose(f"predictor/{name}").predictor, space, seed) for name in names}


def _load(cfg: DictConfig) -> Table:
    """Load the table; estimated values are announced in a line."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        table: Table = instantiate(cfg.dataset).load()
    for warning in caught:
        name = "ESTIMATED VALUES" if warning.category is EstimatedWarning else "warning"
        print(f"{name}: {warning.message}", file=sys.stderr)  # noqa: T201 - must be seen
    return table
