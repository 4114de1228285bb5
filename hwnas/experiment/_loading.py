"""Loading the table of a command."""

from __future__ import annotations

import sys
import warnings

from hwnas.dataset import Dataset, EstimatedWarning, Table
from hwnas.experiment._report import banner


def load_table(dataset: Dataset) -> Table:
    """Load the measured rows of a table, and print a warning about estimated values in a frame."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", EstimatedWarning)
        table = dataset.load().measured_rows()
    for warning in caught:
        if issubclass(warning.category, EstimatedWarning):
            print(banner(str(warning.message)), file=sys.stderr)  # noqa: T201 - for the user
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    return table
