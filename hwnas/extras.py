"""Optional libraries, and the extra of ``pyproject.toml`` that installs each of them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from hwnas.errors import UserError

#: The extra that installs a library, by the name under which the library is imported.
EXTRAS: Mapping[str, str] = {
    "torch": "torch",
    "xgboost": "boosting",
    "lightgbm": "boosting",
    "ngboost": "boosting",
    "wandb": "wandb",
    "wandb_workspaces": "wandb",
    "onnx": "onnx",
    "onnxruntime": "onnx",
    "pymoo": "search",
    "jinja2": "report",
    "plotly": "report",
    "pynvml": "energy",
}
_CHECKOUT = Path(__file__).resolve().parent.parent


def missing_library(error: BaseException) -> str | None:
    """Return the optional library whose absence caused an error, or None for other causes.

    Examples
    --------
    >>> missing_library(ModuleNotFoundError("No module named 'torch'", name="torch"))
    'torch'
    >>> missing_library(ValueError("no number")) is None
    True
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ModuleNotFoundError) and cause.name:
            library = cause.name.partition(".")[0]
            # A missing module of an installed library has another cause than a missing library.
            if library in EXTRAS and (cause.name == library or not is_installed(library)):
                return library
        cause = cause.__cause__
    return None


def not_installed(library: str, wanted_by: str | None = None) -> UserError:
    """Return an error whose remedy is the command that installs a library.

    Parameters
    ----------
    library : str
        A key of `EXTRAS`.
    wanted_by : str, optional
        The override or file that needs the library.

    Examples
    --------
    >>> not_installed("torch", "predictor=mlp").problem
    'predictor=mlp: torch is not installed'
    """
    place = "" if wanted_by is None else f"{wanted_by}: "
    return UserError(f"{place}{library} is not installed", remedy=install_command(EXTRAS[library]))


def install_command(extra: str) -> str:
    """Return the shell command that installs an extra for the running hwnas.

    An installed hwnas names the extra's libraries, because no package index offers hwnas itself.
    A checkout that is not installed names its own folder.
    """
    # Imported here because they take longer than the rest of the start of a command.
    from importlib.metadata import PackageNotFoundError, requires

    from packaging.requirements import Requirement

    try:
        needed = [Requirement(text) for text in requires("hwnas") or ()]
    except PackageNotFoundError:
        return f"pip install -e {shlex.quote(f'{_CHECKOUT}[{extra}]')}"
    libraries = [
        shlex.quote(f"{each.name}{each.specifier}")
        for each in needed
        if each.marker is not None
        and each.marker.evaluate({"extra": extra})
        and not each.marker.evaluate({"extra": ""})
    ]
    return " ".join(["pip install", *libraries])


def is_installed(library: str) -> bool:
    """Tell whether a library can be imported, without importing it."""
    # A folder of the same name in the working directory has a spec without an origin. W&B creates
    # such a folder, ./wandb.
    spec = find_spec(library)
    return spec is not None and spec.origin is not None
