"""What ``hwnas advise`` does."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence

from hydra.utils import instantiate
from omegaconf import DictConfig

from hwnas.advise._advisor import Advisor, check_budget
from hwnas.advise._duration import seconds
from hwnas.advise._problem import Situation
from hwnas.advise._report import report
from hwnas.composition import composed, options
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
    built = {}
    for name in names:
        check_choice("predictors", name, options("predictor"))
        # The whole configuration: a predictor's YAML also chooses its encoding.
        chosen = composed("run", [f"predictor={name}"])
        built[name] = build(chosen.encoding, chosen.predictor.model, space, seed)
    return built


def _load(cfg: DictConfig) -> Table:
    """Load the table; estimated values are announced in a line."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        table: Table = instantiate(cfg.dataset).load()
    for warning in caught:
        name = "ESTIMATED VALUES" if warning.category is EstimatedWarning else "warning"
        print(f"{name}: {warning.message}", file=sys.stderr)  # noqa: T201 - must be seen
    return table
