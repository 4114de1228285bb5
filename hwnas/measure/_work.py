"""The loop that measures all units and shows its progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from hwnas.console import Meter, progress
from hwnas.measure._store import Record, Store, Unit

Measure = Callable[[Unit, list[str]], Iterable[Record]]


def measure_units(
    store: Store, units: Sequence[Unit], measure: Measure, title: Callable[[Unit], str]
) -> int:
    """Take all missing measurements except those of units that other processes hold.

    The loop returns to a unit that another process holds after all other units. If that process was
    killed, the unit is free by then.

    Parameters
    ----------
    store : Store
    units : sequence of Unit
    measure : callable
        Takes a unit and its missing architectures and yields a record for each architecture. Every
        record is stored before the next measurement starts.
    title : callable
        Takes a unit and returns what is going on, for the line of progress.

    Returns
    -------
    int
        Number of missing measurements at the end. Other running processes hold their units.
    """
    left = [unit for unit in units if store.missing(unit)]
    total = sum(len(store.missing(unit)) for unit in left)
    with progress("measuring", total, "architectures") as meter:
        while left:
            held = [unit for unit in left if not _measure_unit(store, unit, measure, title, meter)]
            if len(held) == len(left):
                break
            left = held
    store.refresh()
    return sum(len(store.missing(unit)) for unit in units)


def _measure_unit(
    store: Store,
    unit: Unit,
    measure: Measure,
    title: Callable[[Unit], str],
    meter: Meter,
) -> bool:
    """Take the missing measurements of one unit, or return False if another process holds it."""
    if not store.missing(unit):
        return True
    with store.claim(unit) as ours:
        # `claim` has read the records that another process added to the unit in the meantime.
        missing = store.missing(unit)
        if ours and missing:
            meter.describe(title(unit))
            for record in measure(unit, missing):
                store.append(record)
                meter.advance()
        return ours
