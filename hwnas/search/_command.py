"""The command ``hwnas search``: from its configuration to the front in a file."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from hwnas.errors import UserError
from hwnas.search._limits import Limits
from hwnas.search._methods import resolved, search
from hwnas.search._output import Found
from hwnas.search._sources import problem_of


def run(cfg: DictConfig) -> None:
    """Search the front, write it to a CSV file and a picture, and print a report.

    Parameters
    ----------
    cfg : DictConfig
        Composed from ``conf/search.yaml``.

    Raises
    ------
    UserError
        If a file or a value of the configuration cannot be used.
    """
    out = Path(cfg.out).expanduser()
    if out.suffix != ".csv" or out.is_dir():
        raise UserError(f"out={cfg.out}: not the name of a CSV file", remedy="out=front.csv")
    problem = problem_of(cfg)
    given = OmegaConf.to_container(cfg.limit) if OmegaConf.is_list(cfg.limit) else cfg.limit
    names = [each.metric.name for each in problem.hardware]
    limits = Limits.of(given, names, cfg.confidence)
    archive = search(problem, cfg.method, cfg.evaluations, cfg.seed)
    method = resolved(cfg.method, problem.space.size)
    beside = search(problem, "random", cfg.evaluations, cfg.seed) if method == "nsga2" else None
    chosen = limits.choose(archive) if limits.given else None
    found = Found(archive, method, limits, chosen, beside)
    found.write(out)
    print("\n".join(found.report(out)))  # noqa: T201 - the command's output
