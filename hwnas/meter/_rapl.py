"""The energy counters of Intel and AMD processors (RAPL), which Linux shows as files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from hwnas.errors import UserError

POWERCAP = Path("/sys/class/powercap")


@dataclass
class _Zone:
    """One counter. It restarts at 0 after its highest value, within minutes on a busy server.

    Parameters
    ----------
    file : Path
        The file with the counter, in microjoules.
    name : str
        For example ``"package-0"`` or ``"dram"``.
    highest : int
        The highest value of the counter, in microjoules.
    last : int
        The counter at the last call of `used`.
    """

    file: Path
    name: str
    highest: int
    last: int

    def used(self) -> int:
        """Return the microjoules since the last call."""
        now = int(self.file.read_text())
        since = now - self.last if now >= self.last else now + self.highest + 1 - self.last
        self.last = now
        return since


class RAPL:
    """The energy counters of the processors of this machine.

    The energy includes all cores of all processors and, where the processor counts it, the memory
    (DRAM). It therefore includes all programs that run on this machine.

    Parameters
    ----------
    folder : Path, optional
        Where Linux shows the counters. By default ``/sys/class/powercap``.

    Raises
    ------
    UserError
        If this machine has no such counter, or if the user may not read it.
    """

    name = "RAPL"

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or POWERCAP
        # The zones of intel-rapl-mmio are the same counters again. AMD's are called intel-rapl too.
        found = {path: _line(path / "name") for path in sorted(folder.glob("intel-rapl:*"))}
        # The zones "core" and "uncore" are parts of a package, and "psys" includes the packages.
        wanted = [p for p, name in found.items() if name.startswith("package-") or name == "dram"]
        if not wanted:
            raise UserError(
                f"metric=energy: {folder} has no energy counter of a processor (virtual machines "
                "and many ARM boards have none)",
                remedy="metric=latency",
            )
        self._zones = [_zone(path, found[path]) for path in wanted]
        self._used = 0

    def read(self) -> float:
        """Return the joules since the meter was made. Call it at least once a minute."""
        self._used += sum(zone.used() for zone in self._zones)
        return self._used / 1e6

    def facts(self) -> dict[str, str]:
        """Return the counters."""
        zones = ", ".join(sorted(zone.name for zone in self._zones))
        return {"meter": self.name, "meter_includes": f"{zones}, and all programs on them"}


def _zone(path: Path, name: str) -> _Zone:
    counter = path / "energy_uj"
    if not os.access(counter, os.R_OK):
        # Since 2020 Linux lets only the administrator read them (CVE-2020-8694).
        raise UserError(
            f"metric=energy: this user may not read {counter}",
            remedy=f"sudo chmod a+r {path.parent}/intel-rapl:*/energy_uj",
        )
    return _Zone(counter, name, int(_line(path / "max_energy_range_uj")), int(_line(counter)))


def _line(file: Path) -> str:
    return file.read_text().strip()
