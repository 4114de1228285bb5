"""``hwnas fetch`` and ``hwnas doctor``: the published tables on this machine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from hwnas.errors import UserError
from hwnas.paths import Paths


def fetch(arguments: Sequence[str]) -> None:
    """Download official files, a line each."""
    from hwnas.dataset import families, fetch

    parser = _parser("fetch", "Download published tables.")
    parser.add_argument("families", nargs="+", choices=families(), help="which, one or several")
    options = parser.parse_args(arguments)
    paths = Paths.default(options.data)
    for file in [file for name in options.families for file in families()[name]]:
        sys.stdout.write(f"{fetch(file, paths)}\n")


def doctor(arguments: Sequence[str]) -> None:
    """Describe every table that is here.

    Raises
    ------
    UserError
        Naming the files that cannot be read, behind the description of the others.
    """
    from hwnas.dataset import doctor

    options = _parser("doctor", "Describe every table that is here.").parse_args(arguments)
    text, faults = doctor(Paths.default(options.data))
    sys.stdout.write(f"{text}\n")
    if faults:
        raise UserError("\nerror: ".join(faults))


def _parser(name: str, description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"hwnas {name}", description=description)
    parser.add_argument(
        "--data", metavar="FOLDER", help="folder of official files (default: env HWNAS_DATA)"
    )
    return parser
