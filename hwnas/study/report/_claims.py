"""Report part: claims of the paper, and whether our results support them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from hwnas.errors import command
from hwnas.files import write_text
from hwnas.paths import elsewhere
from hwnas.study.report._report import Material

HOLDS, IN_PART, DOES_NOT, NO_DATA = "holds", "holds in part", "does not hold", "no data"
#: A difference counts if it is larger than this number of its standard errors.
STANDARD_ERRORS = 2.0


@dataclass(frozen=True)
class Case:
    """One comparison by which a claim is judged.

    Parameters
    ----------
    data : str
        Label of the dataset.
    holds : bool
        Whether the claim's rule holds in this comparison.
    text : str
        The figures, with the size, the number of seeds and the spread.
    """

    data: str
    holds: bool
    text: str


@dataclass(frozen=True)
class Claim(ABC):
    """A claim, the paper's figure, and the rule by which results are judged.

    Parameters
    ----------
    claim, study : str
        The claim and the paper's figures, as text.
    command : str
        Arguments of hwnas that compute one of our figures.
    """

    claim: str
    study: str
    command: str

    @property
    @abstractmethod
    def rule(self) -> str:
        """The condition under which a case counts for the claim, as a sentence."""

    @abstractmethod
    def concerns(self, point: Mapping[str, Any]) -> bool:
        """Tell whether a grid point, given by its axes, belongs to the claim."""

    @abstractmethod
    def cases(self, rows: pd.DataFrame) -> list[Case]:
        """Return the cases that results contain.

        Parameters
        ----------
        rows : pandas.DataFrame
            The rows of ``results.parquet``.
        """

    def verdict(self, cases: Sequence[Case], stand_ins: set[str]) -> str:
        """Return the verdict of all cases: it holds in all, in some or in none of them.

        Parameters
        ----------
        cases : sequence of Case
        stand_ins : set of str
            Labels of datasets that the paper did not use.
        """
        del stand_ins
        return judged([case.holds for case in cases])


def judged(held: Sequence[bool]) -> str:
    """Return the verdict for the outcomes of several comparisons.

    Examples
    --------
    >>> judged([True, True]), judged([True, False]), judged([False]), judged([])
    ('holds', 'holds in part', 'does not hold', 'no data')
    """
    if not held:
        return NO_DATA
    return HOLDS if all(held) else IN_PART if any(held) else DOES_NOT


@dataclass(frozen=True)
class Claims:
    """Each claim with the paper's figure, ours, the command and the verdict.

    Parameters
    ----------
    claims : sequence of Claim
    """

    claims: Sequence[Claim]

    def write(self, material: Material) -> str:
        """Write ``claims.md``, and return its text."""
        stand_ins = {str(p["data"]) for p in material.points if p.get("stand_in")}
        head = ["## The claims", "", "| claim | the paper | ours | command | verdict |"]
        lines, rules = [*head, "|---|---|---|---|---|"], []
        for number, claim in enumerate(self.claims, start=1):
            measured = material.rows[material.rows["provenance.kind"] == "measured"]
            cases = claim.cases(measured)
            verdict = claim.verdict(cases, stand_ins)
            if cases and all(case.data in stand_ins for case in cases):
                verdict += ", on stand-ins only"
            ours = "<br>".join(
                f"{case.data}{'*' if case.data in stand_ins else ''}: {case.text}"
                f"{'' if case.holds else ' (no)'}"
                for case in cases
            )
            cells = [f"{number}. {claim.claim}", claim.study, ours or "–"]
            lines.append(f"| {' | '.join(cells)} | `{command(claim.command)}` | **{verdict}** |")
            rules.append(f"{number}. {claim.rule} {_missing(claim, cases, material)}")
        note = (
            "Figures are means ± standard deviations over seeds. A case marked (no) does not "
            "follow its rule. Datasets marked * are stand-ins, which the paper did not use. A "
            "claim holds in part if only some of its cases follow the rule. The rules:"
        )
        text = "\n".join([*lines, "", note, "", *rules])
        write_text(material.folder / "claims.md", text + "\n", elsewhere("outputs"))
        return text


def _missing(claim: Claim, cases: Sequence[Case], material: Material) -> str:
    """Return the datasets of the paper that the claim is about and that have no case."""
    wanted = dict.fromkeys(
        str(point["data"])
        for point in material.points
        if claim.concerns(point) and not point.get("stand_in")
    )
    found = {case.data for case in cases}
    absent = [data for data in wanted if data not in found and data in material.absent]
    left = [data for data in wanted if data not in found and data not in material.absent]
    parts = [
        f"{title} ({len(names)} of the paper's {len(wanted)} datasets): {', '.join(names)}."
        for title, names in (("No data", absent), ("Not run yet", left))
        if names
    ]
    return " ".join(parts)


def groups(rows: pd.DataFrame, *columns: str) -> list[tuple[tuple[Hashable, ...], pd.DataFrame]]:
    """Return the rows of each combination of values of some columns, in order of appearance."""
    if rows.empty:
        return []
    found = rows.groupby(list(columns), sort=False)
    return [(key if isinstance(key, tuple) else (key,), part) for key, part in found]


def with_value(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the rows that have a value in a column; none if the column is missing."""
    return rows[rows[column].notna()] if column in rows else rows.iloc[:0]


def spread(values: pd.Series[float], digits: int = 3) -> str:
    """Return mean ± standard deviation as text; without the latter for a single value.

    Examples
    --------
    >>> spread(pd.Series([0.5, 0.7])), spread(pd.Series([0.5]))
    ('0.600 ±0.141', '0.500')
    """
    mean = f"{values.mean():.{digits}f}"
    return mean if len(values) < 2 else f"{mean} ±{values.std():.{digits}f}"


def standard_error(values: pd.Series[float]) -> float:
    """Return the standard error of a mean; 0 for a single value."""
    return float(values.std()) / len(values) ** 0.5 if len(values) > 1 else 0.0


def clearly_positive(values: pd.Series[float]) -> bool:
    """Tell whether a mean is above 0 by more than `STANDARD_ERRORS` of its standard errors."""
    return float(values.mean()) > STANDARD_ERRORS * standard_error(values)
