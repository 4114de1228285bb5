"""The classes that the options of a configuration group name."""

from __future__ import annotations

from pkgutil import resolve_name

from hwnas.composition._folder import option_file, options, read_yaml
from hwnas.errors import UserError


def targets(group: str) -> dict[str, type]:
    """Return the class in the ``_target_`` of each option of a group, by name of the option.

    Options from the user's own folder are included. Options whose ``_target_`` is a function are
    left out.

    Parameters
    ----------
    group : str
        A folder of ``conf/``.

    Raises
    ------
    UserError
        If a ``_target_`` cannot be imported.

    Examples
    --------
    >>> targets("space")["nasbench201"]
    <class 'hwnas.space._nasbench201.NASBench201'>
    """
    found = {option: _target(group, option) for option in options(group)}
    return {option: target for option, target in found.items() if isinstance(target, type)}


def _target(group: str, option: str) -> object:
    path = _path(group, option)
    if path is None:
        return None
    try:
        return resolve_name(path)
    # The import of a user's module may raise any exception.
    except Exception as error:
        raise UserError(
            f"{option_file(group, option)}: _target_ {path} cannot be imported ({error})"
        ) from error


def _path(group: str, option: str) -> str | None:
    """Return the ``_target_`` of an option, or of an option in its defaults list."""
    file = option_file(group, option)
    if file is None:
        return None
    content = read_yaml(file)
    if "_target_" in content:
        return str(content["_target_"])
    for entry in content.get("defaults", []):
        # An entry such as {override /space: fbnet} chooses an option of another group.
        if isinstance(entry, str) and entry != "_self_":
            name = entry.partition("@")[0].removeprefix(f"/{group}/")
            path = None if name.startswith("/") else _path(group, name)
            if path is not None:
                return path
    return None
