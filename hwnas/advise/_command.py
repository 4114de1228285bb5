"""The command ``hwnas advise``: from its configuration to the printed report."""

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
from hwnas.dataset import EstimatedWarning, Table, candidates_of
from hwnas.errors import check_choice
from hwnas.experiment import build_for
from hwnas.extras import missing_library, not_installed
from hwnas.paths import Paths
from hwnas.predictor import Predictor


def advise(cfg: DictConfig) -> None:
    """Print the best plan for a time budget, the next best plan, and plans for other budgets.

    Parameters
    ----------
    cfg : omegaconf.DictConfig
        The composed configuration ``advise``.

    Raises
    ------
    UserError
        If a setting is invalid, or the table has too few measurements.
    """
    budget, measurement = seconds("budget", cfg.budget), seconds("measurement", cfg.measurement)
    check_budget(budget, measurement)
    table = _load(cfg)
    problem = Problem.of(table, cfg.measured, cfg.seed)
    advisor = Advisor(
        problem,
        predictors(list(cfg.predictors), table.measured_rows(), cfg),
        measurement,
        objective=cfg.objective,
        seed=cfg.seed,
        scenarios=cfg.scenarios,
        repeats=cfg.repeats,
    )
    # `Advisor.advise` refuses a budget that is too small for one measurement.
    budgets = [factor * budget for factor in (0.25, 0.5, 1, 2, 4) if factor * budget >= measurement]
    advice = [advisor.advise(other) for other in budgets]
    print(report(table, advisor, advice, budget, cfg.worth))  # noqa: T201 - the command's output


def predictors(names: Sequence[str], table: Table, cfg: DictConfig) -> dict[str, Predictor]:
    """Build an unfitted predictor of a table for each name of a YAML in ``conf/predictor/``.

    The function leaves out a predictor whose library is not installed, and prints a line about it.

    Raises
    ------
    UserError
        If no YAML has that name, or none of the predictors' libraries is installed.
    """
    built: dict[str, Predictor] = {}
    absent: dict[str, str] = {}
    for name in names:
        check_choice("predictors", name, options("predictor"))
        # Compose the whole run configuration, because a predictor's YAML also chooses its encoding.
        chosen = composed("run", [f"predictor={name}"])
        try:
            built[name] = build_for(table, cfg, cfg.seed, chosen)
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
    """Load the table of the configured dataset, and print its warnings as single lines.

    Python's own format of a warning would add a file name and a line of code.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        dataset = instantiate(cfg.dataset)
        table: Table = dataset.load()
    for warning in caught:
        kind = "ESTIMATED VALUES" if warning.category is EstimatedWarning else "warning"
        # To standard error: standard output holds the report only.
        print(f"{kind}: {warning.message}", file=sys.stderr)  # noqa: T201
    measured, paths = table.measured_rows(), Paths(**cfg.paths)
    _, candidates = candidates_of(cfg.candidates, dataset, measured, paths, "candidates")
    return table if candidates is None else candidates
