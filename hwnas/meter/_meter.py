"""The interface of meters."""

from __future__ import annotations

from typing import Protocol


class Meter(Protocol):
    """Reads an energy counter, which a device updates from time to time.

    A backend whose unit has a meter returns it from its method ``meter``. A meter of your own, such
    as a power supply with an interface, needs `name`, `read` and `facts`, and a backend that
    returns it.

    Attributes
    ----------
    name : str
        Name of the kind of meter. A table has the energies of one kind.
    """

    @property
    def name(self) -> str:
        """Name of the kind of meter."""

    def read(self) -> float:
        """Return the joules that the device has used since some moment before the first call."""

    def facts(self) -> dict[str, str]:
        """Return what identifies the meter, and what its energy includes."""
