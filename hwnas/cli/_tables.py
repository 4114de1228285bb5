"""``hwnas fetch`` downloads published tables; ``hwnas doctor`` describes those on this machine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from hwnas.cli._parser import parser
from hwnas.errors import UserError, check_choice
from hwnas.paths import Paths


def fetch(arguments: Sequence[str]) -> None:
    """Download official files, a line each.

    Raises
    ------
    UserError
        If there is no table of a name, or it cannot be downloaded.
    """
    from hwnas.dataset import families, fetch

    reader = _parser("fetch", "Download published tables.")
    reader.add_argument("tables", nargs="+", metavar="TABLE", help=", ".join(families()))
    options = reader.parse_args(arguments)
    for name in options.tables:
        check_choice("fetch", name, families())
    paths = Paths.default(options.data)
    for file in [file for name in options.tables for file in families()[name]]:
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
    reader = parser(name, description)
    reader.add_argument(
        "--data", metavar="FOLDER", help="folder of official files (default: env HWNAS_DATA)"
    )
    return reader
