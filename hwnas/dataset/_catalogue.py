"""The classes of datasets there are, found through the YAMLs of ``conf/dataset``."""

from __future__ import annotations

from hwnas.dataset._described import Described
from hwnas.dataset._official import OfficialFile


def described_classes() -> list[type[Described]]:
    """Return every class whose files can be fetched and whose columns can be described.

    Raises
    ------
    UserError
        If a YAML, perhaps one of the user's own, names a class that cannot be imported.
    """
    # Imported here: Hydra takes longer to import than the datasets.
    from hwnas.composition import targets

    datasets = targets("dataset").values()
    found = [each for each in datasets if issubclass(each, Described)]
    return list(dict.fromkeys([*found, *(joined for each in found for joined in each.joins)]))


def families() -> dict[str, tuple[OfficialFile, ...]]:
    """Return the files of every word that ``hwnas fetch`` takes.

    Raises
    ------
    UserError
        As `described_classes`.

    Examples
    --------
    >>> [file.name for file in families()["nasbench201"]]
    ['nats_bench.csv']
    """
    files = list(dict.fromkeys(file for each in described_classes() for file in each.files()))
    names = sorted({file.family for file in files})
    return {name: tuple(file for file in files if file.family == name) for name in names}
