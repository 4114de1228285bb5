"""``python -m hwnas.data fetch hwnas`` and ``python -m hwnas.data doctor``."""

from __future__ import annotations

import argparse
import sys

from hwnas.data import doctor, fetch
from hwnas.dataset import Paths
from hwnas.dataset._files import families
from hwnas.errors import UserError


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; a user's mistake is one line on standard error and exit code 2."""
    parser = argparse.ArgumentParser(prog="python -m hwnas.data", description=__doc__)
    folder = argparse.ArgumentParser(add_help=False)
    folder.add_argument(
        "--data", metavar="FOLDER", help="folder of official files (default: env HWNAS_DATA)"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    getting = commands.add_parser("fetch", parents=[folder], help="download official files")
    getting.add_argument("families", nargs="+", choices=families(), help="which, one or several")
    commands.add_parser("doctor", parents=[folder], help="describe every table that is here")
    options = parser.parse_args(arguments)
    paths = Paths.default(options.data)
    try:
        if options.command == "fetch":
            wanted = [file for name in options.families for file in families()[name]]
            for file in wanted:
                sys.stdout.write(f"{fetch(file, paths)}\n")
        else:
            text, faults = doctor(paths)
            sys.stdout.write(f"{text}\n")
            if faults:
                parser.exit(2, "".join(f"error: {fault}\n" for fault in faults))
    except UserError as error:
        parser.exit(2, f"error: {error}\n")


if __name__ == "__main__":
    main()
