"""Checks of the sampler and the pruner, which may be any class that a configuration names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hwnas.errors import UserError
from hwnas.tuning._storage import quiet_optuna

_SAMPLER = "tuning.sampler._target_=optuna.samplers.TPESampler"


def check_sampler(sampler: Callable[..., Any]) -> None:
    """Raise `UserError` if a sampler of Optuna cannot be made from a seed.

    Raises
    ------
    UserError
        If the sampler needs other arguments, as the grid sampler does, if it needs a library that
        is not installed, or if it is not a sampler.
    """
    from optuna.samplers import BaseSampler

    made: object = None
    try:
        with quiet_optuna():
            made = sampler(seed=0)
            if isinstance(made, BaseSampler):
                _try_out(made)
    except ImportError as error:
        name = error.name or str(error)
        raise UserError(
            f"tuning.sampler: {_name(sampler)} needs {name}, which is not installed",
            remedy=f"pip install {name}, or {_SAMPLER}",
        ) from error
    except (TypeError, ValueError) as error:
        raise UserError(
            f"tuning.sampler: {_name(sampler)} cannot be made from a seed alone ({error})",
            remedy=_SAMPLER,
        ) from error
    if not isinstance(made, BaseSampler):
        raise UserError(f"tuning.sampler: {_name(sampler)} is not a sampler of Optuna", _SAMPLER)


def check_pruner(pruner: object) -> None:
    """Raise `UserError` if a pruner is none of Optuna's."""
    from optuna.pruners import BasePruner

    if pruner is not None and not isinstance(pruner, BasePruner):
        raise UserError(
            f"tuning.pruner: {_name(type(pruner))} is not a pruner of Optuna",
            remedy="tuning.pruner=null",
        )


def _try_out(sampler: Any) -> None:
    """Draw a few trials: some samplers import their library with the second one."""
    import optuna

    study = optuna.create_study(storage=optuna.storages.InMemoryStorage(), sampler=sampler)
    for _ in range(3):
        trial = study.ask()
        trial.suggest_float("x", 0.0, 1.0)
        trial.suggest_float("y", 0.0, 1.0)
        study.tell(trial, 0.0)


def _name(sampler: Callable[..., Any]) -> str:
    target = getattr(sampler, "func", sampler)
    if not hasattr(target, "__qualname__"):
        return repr(target)
    return f"{target.__module__}.{target.__qualname__}"
