"""``hwnas results`` compares what is finished."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hwnas.cli._parser import parser
from hwnas.errors import UserError, check_choice, command
from hwnas.paths import Paths


def results(arguments: Sequence[str]) -> None:
    """Write finished results to standard output, as one table, CSV or Parquet.

    Raises
    ------
    UserError
        If there is no result, or a filter is unknown.
    """
    reader = parser("results", "Compare what is finished, with a line for all seeds together.")
    reader.add_argument(
        "arguments", nargs="*", metavar="FOLDER | FIELD=VALUE",
        help="result folders, studies or folders above them (default: outputs); and filters such "
        "as predictor=ridge,xgb n_train=124",
    )  # fmt: skip
    reader.add_argument(
        "--sort", metavar="SCORE", default="tau", help="tau, mra, verified or seconds"
    )
    forms = reader.add_mutually_exclusive_group()
    forms.add_argument(
        "--csv", action="store_const", dest="form", const="csv", default="table",
        help="each result as a row of CSV",
    )  # fmt: skip
    forms.add_argument(
        "--parquet", action="store_const", dest="form", const="parquet",
        help="the same as a Parquet file",
    )  # fmt: skip
    options = reader.parse_intermixed_args(arguments)
    # Imported here, behind the mistakes in the command line, because it loads numerical libraries.
    from hwnas.results import MEASURES, is_filter, show

    check_choice("--sort", options.sort, MEASURES)
    given = options.arguments
    filters = [each for each in given if is_filter(each) and not Path(each).exists()]
    folders = [Path(each) for each in given if each not in filters]
    if not folders:
        folders = [Paths.default().outputs]
        if not folders[0].is_dir():
            raise UserError(f"{folders[0]}: nothing is finished yet", remedy=command("run"))
    show(folders, filters, options.sort, options.form)
