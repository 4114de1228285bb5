"""Working through units with a progress bar."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from hwnas.measure._store import Record, Store, Unit


def work_off(
    store: Store,
    units: Sequence[Unit],
    measure: Callable[[Unit, list[str]], Iterable[Record]],
    title: str,
) -> None:
    """Measure whatever is missing of the units that no other process is measuring.

    Parameters
    ----------
    measure : callable
        Takes a unit and its missing architectures and yields a record for each; every record is
        stored before the next is asked for.
    title : str
        Stands in front of the progress bar.
    """
    from tqdm import tqdm

    total = sum(len(store.missing(unit)) for unit in units)
    with tqdm(total=total, desc=title, unit=" archs", smoothing=0.05) as bar:
        for unit in units:
            if not store.missing(unit):
                continue
            with store.claim(unit) as ours:
                # Claiming reads what another process did to the unit in the meantime.
                missing = store.missing(unit)
                if ours and missing:
                    for record in measure(unit, missing):
                        store.append(record)
                        bar.update()
