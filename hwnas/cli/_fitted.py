"""``hwnas predict`` asks a saved predictor, and ``hwnas show`` describes it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from hwnas.cli._parser import parser
from hwnas.errors import UserError, command

_PREDICTOR = "a file of hwnas fit, or a result folder of hwnas run"


def predict(arguments: Sequence[str]) -> None:
    """Write predictions of a saved predictor to standard output, as CSV.

    Raises
    ------
    UserError
        If the predictor cannot be loaded, or an architecture is not of its space.
    """
    from hwnas.predictor import load_predictor

    reader = parser("predict", "Predict architectures with a saved predictor, as CSV.")
    reader.add_argument("predictor", metavar="PREDICTOR", help=_PREDICTOR)
    reader.add_argument(
        "architectures", metavar="FILE", nargs="?",
        help="an architecture a line, or CSV with a column architecture; - is standard input",
    )  # fmt: skip
    reader.add_argument(
        "--architecture", metavar="STRING", action="append", help="an architecture; may be repeated"
    )
    options = reader.parse_args(arguments)
    if (options.architectures is None) == (options.architecture is None):
        raise UserError(
            f"{reader.prog}: give either a file of architectures or --architecture",
            remedy=command(f"predict {options.predictor} architectures.txt"),
        )
    from hwnas.fitted import read_strings, write_predictions

    fitted = load_predictor(options.predictor)
    strings, lines = options.architecture, None
    if options.architectures is not None:
        strings, lines = read_strings(options.architectures, fitted)
    n_outside = write_predictions(fitted, strings, lines, sys.stdout)
    if n_outside:
        sys.stderr.write(f"{n_outside} architectures lie outside of the ranges of the table\n")
    if fitted.interval_source_ is None:
        sys.stderr.write("no intervals: the file holds no residuals; hwnas fit keeps them\n")


def show(arguments: Sequence[str]) -> None:
    """Describe a saved predictor.

    Raises
    ------
    UserError
        If the predictor cannot be loaded.
    """
    from hwnas.predictor import load_predictor

    reader = parser("show", "Describe a saved predictor: its space, data, scores and version.")
    reader.add_argument("predictor", metavar="PREDICTOR", help=_PREDICTOR)
    options = reader.parse_args(arguments)
    from hwnas.fitted import describe

    sys.stdout.write(f"{describe(load_predictor(options.predictor))}\n")
