"""The revision of each stage of an experiment: it tells results of older code apart."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

#: Raise a stage's number with every change after which it gives other results of the same
#: configuration. Finished results of a lower number are then run again.
REVISIONS: Mapping[str, int] = {
    "data": 1,
    "split": 1,
    "tuning": 1,
    "fitting": 1,
    "selection": 1,
}


def revisions(stages: Collection[str]) -> dict[str, int | None]:
    """Return the revision of each stage; None of those that did not run.

    Examples
    --------
    >>> revisions(["data", "split", "fitting"])["tuning"] is None
    True
    """
    return {stage: n if stage in stages else None for stage, n in REVISIONS.items()}


def outdated(recorded: Mapping[str, Any]) -> str | None:
    """Say which stages of a result have another revision today; None if there is none.

    Parameters
    ----------
    recorded : mapping
        Revision by stage, as in ``result.json``; empty in results that are older than revisions.

    Examples
    --------
    >>> outdated(dict(REVISIONS))
    >>> outdated(dict(REVISIONS) | {"split": 0})
    'split 0 (now 1)'
    """
    if not recorded:
        return "no revision (a version of hwnas that stated none)"
    changed = [
        f"{stage} {n} (now {REVISIONS.get(stage)})"
        for stage, n in recorded.items()
        if n is not None and n != REVISIONS.get(stage)
    ]
    return ", ".join(changed) or None
