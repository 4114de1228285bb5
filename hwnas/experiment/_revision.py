"""Revisions of the stages of an experiment, by which results of older code are recognised."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

#: The current revision of each stage. A change of the code that changes a stage's results must
#: raise the stage's revision. Experiments whose results have another revision then run again.
REVISIONS: Mapping[str, int] = {
    "data": 1,
    "split": 1,
    "tuning": 2,
    "fitting": 3,
    "scoring": 1,
    "selection": 2,
}


def revisions(stages: Collection[str]) -> dict[str, int | None]:
    """Return the revision of each stage, with None for stages that did not run.

    Parameters
    ----------
    stages : collection of str
        The stages that ran.

    Examples
    --------
    >>> revisions(["data", "split", "fitting"])["tuning"] is None
    True
    """
    return {stage: n if stage in stages else None for stage, n in REVISIONS.items()}


def outdated(recorded: Mapping[str, Any]) -> str | None:
    """Return a text that says which stages of a result have another revision now.

    Parameters
    ----------
    recorded : mapping
        The result's revision of each stage. Empty if the result was written without revisions.

    Returns
    -------
    str or None
        None if all revisions are current.

    Examples
    --------
    >>> outdated(dict(REVISIONS))
    >>> outdated(dict(REVISIONS) | {"split": 0})
    'split 0 (now 1)'
    >>> outdated({stage: n for stage, n in REVISIONS.items() if stage != "scoring"})
    'scoring 0 (now 1)'
    """
    if not recorded:
        return "without revisions"
    changed = [
        f"{stage} {n} (now {REVISIONS.get(stage)})"
        # Results of older versions lack the stages that did not have a revision yet.
        for stage, n in {**dict.fromkeys(REVISIONS, 0), **recorded}.items()
        if n is not None and n != REVISIONS.get(stage)
    ]
    return ", ".join(changed) or None
