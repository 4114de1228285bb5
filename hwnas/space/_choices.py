"""Search spaces of named dimensions, which a YAML describes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.errors import UserError
from hwnas.space._base import LISTABLE, Architectures, Identities, SearchSpace
from hwnas.space._dimension import Dimension, Value, dimension

#: Largest number of choices of a dimension, so that its indices fit into 8 bits.
_MOST = 127


class Choices(SearchSpace):
    """A space of named dimensions, each with its choices or a range of numbers.

    A row holds, for each dimension, the index of a choice, or the number itself if the dimension is
    a range. The rows of a space with a range are float64, all others int8.

    A dimension with a condition, such as the kernel of a block that may be missing, exists only
    where the condition holds. Elsewhere its value means nothing: rows hold the first choice there,
    strings leave the dimension out, and values that are given anyway are ignored.

    Parameters
    ----------
    name : str
        Name in paths, configs and tables.
    dimensions : mapping of str to list or mapping
        For each dimension a list of choices, ``{choices: [...], when: ...}``, or
        ``{low: ..., high: ..., whole: ..., when: ...}`` for a range. A condition is
        ``dimension operator value``, or several of these joined by ``and``. It may name the
        dimensions above it. Choices are all numbers or all words, and numbers are ordered.
    network : str, optional
        Public name of a function from an architecture, a mapping of str to value, to its
        `hwnas.network.Network`. Or of a `hwnas.network.Skeleton`, which takes the space's rows.
        Then layers, multiply-accumulates and bytes are known.
    image_set : str
        The default image set of a skeleton.

    Raises
    ------
    UserError
        If a dimension or a condition is not as described.

    Examples
    --------
    >>> space = Choices("mobile", {
    ...     "resolution": [160, 192, 224],
    ...     "depth": [2, 3],
    ...     "block3.kernel": {"choices": [3, 5, 7], "when": "depth >= 3"},
    ... })
    >>> space.size  # 3 * (1 + 3)
    12
    >>> row = space.from_strings(["resolution=192;depth=2"])
    >>> row, space.to_strings(row)
    (array([[1, 0, 0]], dtype=int8), ['resolution=192;depth=2'])
    """

    def __init__(
        self,
        name: str,
        dimensions: Mapping[str, Any],
        network: str | None = None,
        image_set: str = "ImageNet",
    ) -> None:
        self.name = name
        self.operations = ()
        self.skeleton = network
        self.image_set = image_set
        self._given = {str(each): _plain(content) for each, content in dimensions.items()}
        known: dict[str, Dimension] = {}
        for each, content in self._given.items():
            known[each] = dimension(each, content, known)
        self.dimensions = tuple(known.values())
        self.n_positions = len(known)
        #: The type of the rows: int8, or float64 if a dimension is a range.
        self.dtype = np.dtype(np.float64 if any(d.is_range for d in self.dimensions) else np.int8)
        self._hash = hash((type(self), name, self.dimensions, network, image_set))
        self._column = {each.name: index for index, each in enumerate(self.dimensions)}
        too_many = [each.name for each in self.dimensions if len(each.choices) > _MOST]
        if too_many:
            raise UserError(
                f"dimension {too_many[0]}: at most {_MOST} choices are possible",
                remedy=f"{too_many[0]}: {{low: ..., high: ...}}",
            )

    @property
    def parameters(self) -> dict[str, Any]:
        """The arguments of the constructor, as plain values."""
        return {
            "name": self.name,
            "dimensions": self._given,
            "network": self.skeleton,
            "image_set": self.image_set,
        }

    def __eq__(self, other: object) -> bool:
        return (
            type(self) is type(other)
            and isinstance(other, Choices)
            and self.dimensions == other.dimensions
            and (self.name, self.skeleton, self.image_set)
            == (other.name, other.skeleton, other.image_set)
        )

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {self.n_positions} dimensions)"

    @property
    def size(self) -> int:
        """Number of architectures.

        It is `sys.maxsize` if a dimension is a range of real numbers. If more than a million
        combinations of dimensions decide which others exist, it is an upper bound.
        """
        sizes = [each.size for each in self.dimensions]
        known = [size for size in sizes if size is not None]
        if len(known) < len(sizes):
            return sys.maxsize
        deciding = self._deciding()
        if prod(known[column] for column in deciding) > LISTABLE:
            return prod(known)
        rows = self._listed(deciding)
        exists = self.exists(rows)
        others = [column for column in range(self.n_positions) if column not in deciding]
        factors = np.where(exists[:, others], np.array(known, dtype=object)[others], 1)
        return int(sum(prod(row) for row in factors.tolist()))

    def _deciding(self) -> list[int]:
        """Return the columns of the dimensions that conditions name."""
        named = {each.dimension for found in self.dimensions for each in found.when}
        return [column for name, column in self._column.items() if name in named]

    def _listed(self, columns: Sequence[int]) -> Architectures:
        """Return all canonical combinations of some dimensions; the others have their first value.

        The columns must contain every dimension that decides whether another one of them exists.
        """
        rows = self._first()
        for column in columns:
            each = self.dimensions[column]
            codes = np.arange(each.size or 0) + (each.low if each.is_range else 0)
            exists = self._exists(rows, column)
            repeats = np.where(exists, len(codes), 1)
            start = np.repeat(np.cumsum(repeats) - repeats, repeats)
            rows = np.repeat(rows, repeats, axis=0)
            place = np.arange(len(rows)) - start
            rows[:, column] = codes[place]
        return rows

    def _first(self) -> Architectures:
        """Return the row of the first value of every dimension, shape (1, n_positions)."""
        codes = [each.low if each.is_range else 0 for each in self.dimensions]
        return np.array([codes], dtype=self.dtype)

    def enumerate(self) -> Architectures:
        """Return every architecture, shape (size, n_positions).

        Raises
        ------
        ValueError
            If the space has more than `LISTABLE` architectures.
        """
        if self.size > LISTABLE:
            raise ValueError(f"{self.name} has too many architectures: they cannot be enumerated")
        return self._listed(range(self.n_positions))

    def sample(self, n: int, rng: np.random.Generator) -> Architectures:
        """Return random architectures, shape (n, n_positions).

        Every dimension that exists has each of its values with equal probability.
        """
        columns: list[NDArray[Any]] = []
        for each in self.dimensions:
            if each.size is None:
                columns.append(rng.uniform(each.low, each.high, n))
            else:
                columns.append(rng.integers(each.size, size=n) + (each.low if each.is_range else 0))
        return self.live(np.stack(columns, axis=1).astype(self.dtype))

    def _exists(self, rows: Architectures, column: int) -> NDArray[np.bool_]:
        """Return whether a dimension exists in each row, given that of the ones before it."""
        exists = np.ones(len(rows), dtype=bool)
        for condition in self.dimensions[column].when:
            other = self._column[condition.dimension]
            values = self.dimensions[other].values(rows[:, other])
            exists &= self._exists(rows, other) & condition.holds(values)
        return exists

    def exists(self, architectures: Architectures) -> NDArray[np.bool_]:
        """Return whether each dimension exists in each architecture, shape (n, n_positions)."""
        exists = np.ones((len(architectures), self.n_positions), dtype=bool)
        for column, each in enumerate(self.dimensions):
            if each.when:
                exists[:, column] = self._exists(architectures, column)
        return exists

    def live(self, architectures: Architectures) -> Architectures:
        """Return the architectures with the first value wherever a dimension does not exist."""
        live: Architectures = np.where(
            self.exists(architectures), architectures, self._first()
        ).astype(self.dtype)
        return live

    def numbers(self, architectures: Architectures) -> NDArray[np.float64]:
        """Return the value of each dimension, shape (n, n_positions).

        A word is the index of its choice. NaN stands where a dimension does not exist.
        """
        columns = [
            each.values(codes).astype(np.float64) if each.ordered else codes.astype(np.float64)
            for each, codes in zip(self.dimensions, architectures.T, strict=True)
        ]
        return np.where(self.exists(architectures), np.stack(columns, axis=1), np.nan)

    def extrapolated(self, architectures: Architectures) -> NDArray[np.bool_]:
        """Return which architectures have a number outside its range, shape (n,)."""
        pairs = zip(self.dimensions, architectures.T, strict=True)
        outside = np.stack([each.outside(codes) for each, codes in pairs], axis=1)
        found: NDArray[np.bool_] = np.any(outside & self.exists(architectures), axis=1)
        return found

    def alike(self) -> list[list[int]]:
        """Return the columns of dimensions with the same choices, where there are several.

        They are one decision at several positions, such as the kernel of every block.
        """
        groups: dict[tuple[object, ...], list[int]] = {}
        for column, each in enumerate(self.dimensions):
            groups.setdefault((each.choices, each.low, each.high), []).append(column)
        return [columns for columns in groups.values() if len(columns) > 1]

    def validate(self, architectures: NDArray[np.generic]) -> Architectures:
        """Return the rows in the type of the space, with the first value where none exists.

        Raises
        ------
        ValueError
            If the shape is not (n, n_positions), or a number is not the index of a choice.
        """
        array = np.asarray(architectures)
        if array.ndim != 2 or array.shape[1] != self.n_positions:
            raise ValueError(
                f"{self.name}: expected shape (n, {self.n_positions}), got {array.shape}"
            )
        if array.dtype.kind not in "iuf" or not np.isfinite(array).all():
            raise ValueError(f"{self.name}: every dimension needs a number, no NaN")
        for each, codes in zip(self.dimensions, array.T, strict=True):
            if each.is_range:
                continue
            if (
                (codes != np.rint(codes)).any()
                or (codes < 0).any()
                or (codes >= len(each.choices)).any()
            ):
                raise ValueError(
                    f"{self.name}: {each.name} is an index in 0..{len(each.choices) - 1}"
                )
        return self.live(array.astype(self.dtype))

    def from_columns(self, columns: Mapping[str, Sequence[object] | NDArray[Any]]) -> Architectures:
        """Return the architectures whose values stand in one column for each dimension.

        Parameters
        ----------
        columns : mapping of str to sequence, each of length n
            The values of every dimension. Where a dimension does not exist, its value is ignored.
            Columns that are no dimension are ignored too.

        Raises
        ------
        ValueError
            If a dimension has no column, or a value is none of its choices. The message names the
            row, counted from 1.
        """
        lacking = [each.name for each in self.dimensions if each.name not in columns]
        if lacking:
            raise ValueError(f"{self.name}: there is no column {', '.join(lacking)}")
        n = len(columns[self.dimensions[0].name])
        rows = np.repeat(self._first(), n, axis=0)
        for column, each in enumerate(self.dimensions):
            given = columns[each.name]
            for row in np.flatnonzero(self._exists(rows, column)).tolist():
                try:
                    rows[row, column] = each.code(given[row])
                except ValueError as error:
                    raise ValueError(f"{self.name}: row {row + 1}: {error}") from None
        return rows

    def parse(self, string: str) -> tuple[Any, ...]:
        """Read ``resolution=192;depth=2``. The order of the dimensions does not matter."""
        given = dict(part.split("=", 1) for part in string.split(";") if "=" in part)
        unknown = [name for name in given if name not in self._column]
        if unknown or len(given) != string.count(";") + 1:
            problem = f"there is no dimension {unknown[0]}" if unknown else "name=value;name=value"
            raise ValueError(f"not an architecture string of {self.name} ({problem}): {string!r}")
        row = self._first()
        for column, each in enumerate(self.dimensions):
            if not self._exists(row, column)[0]:
                continue
            if each.name not in given:
                raise ValueError(
                    f"not an architecture string of {self.name} (it lacks {each.name}): {string!r}"
                )
            try:
                row[0, column] = each.code(given[each.name])
            except ValueError as error:
                raise ValueError(
                    f"not an architecture string of {self.name} ({error}): {string!r}"
                ) from None
        return tuple(row[0].tolist())

    def format(self, architecture: Sequence[float]) -> str:
        """Write ``name=value`` of every dimension that exists, joined by ``;``."""
        return ";".join(f"{name}={value}" for name, value in self.named(architecture).items())

    def named(self, architecture: Sequence[float]) -> dict[str, Value]:
        """Return the value of every dimension that exists, by its name."""
        row = np.array([architecture], dtype=self.dtype)
        exists = self.exists(row)[0]
        return {
            each.name: each.value(code)
            for each, code, there in zip(self.dimensions, architecture, exists, strict=True)
            if there
        }

    def from_strings(self, strings: Iterable[str]) -> Architectures:
        """Return the architectures with these strings, shape (n, n_positions)."""
        rows = [self.parse(string) for string in strings]
        return np.array(rows, dtype=self.dtype).reshape(len(rows), self.n_positions)

    def identity(self, architectures: Architectures) -> Identities:
        """Return the bytes of every row, shape (n,), in which nothing stands for missing values."""
        rows = self.live(architectures)
        # Adding 0 turns -0.0 into 0.0, and big-endian bytes of positive numbers sort like them.
        big_endian = (rows + 0).astype(self.dtype.newbyteorder(">"))
        keys: Identities = np.ascontiguousarray(big_endian).view(
            f"S{self.dtype.itemsize * self.n_positions}"
        )
        return keys.ravel()

    def rank(self, architectures: Architectures) -> NDArray[np.int64]:
        """Raise ValueError: the ranks of a space of choices may need more than 64 bits."""
        del architectures
        raise ValueError(f"{self.name}: its architectures have an identity, but no rank")

    def representative(self, architectures: Architectures) -> Identities:
        """Return a key of every row. It ignores values without effect, as of a missing block."""
        return self.identity(architectures)


def _plain(content: Any) -> Any:
    """Return lists and dictionaries in place of the containers of a configuration."""
    if isinstance(content, Mapping):
        return {str(key): _plain(value) for key, value in content.items()}
    if isinstance(content, Sequence) and not isinstance(content, str):
        return [_plain(value) for value in content]
    return content
