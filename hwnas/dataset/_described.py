"""The base class of datasets that ``hwnas fetch`` and ``hwnas doctor`` support."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset._official import OfficialFile
from hwnas.paths import Paths
from hwnas.space import Architectures, SearchSpace


@dataclass(frozen=True)
class Column:
    """One column that ``hwnas doctor`` describes.

    Parameters
    ----------
    table, name, unit : str
    values : array of float64, shape (n,)
        NaN marks a missing value.
    space : SearchSpace, optional
    architectures : array of int8, shape (n, n_positions), optional
        None where a row is not an architecture.
    accuracy : array of float64, shape (n,), optional
        Accuracy of each row in percent. NaN marks a missing value.
    """

    table: str
    name: str
    unit: str
    values: NDArray[np.float64]
    space: SearchSpace | None = None
    architectures: Architectures | None = None
    accuracy: NDArray[np.float64] | None = None


class Described:
    """A class whose files ``hwnas fetch`` downloads and whose columns ``hwnas doctor`` describes.

    Both commands find the class through the ``_target_`` of the YAMLs in ``conf/dataset``.
    """

    #: Classes that no YAML names, and whose values this class joins to its tables.
    joins: ClassVar[tuple[type[Described], ...]] = ()

    @classmethod
    def files(cls) -> tuple[OfficialFile, ...]:
        """Return the published files that the class reads, with their addresses."""
        return ()

    @classmethod
    def columns(cls, paths: Paths) -> Iterator[Column]:
        """Yield every column of those of the class's files that exist below ``paths.data``.

        Raises
        ------
        UserError
            If a file is damaged.
        """
        del paths
        yield from ()
