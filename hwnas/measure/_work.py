"""Working through units with a progress bar."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Never

from hwnas.measure._store import Record, Store, Unit

if TYPE_CHECKING:
    from tqdm import tqdm

Measure = Callable[[Unit, list[str]], Iterable[Record]]


def work_off(
    store: Store, units: Sequence[Unit], measure: Measure, title: Callable[[Unit], str]
) -> int:
    """Measure whatever is missing, until there is nothing but what other processes hold.

    A unit that another process holds is visited again after the others: if that process was
    killed, the unit is free by then.

    Parameters
    ----------
    measure : callable
        Takes a unit and its missing architectures and yields a record for each; every record is
        stored before the next is asked for.
    title : callable
        Takes a unit and returns what stands in front of the progress bar meanwhile.

    Returns
    -------
    int
        How many measurements are missing at the end: other living processes hold them.
    """
    from tqdm import tqdm

    left = [unit for unit in units if store.missing(unit)]
    total = sum(len(store.missing(unit)) for unit in left)
    with tqdm(total=total, unit=" archs", smoothing=0.05) as bar:
        while left:
            held = [unit for unit in left if not _work_on(store, unit, measure, title, bar)]
            if len(held) == len(left):
                break
            left = held
    store.refresh()
    return sum(len(store.missing(unit)) for unit in units)


def _work_on(
    store: Store,
    unit: Unit,
    measure: Measure,
    title: Callable[[Unit], str],
    bar: tqdm[Never],
) -> bool:
    """Measure what is missing of one unit; return False if another process holds it."""
    if not store.missing(unit):
        return True
    with store.claim(unit) as ours:
        # Claiming reads what another process did to the unit in the meantime.
        missing = store.missing(unit)
        if ours and missing:
            bar.set_description(title(unit))
            for record in measure(unit, missing):
                store.append(record)
                bar.update()
        return ours
