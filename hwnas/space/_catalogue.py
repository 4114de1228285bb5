"""The classes of search spaces, found through the YAMLs of ``conf/space``."""

from __future__ import annotations

from hwnas.space._base import SearchSpace


def space_classes() -> dict[str, type[SearchSpace]]:
    """Return the class of every search space, by the space's name.

    Raises
    ------
    UserError
        If a YAML of the project or of the user names a class that cannot be imported.

    Examples
    --------
    >>> space_classes()["fbnet"]().size == 9**22
    True
    """
    # Imported here because it imports Hydra, which takes longer to import than the space package.
    from hwnas.composition import targets

    found = [each for each in targets("space").values() if issubclass(each, SearchSpace)]
    return {each.name: each for each in sorted(found, key=lambda each: each.name)}
