"""``hwnas report`` writes the report page of finished results."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from hwnas.cli._parser import parser

_PATH = "a folder of a study, a result folder of hwnas run, or a folder above result folders"


def report(arguments: Sequence[str]) -> None:
    """Write the report page and print where it is.

    Raises
    ------
    UserError
        If a folder holds no finished result, or the file cannot be written.
    """
    reader = parser("report", "Write one HTML page about finished results. It needs no network.")
    reader.add_argument("paths", metavar="FOLDER", nargs="+", type=Path, help=_PATH)
    reader.add_argument(
        "--out", metavar="FILE", type=Path,
        help="the page; by default report.html in the folder, or in . for several folders",
    )  # fmt: skip
    options = reader.parse_args(arguments)
    from hwnas.page import write_page

    folder = options.paths[0] if len(options.paths) == 1 else Path()
    out = write_page(options.paths, options.out or folder / "report.html")
    sys.stdout.write(f"{out}  ({out.stat().st_size / 1e6:.1f} MB)\n")
