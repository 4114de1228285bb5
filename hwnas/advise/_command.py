"""What ``hwnas advise`` does."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig

from hwnas.advise._advisor import Advisor, check_budget
from hwnas.advise._duration import seconds
from hwnas.advise._problem import Problem
from hwnas.advise._report import report
from hwnas.composition import composed, options
from hwnas.dataset import EstimatedWarning, Table
from hwnas.errors import check_choice
from hwnas.extras import missing_library, not_installed
from hwnas.predictor import Predictor, build
from hwnas.space import SearchSpace


def advise(cfg: DictConfig) -> None:
    """Print the plan to follow with a budget, the next best, and whether more would pay."""
    budget, measurement = seconds("budget", cfg.budget), seconds("measurement", cfg.measurement)
    check_budget(budget, measurement)
    table = _load(cfg)
    problem = Problem.of(table, cfg.measured, cfg.seed)
    advisor = Advisor(
        problem,
        predictors(list(cfg.predictors), table.space, cfg.seed),
        measurement,
        objective=cfg.objective,
        seed=cfg.seed,
        scenarios=cfg.scenarios,
        repeats=cfg.repeats,
    )
    # Budgets too small for a single measurement are left out of the comparison.
    steps = [factor * budget for factor in (0.25, 0.5, 1, 2, 4) if factor * budget >= measurement]
    advice = [advisor.advise(step) for step in steps]
    print(report(table, advisor, advice, budget, cfg.worth))  # noqa: T201 - the command's output


def predictors(names: Sequence[str], space: SearchSpace, seed: int) -> dict[str, Predictor]:
    """Build predictors by the names of their YAMLs.

    A predictor whose library is not installed is left out, which a line on standard error says.

    Raises
    ------
    UserError
        If there is no predictor of a name, or the libraries of all are not installed.
    """
    built: dict[str, Predictor] = {}
    absent: dict[str, str] = {}
    for name in names:
        check_choice("predictors", name, options("predictor"))
        # The whole configuration: a predictor's YAML also chooses its encoding.
        chosen = composed("run", [f"predictor={name}"])
        try:
            built[name] = build(chosen.encoding, chosen.predictor.model, space, seed)
        except InstantiationException as error:
            library = missing_library(error)
            if library is None:
                raise
            absent[name] = library
    if absent and not built:
        raise not_installed(next(iter(absent.values())), f"predictors=[{','.join(absent)}]")
    for name, library in absent.items():
        line = not_installed(library, f"predictors: {name} is left out")
        print(line, file=sys.stderr)  # noqa: T201 - must be seen
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
