"""``hwnas fetch`` downloads published tables; ``hwnas doctor`` describes those on this machine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from hwnas.cli._parser import parser
from hwnas.errors import UserError, check_choice, command
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
    """Describe every table that is here, or one table of the user's own.

    Raises
    ------
    UserError
        Naming the files that cannot be read, behind the description of the others.
    """
    from hwnas.dataset import doctor

    reader = _parser("doctor", "Describe every table that is here, or one file of yours.")
    reader.add_argument(
        "overrides", nargs="*", metavar="KEY=VALUE",
        help="table=FILE describes a CSV or Parquet file; space=... is the space of its rows",
    )  # fmt: skip
    options = reader.parse_args(arguments)
    if options.overrides:
        sys.stdout.write(f"{_describe_table(options.overrides)}\n")
        return
    text, faults = doctor(Paths.default(options.data))
    sys.stdout.write(f"{text}\n")
    if faults:
        raise UserError("\nerror: ".join(faults))


def _describe_table(given: Sequence[str]) -> str:
    """Return the description of the file that ``table=`` names."""
    from hydra.utils import instantiate

    from hwnas.cli._quoting import readable
    from hwnas.cli._short_forms import expanded
    from hwnas.composition import composed
    from hwnas.dataset import TableFile, doctor_columns
    from hwnas.space import ColumnSpace

    if not all("=" in override for override in given):
        raise UserError(
            f"doctor: {' '.join(given)} is not an override", remedy=command("doctor --help")
        )
    made = instantiate(composed("advise", readable(expanded(given))).dataset)
    if not isinstance(made, TableFile):
        raise UserError("doctor: describes files", remedy=command("doctor table=FILE.csv"))
    columns = made.described()
    space = columns[0].space if columns else None
    lines = (
        [f"dimension {each}" for each in space.described] if isinstance(space, ColumnSpace) else []
    )
    return "\n".join([doctor_columns(columns), *lines])


def _parser(name: str, description: str) -> argparse.ArgumentParser:
    reader = parser(name, description)
    reader.add_argument(
        "--data", metavar="FOLDER", help="folder of official files (default: env HWNAS_DATA)"
    )
    return reader
