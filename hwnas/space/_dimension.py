"""The dimensions of a space of choices: what each can be, and when it exists."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import eq, ge, gt, le, lt, ne

import numpy as np
from numpy.typing import NDArray

from hwnas.errors import UserError

#: A number or a word that a dimension can have.
Value = int | float | str
_OPERATORS = {"==": eq, "!=": ne, "<=": le, ">=": ge, "<": lt, ">": gt}
_CONDITION = re.compile(r"(?P<dimension>.+?)\s*(?P<operator>==|!=|<=|>=|<|>)\s*(?P<value>[^<>=!]+)")
#: Characters that separate the parts of an architecture string.
_SEPARATORS = "=;\n\r"


@dataclass(frozen=True)
class Condition:
    """``dimension operator value``: one part of the condition under which a dimension exists."""

    dimension: str
    operator: str
    value: Value

    def holds(self, values: NDArray[np.generic]) -> NDArray[np.bool_]:
        """Return where the condition holds, given the values of its dimension, shape (n,)."""
        found: NDArray[np.bool_] = np.asarray(_OPERATORS[self.operator](values, self.value), bool)
        return found


@dataclass(frozen=True)
class Dimension:
    """One dimension of a space: closed choices, or a range of numbers.

    Parameters
    ----------
    name : str
    choices : tuple of int, float or str
        The values, if they are closed. Either all are numbers or all are words.
    low, high : float, optional
        The lowest and the highest number, if the dimension is a range.
    whole : bool
        Whether a range has whole numbers only.
    when : tuple of Condition
        The dimension exists where all of them hold.
    """

    name: str
    choices: tuple[Value, ...] = ()
    low: float = 0.0
    high: float = 0.0
    whole: bool = False
    when: tuple[Condition, ...] = ()

    @property
    def is_range(self) -> bool:
        """Whether the dimension is a range of numbers."""
        return not self.choices

    @cached_property
    def ordered(self) -> bool:
        """Whether the values are numbers."""
        return not any(isinstance(choice, str) for choice in self.choices)

    @property
    def size(self) -> int | None:
        """Number of values, or None for a range of real numbers."""
        if self.is_range:
            return int(self.high - self.low) + 1 if self.whole else None
        return len(self.choices)

    @cached_property
    def _index(self) -> dict[Value, int]:
        return {choice: index for index, choice in enumerate(self.choices)}

    def code(self, value: object) -> float:
        """Return how a row holds a value: a choice's index, or the number of a range.

        Raises
        ------
        ValueError
            If the dimension cannot have the value.
        """
        known = self._typed(value)
        if known is not None and self.is_range:
            return float(known)
        if known is None or known not in self._index:
            raise ValueError(f"{self.name}={value}: {self.name} is {self.described}")
        return self._index[known]

    def value(self, code: float) -> Value:
        """Return the value that a row holds as `code`."""
        if not self.is_range:
            return self.choices[int(code)]
        return int(code) if float(code).is_integer() else float(code)

    def values(self, codes: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return the values of many codes, shape (n,): numbers, or words as objects."""
        if self.is_range:
            return codes
        kind = np.float64 if self.ordered else object
        found: NDArray[np.generic] = np.array(self.choices, dtype=kind)[codes.astype(np.int64)]
        return found

    def outside(self, codes: NDArray[np.generic]) -> NDArray[np.bool_]:
        """Return which codes lie outside the range, shape (n,). Choices have no outside."""
        if not self.is_range:
            return np.zeros(len(codes), dtype=bool)
        numbers = codes.astype(np.float64)
        return (numbers < self.low) | (numbers > self.high)

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest number; 0 and the last index for words."""
        numbers = self.choice_numbers
        return (min(numbers), max(numbers)) if numbers else (self.low, self.high)

    @property
    def choice_numbers(self) -> tuple[float, ...]:
        """The choices as numbers, a word as its index. A range has none."""
        if self.ordered:
            return tuple(float(choice) for choice in self.choices)
        return tuple(float(index) for index in range(len(self.choices)))

    @property
    def described(self) -> str:
        """What the dimension can be, for people."""
        if self.is_range:
            kind = "a whole number" if self.whole else "a number"
            return f"{kind} from {self.low:g} to {self.high:g}"
        return f"one of {', '.join(map(str, self.choices))}"

    def _typed(self, value: object) -> Value | None:
        """Return the value as a number or a word of this dimension, or None if it cannot be."""
        if not self.ordered:
            return word(value)
        if isinstance(value, bool | np.bool_):
            return None
        try:
            number = float(str(value))
        except ValueError:
            return None
        return number if np.isfinite(number) else None


def word(value: object) -> str:
    """Return a value of a table or a YAML as a word. Booleans are ``true`` and ``false``."""
    return str(value).lower() if isinstance(value, bool | np.bool_) else str(value)


def dimension(name: str, content: object, before: Mapping[str, Dimension]) -> Dimension:
    """Read one dimension of a YAML.

    Parameters
    ----------
    name : str
    content : list or mapping
        The choices, ``{choices: [...], when: ...}``, or ``{low: ..., high: ..., whole: ...}``.
    before : mapping of str to Dimension
        The dimensions above it in the YAML. Its condition may name these.

    Raises
    ------
    UserError
        If the content is anything else.
    """
    where = f"dimension {name}"
    if not name.strip() or name != name.strip() or any(each in name for each in _SEPARATORS):
        raise UserError(f"{where!r}: the name must not contain = or ;, or begin with a space")
    if isinstance(content, Sequence) and not isinstance(content, str):
        content = {"choices": content}
    if not isinstance(content, Mapping) or not set(content) <= {
        *("choices", "low", "high", "whole", "when")
    }:
        raise UserError(
            f"{where}: {content!r} is neither a list of choices nor choices, low, high or when",
            remedy=f"{name}: {{choices: [1, 2, 3]}}, or {name}: {{low: 1, high: 3}}",
        )
    when = _conditions(str(content["when"]), name, before) if content.get("when") else ()
    if "choices" in content:
        if "low" in content or "high" in content:
            raise UserError(f"{where}: has both choices and a range", remedy="remove one of them")
        return Dimension(name, _choices(content["choices"], where), when=when)
    return _range(name, content, when)


def _choices(content: object, where: str) -> tuple[Value, ...]:
    if not isinstance(content, Sequence) or isinstance(content, str) or not content:
        raise UserError(f"{where}: choices must be a list of at least one number or word")
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in content)
    choices: tuple[Value, ...] = (
        tuple(content) if numbers else tuple(word(each) for each in content)
    )
    if len(set(choices)) != len(choices):
        raise UserError(f"{where}: a choice occurs twice in {', '.join(map(str, choices))}")
    if any(separator in str(each) for each in choices for separator in _SEPARATORS[1:]):
        raise UserError(f"{where}: a choice must not contain a semicolon or a line break")
    return choices


def _range(name: str, content: Mapping[str, object], when: tuple[Condition, ...]) -> Dimension:
    low, high = content.get("low"), content.get("high")
    for bound in (low, high):
        if isinstance(bound, bool) or not isinstance(bound, int | float):
            raise UserError(
                f"dimension {name}: a range needs two numbers, low and high",
                remedy=f"{name}: {{low: 1, high: 3}}",
            )
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    if not -np.inf < low <= high < np.inf:
        raise UserError(f"dimension {name}: low={low} is not below high={high}")
    return Dimension(name, (), float(low), float(high), bool(content.get("whole")), when)


def _conditions(text: str, name: str, before: Mapping[str, Dimension]) -> tuple[Condition, ...]:
    """Parse ``dimension operator value and …``. Nothing in the text is ever evaluated."""
    found = []
    for part in re.split(r"\s+and\s+", text.strip()):
        match = _CONDITION.fullmatch(part)
        if match is None:
            raise UserError(
                f"dimension {name}: when: {part!r} is not a dimension, an operator and a value",
                remedy="when: stage1.depth >= 3 and stage1.kind == conv",
            )
        other = before.get(match["dimension"])
        if other is None:
            known = ", ".join(before) or "none"
            raise UserError(
                f"dimension {name}: when: {match['dimension']} is not a dimension above it "
                f"(above it: {known})"
            )
        found.append(_condition(name, other, match["operator"], match["value"].strip()))
    return tuple(found)


def _condition(name: str, other: Dimension, operator: str, value: str) -> Condition:
    if not other.ordered:
        if operator not in ("==", "!="):
            raise UserError(
                f"dimension {name}: when: {other.name} has words, which {operator} cannot compare",
                remedy=f"when: {other.name} == {other.choices[0]}",
            )
        other_value: Value = value.strip("'\"")
        if other_value not in other.choices:
            raise UserError(f"dimension {name}: when: {other.name} is {other.described}")
        return Condition(other.name, operator, other_value)
    try:
        return Condition(other.name, operator, float(value))
    except ValueError:
        raise UserError(
            f"dimension {name}: when: {value!r} is not a number, but {other.name} is "
            f"{other.described}"
        ) from None
