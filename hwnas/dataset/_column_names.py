"""Names of columns in files of users, such as ``latency_ms``: what they hold, and in which unit."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Units that the name of a column can end in. The case counts: mW is not MW.
UNITS = (
    *("ns", "us", "µs", "ms", "s"),
    *("nJ", "uJ", "µJ", "mJ", "J", "kJ", "mWh", "Wh"),
    *("mW", "W", "kW"),
    *("bytes", "B", "KB", "kB", "MB", "GB", "KiB", "MiB", "GiB"),
    *("FLOPs", "MFLOPs", "GFLOPs", "MACs", "MMACs", "GMACs", "ops/byte"),
    *("fps", "Hz", "kHz", "MHz", "percent", "%", "fraction"),
)
_BRACKETS = re.compile(r"(?P<quantity>.*?)[\s_]*[\[(](?P<unit>[^\])]+)[\])]")
#: Words in the name of a column that holds the spread of repeated measurements.
_SPREAD = frozenset({"std", "stdev", "stddev", "sd", "mad", "var", "variance", "iqr"})


@dataclass(frozen=True)
class ColumnName:
    """The name of a column, taken apart.

    Parameters
    ----------
    name : str
        As the file has it.
    quantity : str
        The name without its unit, such as ``latency``.
    unit : str or None
        None if the name does not end in one of `UNITS`.

    Examples
    --------
    >>> ColumnName.of("latency_ms")
    ColumnName(name='latency_ms', quantity='latency', unit='ms')
    >>> ColumnName.of("Energy [mJ]").quantity, ColumnName.of("n_layers").unit
    ('Energy', None)
    """

    name: str
    quantity: str
    unit: str | None

    @classmethod
    def of(cls, name: str) -> ColumnName:
        """Take a name apart: the unit follows the last ``_`` or space, or stands in brackets."""
        inside = _BRACKETS.fullmatch(name)
        if inside is not None:
            quantity, unit = inside["quantity"], inside["unit"].strip()
        else:
            quantity, _, unit = name.replace(" ", "_").rpartition("_")
        if unit not in UNITS or not quantity.strip("_ "):
            return cls(name, name, None)
        return cls(name, quantity.strip("_ "), unit)

    @property
    def is_accuracy(self) -> bool:
        """Whether the column holds accuracies."""
        return self.quantity.lower() == "accuracy"

    @property
    def is_spread(self) -> bool:
        """Whether the column holds the spread of repeated measurements."""
        return not _SPREAD.isdisjoint(re.split(r"[\W_]+", self.quantity.lower()))
