"""Hyperparameter search spaces: from a predictor's YAML to values that Optuna suggests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hwnas.errors import UserError, nearest

if TYPE_CHECKING:
    import optuna

#: Keys that each type of entry may have.
KEYS = {
    "float": {"type", "low", "high", "log", "step", "when"},
    "int": {"type", "low", "high", "log", "step", "when"},
    "categorical": {"type", "choices", "when"},
}


@dataclass(frozen=True)
class Parameter:
    """One hyperparameter of a search space.

    Parameters
    ----------
    name : str
        A parameter of the predictor's model, or a dotted path such as ``encoding.depth``.
    distribution : optuna.distributions.BaseDistribution
        Range or choices. A choice that is a list is stored as JSON text.
    when : mapping of str to sequence
        Conditions: names of other parameters, each with the values for which this one is active.
        Empty: always active.
    """

    name: str
    distribution: optuna.distributions.BaseDistribution
    when: Mapping[str, Sequence[Any]]

    def active(self, values: Mapping[str, Any]) -> bool:
        """Return whether the values of the parameters above this one fulfil its conditions."""
        return all(values.get(other) in allowed for other, allowed in self.when.items())

    def stored(self, value: Any) -> Any:
        """Return `value` as Optuna stores it, or None if it lies outside the distribution."""
        value = _to_scalar(value)
        d: Any = self.distribution
        if hasattr(d, "choices"):
            return value if value in d.choices else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        on_grid = d.step is None or (value - d.low) % d.step == 0
        return value if d.low <= value <= d.high and on_grid else None

    def suggest(self, trial: optuna.Trial) -> Any:
        """Let a trial choose a value of this parameter."""
        from optuna.distributions import (
            CategoricalDistribution,
            FloatDistribution,
            IntDistribution,
        )

        d = self.distribution
        if isinstance(d, FloatDistribution):
            return trial.suggest_float(self.name, d.low, d.high, step=d.step, log=d.log)
        if isinstance(d, IntDistribution):
            return trial.suggest_int(self.name, d.low, d.high, step=d.step, log=d.log)
        assert isinstance(d, CategoricalDistribution)
        return _from_scalar(trial.suggest_categorical(self.name, d.choices))


def read(search_space: Mapping[str, Any]) -> tuple[Parameter, ...]:
    """Check a search space, and return its parameters in the same order.

    Parameters
    ----------
    search_space : mapping
        ``{name: {type: float|int|categorical, low, high, log, step, choices, when}}``. Numbers
        have ``low`` and ``high``, categorical entries have ``choices``; the other keys are
        optional.

    Raises
    ------
    UserError
        If an entry lacks a key, has an unknown key, or has a condition on a parameter that is
        not above it.

    Examples
    --------
    >>> [p.name for p in read({"alpha": {"type": "float", "low": 0.25, "high": 2.5}})]
    ['alpha']
    """
    parameters: list[Parameter] = []
    for name, entry in search_space.items():
        where = f"search_space.{name}"
        above = [p.name for p in parameters]
        if not isinstance(entry, Mapping):
            raise UserError(
                f"{where}={'null' if entry is None else entry}: a parameter has a type and bounds",
                remedy=f"'predictor.{where}={{type: float, low: 0.1, high: 1.0}}', or "
                "predictor.search_space={} for no search",
            )
        kind = entry.get("type")
        if kind not in KEYS:
            raise UserError(
                f"{where}.type: unknown type {kind!r}; {nearest(str(kind), list(KEYS))}"
            )
        for key in entry:
            if key not in KEYS[kind]:
                raise UserError(f"{where}: unknown key {key!r}; {nearest(key, list(KEYS[kind]))}")
        when = entry.get("when") or {}
        for other in when:
            if other not in above:
                raise UserError(
                    f"{where}.when: no parameter {other!r} above {name!r}; {nearest(other, above)}"
                )
        parameters.append(Parameter(name, _distribution(where, entry), when))
    return tuple(parameters)


def _distribution(where: str, entry: Mapping[str, Any]) -> optuna.distributions.BaseDistribution:
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    kind = {"float": FloatDistribution, "int": IntDistribution}.get(entry["type"])
    try:
        if kind is None:
            return CategoricalDistribution([_to_scalar(choice) for choice in entry["choices"]])
        options = {key: entry[key] for key in ("log", "step") if entry.get(key) is not None}
        return kind(entry["low"], entry["high"], **options)
    except KeyError as missing:
        raise UserError(
            f"{where}: the key {missing} is missing", remedy=f"add {missing} to {where}"
        ) from missing
    except ValueError as wrong:
        raise UserError(f"{where}: {wrong}") from wrong


def suggest(trial: optuna.Trial, parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Let a trial choose the values of all parameters that are active."""
    values: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.active(values):
            values[parameter.name] = parameter.suggest(trial)
    return values


def _to_scalar(value: Any) -> Any:
    """Return a list as JSON text, because Optuna stores scalars only."""
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    return json.dumps(list(value)) if is_list else value


def _from_scalar(choice: Any) -> Any:
    """Undo `_to_scalar`: return the JSON text of a list as a tuple, any other choice unchanged."""
    return tuple(json.loads(choice)) if str(choice).startswith("[") else choice
