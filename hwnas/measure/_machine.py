"""Facts about the machine that decide how far a latency can be trusted."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

_UNREADABLE = "not readable"


def machine_facts() -> dict[str, str]:
    """Return CPU, cores, frequency governor, system, load and date."""
    return {
        "cpu": _from_cpuinfo("model name") or platform.processor() or _UNREADABLE,
        "cores": str(os.cpu_count()),
        "cores_allowed": ",".join(map(str, _affinity())) or _UNREADABLE,
        "governor": _first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "virtual": "yes" if "hypervisor" in (_from_cpuinfo("flags") or "").split() else "no",
        "system": platform.platform(),
        "load": f"{load():.2f}",
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def load() -> float:
    """Return the mean number of processes that wanted a core during the last minute."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")


def _affinity() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def _first_line(path: str) -> str:
    file = Path(path)
    return file.read_text().splitlines()[0] if os.access(file, os.R_OK) else _UNREADABLE


def _from_cpuinfo(field: str) -> str | None:
    file = Path("/proc/cpuinfo")
    if not os.access(file, os.R_OK):
        return None
    for line in file.read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == field:
            return value.strip()
    return None
