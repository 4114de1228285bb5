"""Versions of hwnas, Python and the libraries with which a result was computed."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from hwnas import __version__

_PACKAGES = ("numpy", "scikit-learn", "optuna", "torch", "moocore")


def environment() -> dict[str, str]:
    """Return the versions by package name, and under ``platform`` the operating system."""
    found = {"hwnas": __version__, "python": platform.python_version()}
    found["platform"] = platform.platform()
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            # An optional package that is not installed did not affect the result.
            continue
    return found
