"""The commands of ``hwnas``: what each is called, and which function runs it.

The functions import what they need: ``--version`` answers without loading Hydra, ``--help`` and a
mistake in the command line without loading numerical libraries.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hwnas.cli._exit import exit_codes
from hwnas.console import printable, shown
from hwnas.errors import UserError, nearest

if TYPE_CHECKING:
    from omegaconf import DictConfig


@dataclass(frozen=True)
class Command:
    """One command.

    Parameters
    ----------
    summary : str
        A line of ``hwnas --help``.
    run : callable
        Takes the arguments behind the command's name.
    one_thread : bool
        Whether numerical libraries use one thread. Measuring sets their threads itself.
    """

    summary: str
    run: Callable[[Sequence[str]], None]
    one_thread: bool = True


#: Environment variables that numerical libraries read when they are loaded.
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def _pin_threads() -> None:
    """Let numerical libraries use one thread, in this process and in those that it starts.

    With another number of threads, sums have another order and results other digits. So what the
    user's environment says does not count. A process that has loaded the libraries keeps its number
    of threads.
    """
    for variable in _THREADS:
        os.environ[variable] = "1"


def _hydra(task: Callable[[DictConfig], object], config_name: str) -> Callable[..., None]:
    def run(arguments: Sequence[str]) -> None:
        from hwnas.cli._hydra import run_hydra

        run_hydra(task, config_name, arguments)

    return run


def _run(cfg: DictConfig) -> float:
    """Run one experiment and return its objective, Kendall's tau on the test set."""
    from hwnas.cli.several import one_of_several, running_jobs
    from hwnas.composition import check, reference_config
    from hwnas.errors import command

    if cfg.experiment is not None:
        name = cfg.experiment.name
        raise UserError(f"experiment={name}: it is a study", command(f"sweep experiment={name}"))
    reference = reference_config(cfg)
    check(cfg, reference)
    from hwnas.experiment import run

    jobs = running_jobs()
    return run(cfg, reference) if jobs is None else run(cfg, reference, one_of_several(jobs))


def _sweep(cfg: DictConfig) -> int:
    """Run, count or report on a study; return how many grid points failed."""
    from hwnas.study import act

    failed = act(cfg)
    if failed:
        sys.exit(1)
    return failed


def _start_sweep(arguments: Sequence[str]) -> None:
    if arguments and arguments[0] in ("status", "report"):
        arguments = [f"action={arguments[0]}", *arguments[1:]]
    from hwnas.cli._short_forms import expanded, with_digest

    _hydra(_sweep, "sweep")(with_digest(expanded(arguments)))


def _measure(cfg: DictConfig) -> None:
    from hwnas.measure import latency

    latency(cfg)


def _accuracy(cfg: DictConfig) -> None:
    from hwnas.measure import accuracy

    accuracy(cfg)


def _advise(cfg: DictConfig) -> None:
    from hwnas.advise import advise

    advise(cfg)


def _fit(cfg: DictConfig) -> None:
    from hwnas.composition import check, reference_config

    check(cfg, reference_config(cfg))
    from hwnas.fitted import fit

    fit(cfg)


def _next(cfg: DictConfig) -> None:
    from hwnas.next import propose

    propose(cfg)


def _search(cfg: DictConfig) -> None:
    from hwnas.search import run

    run(cfg)


def _start_search(arguments: Sequence[str]) -> None:
    from hwnas.cli._short_forms import searched

    _hydra(_search, "search")(searched(arguments))


def _predict(arguments: Sequence[str]) -> None:
    from hwnas.cli._fitted import predict

    predict(arguments)


def _show(arguments: Sequence[str]) -> None:
    from hwnas.cli._fitted import show

    show(arguments)


def _completion(arguments: Sequence[str]) -> None:
    from hwnas.cli._completion import install

    install(arguments)


def _track(arguments: Sequence[str]) -> None:
    from hwnas.cli._tracking import track

    track(arguments)


def _dashboard(arguments: Sequence[str]) -> None:
    from hwnas.cli._tracking import dashboard

    dashboard(arguments)


def _report(arguments: Sequence[str]) -> None:
    from hwnas.cli._report import report

    report(arguments)


def _fetch(arguments: Sequence[str]) -> None:
    from hwnas.cli._tables import fetch

    fetch(arguments)


def _results(arguments: Sequence[str]) -> None:
    from hwnas.cli._results import results

    results(arguments)


def _doctor(arguments: Sequence[str]) -> None:
    from hwnas.cli._tables import doctor

    doctor(arguments)


COMMANDS: Mapping[str, Command] = {
    "run": Command("one experiment, or several with -m", _hydra(_run, "run")),
    "fit": Command("fit a predictor to a whole table and keep it", _hydra(_fit, "fit")),
    "predict": Command("predict architectures with a saved predictor", _predict),
    "show": Command("describe a saved predictor", _show),
    "next": Command("propose what to measure next on your board", _hydra(_next, "next")),
    "search": Command("the front of accuracy and hardware metrics of a whole space", _start_search),
    "sweep": Command("a study: a grid of experiments, resumed where it stopped", _start_sweep),
    "track": Command("record finished results with Weights & Biases", _track),
    "dashboard": Command("a dashboard of what is tracked with Weights & Biases", _dashboard),
    "report": Command("one HTML page about studies or results, to open in a browser", _report),
    "measure": Command("measure latency on this machine", _hydra(_measure, "measure"), False),
    "accuracy": Command("train architectures on digits", _hydra(_accuracy, "accuracy"), False),
    "results": Command("compare what is finished", _results),
    "advise": Command("plan a budget of time for measurements", _hydra(_advise, "advise")),
    "fetch": Command("download published tables", _fetch),
    "doctor": Command("describe the tables that are here", _doctor),
    "completion": Command("completion for bash, zsh or fish", _completion),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave with its exit code.

    The exit code is 0, 2 after a user's mistake, 1 after a fault of the program or where grid
    points of a study failed, 130 after Ctrl-C.

    Parameters
    ----------
    arguments : sequence of str, optional
        A command's name and its arguments; default those of the process.
    """
    name, *rest = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    printable()
    with exit_codes(), shown():
        # Behind a command too, where Hydra would tell its own version.
        if "--version" in (name, *rest):
            from hwnas import __version__

            print(f"hwnas {__version__}")  # noqa: T201 - the command's output
        elif name in ("--help", "-h"):
            print(_help())  # noqa: T201 - the command's output
        elif name == "-sc" and "COMP_LINE" in os.environ:
            # The scripts of ``hwnas completion`` ask for candidates.
            from hwnas.cli._completion import answer

            answer(COMMANDS, rest)
        elif name not in COMMANDS:
            raise UserError(f"{name}: no such command; {nearest(name, list(COMMANDS))}")
        else:
            if COMMANDS[name].one_thread:
                _pin_threads()
            COMMANDS[name].run(rest)


def _help() -> str:
    lines = [f"  {name:<11}{command.summary}" for name, command in COMMANDS.items()]
    return "\n".join(
        [
            "Predictors of hardware metrics in neural architecture search.",
            "",
            "usage: hwnas COMMAND [key=value ...]",
            "       hwnas COMMAND --help",
            "",
            *lines,
        ]
    )
