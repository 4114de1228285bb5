"""The architectures to choose from: those of a space or a file whose network is not measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset import TableFile
from hwnas.seeding import generator
from hwnas.space import Architectures, SearchSpace

Float = NDArray[np.float64]

#: Spaces of at most this size are candidates as a whole. Of larger ones, this many architectures
#: are drawn at random.
LARGEST, SAMPLE = 100_000, 20_000


@dataclass(frozen=True)
class Candidates:
    """Architectures that may be proposed, each network once, in random order.

    Parameters
    ----------
    space : SearchSpace
    architectures : array, shape (m, n_positions)
    accuracy : array, shape (m,), optional
        Percent, from the file that they were read from. NaN where unknown.
    source : str
        Where they come from, for the report.
    """

    space: SearchSpace
    architectures: Architectures
    accuracy: Float | None
    source: str

    def __len__(self) -> int:
        return len(self.architectures)

    def __getitem__(self, rows: NDArray[Any]) -> Candidates:
        accuracy = None if self.accuracy is None else self.accuracy[rows]
        return replace(self, architectures=self.architectures[rows], accuracy=accuracy)

    def without(self, taken: Architectures, seed: int) -> Candidates:
        """Return the candidates whose network none of the architectures in `taken` has.

        Of several candidates with one network, it keeps the one that stands for the network in the
        space, or else the first one. The order is random.

        Parameters
        ----------
        taken : array, shape (k, n_positions)
        seed : int
            Seed of the order.
        """
        own = self.space.network_representative(self.architectures)
        stands_last = own != self.space.identity(self.architectures)
        order = np.lexsort((self.space.identity(self.architectures), stands_last, own))
        _, first = np.unique(own[order], return_index=True)
        rows = order[first]
        rows = rows[~np.isin(own[rows], self.space.network_representative(taken))]
        return self[generator(seed, "next", "order").permutation(rows)]


def of_space(space: SearchSpace, seed: int) -> Candidates:
    """Return all architectures of a space, or a random sample of a large one.

    Parameters
    ----------
    space : SearchSpace
    seed : int
        Seed of the sample.
    """
    if space.size <= LARGEST:
        return Candidates(space, space.enumerate(), None, f"the space {space.name}")
    drawn = space.sample(SAMPLE, generator(seed, "next", "sample"))
    _, first = np.unique(space.identity(drawn), return_index=True)
    source = f"{len(first):,} random architectures of the space {space.name}"
    return Candidates(space, drawn[np.sort(first)], None, source)


def of_file(file: TableFile, *, with_accuracy: bool) -> Candidates:
    """Return the architectures of a CSV or Parquet file.

    Parameters
    ----------
    file : TableFile
        Its space is that of the candidates.
    with_accuracy : bool
        Whether a column ``accuracy`` is read.

    Raises
    ------
    UserError
        If the file cannot be read, or holds other architectures.
    """
    architectures, accuracy = file.listed(with_accuracy=with_accuracy)
    return Candidates(file.space, architectures, accuracy, str(file.path))
