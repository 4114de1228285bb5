"""Search spaces: read from a predictor's YAML, asked of an Optuna trial."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hwnas.errors import UserError, nearest

if TYPE_CHECKING:
    import optuna

KEYS = {
    "float": {"type", "low", "high", "log", "step", "when"},
    "int": {"type", "low", "high", "log", "step", "when"},
    "categorical": {"type", "choices", "when"},
}


@dataclass(frozen=True)
class Parameter:
    """One entry of a search space.

    Parameters
    ----------
    name : str
        The parameter of the predictor's model, or a dotted path (``encoding.depth``).
    distribution : optuna.distributions.BaseDistribution
        Its range or choices; a choice that is a list is kept as JSON text.
    when : mapping of str to sequence
        Other parameters of the search space, each with the values for which this one counts.
    """

    name: str
    distribution: optuna.distributions.BaseDistribution
    when: Mapping[str, Sequence[Any]]

    def active(self, values: Mapping[str, Any]) -> bool:
        """Tell whether this parameter counts, given those before it."""
        return all(values.get(other) in allowed for other, allowed in self.when.items())

    def stored(self, value: Any) -> Any:
        """Return `value` as Optuna stores it, or None if no trial could draw it."""
        value = _encode(value)
        d: Any = self.distribution
        if hasattr(d, "choices"):
            return value if value in d.choices else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        on_grid = d.step is None or (value - d.low) % d.step == 0
        return value if d.low <= value <= d.high and on_grid else None

    def suggest(self, trial: optuna.Trial) -> Any:
        """Ask `trial` for a value."""
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
        return _decode(trial.suggest_categorical(self.name, d.choices))


def read(search_space: Mapping[str, Any]) -> tuple[Parameter, ...]:
    """Read and check a search space.

    Parameters
    ----------
    search_space : mapping
        ``{name: {type: float|int|categorical, low, high, log, step, choices, when}}``.

    Raises
    ------
    UserError
        If an entry lacks a key, has one too many, or depends on a parameter that is not
        above it.

    Examples
    --------
    >>> [p.name for p in read({"alpha": {"type": "float", "low": 0.25, "high": 2.5}})]
    ['alpha']
    """
    parameters: list[Parameter] = []
    for name, entry in search_space.items():
        where = f"search_space.{name}"
        above = [p.name for p in parameters]
        kind = entry.get("type")
        if kind not in KEYS:
            raise UserError(f"{where}.type: no type {kind!r}; {nearest(str(kind), list(KEYS))}")
        for key in entry:
            if key not in KEYS[kind]:
                raise UserError(f"{where}: no key {key!r}; {nearest(key, list(KEYS[kind]))}")
        when = entry.get("when") or {}
        for other in when:
            if other not in above:
                raise UserError(f"{where}.when: {other!r} is not above it; {nearest(other, above)}")
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
            return CategoricalDistribution([_encode(choice) for choice in entry["choices"]])
        options = {key: entry[key] for key in ("log", "step") if entry.get(key) is not None}
        return kind(entry["low"], entry["high"], **options)
    except KeyError as missing:
        raise UserError(f"{where}: it lacks {missing}") from missing
    except ValueError as wrong:
        raise UserError(f"{where}: {wrong}") from wrong


def suggest(trial: optuna.Trial, parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Draw the values of one trial; a parameter whose condition does not hold is left out."""
    values: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.active(values):
            values[parameter.name] = parameter.suggest(trial)
    return values


def _encode(value: Any) -> Any:
    """Keep a list as text: Optuna stores scalars only."""
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    return json.dumps(list(value)) if is_list else value


def _decode(choice: Any) -> Any:
    """Turn the text of a list back into a tuple."""
    return tuple(json.loads(choice)) if str(choice).startswith("[") else choice
