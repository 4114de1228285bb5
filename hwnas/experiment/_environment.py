"""What computed a result: versions of the program and of the libraries that are installed."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from hwnas import __version__

_PACKAGES = ("numpy", "scikit-learn", "optuna", "torch", "moocore")


def environment() -> dict[str, str]:
    """Return the version of each package by name, and of Python and the platform."""
    found = {"hwnas": __version__, "python": platform.python_version()}
    found["platform"] = platform.platform()
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            # An extra that is not installed had no part in the result.
            continue
    return found
