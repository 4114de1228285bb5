"""The search spaces, found through the YAMLs of ``conf/space``."""

from __future__ import annotations

from hwnas.errors import UserError
from hwnas.space._base import SearchSpace


def space_classes() -> dict[str, type[SearchSpace]]:
    """Return the class of every search space that has one of its own, by the space's name.

    Spaces that their YAML describes, see `hwnas.space.Choices`, share a class and are left out.

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
    own = {each for each in found if isinstance(getattr(each, "name", None), str)}
    return {each.name: each for each in sorted(own, key=lambda each: each.name)}


def spaces() -> dict[str, SearchSpace]:
    """Return every search space of ``conf/space`` and of the user, by its name.

    Raises
    ------
    UserError
        If a YAML names a class that cannot be imported, or describes no space.

    Examples
    --------
    >>> spaces()["nasbench201"].size
    15625
    """
    from hydra.utils import instantiate

    from hwnas.composition import option_file, read_yaml, targets

    found = {}
    for option, cls in targets("space").items():
        file = option_file("space", option)
        assert file is not None
        content = read_yaml(file)
        # A file without a target is a second name of a space.
        if "_target_" not in content or not issubclass(cls, SearchSpace):
            continue
        try:
            space = instantiate(content, _convert_="all")
        except Exception as error:
            raise UserError(f"{file}: {error.__cause__ or error}") from error
        found[space.name] = space
    return dict(sorted(found.items()))
