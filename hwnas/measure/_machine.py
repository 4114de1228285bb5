"""Facts about the machine that influence a measured latency."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

_UNREADABLE = "not readable"
_CPUINFO = Path("/proc/cpuinfo")
_DEVICE_TREE = Path("/proc/device-tree/model")
_GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")


def machine_facts() -> dict[str, str]:
    """Return the CPU, cores, frequency governor, operating system, load and date, as strings."""
    return {
        "cpu": _cpu() or _UNREADABLE,
        "cores": str(os.cpu_count()),
        "cores_allowed": ",".join(map(str, _affinity())) or _UNREADABLE,
        "governor": _first_line(_GOVERNOR) or _UNREADABLE,
        "virtual": "yes" if "hypervisor" in _from_cpuinfo("flags").split() else "no",
        "system": platform.platform(),
        "load": f"{load():.2f}",
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def load() -> float:
    """Return the mean number of processes that ran or waited for a core in the last minute."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")


def _affinity() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def _cpu() -> str:
    """Return the name of the CPU, or the name of the board where Linux on ARM has only that."""
    return (
        _from_cpuinfo("model name")
        or _from_cpuinfo("Model")
        or _first_line(_DEVICE_TREE)
        or platform.processor()
    )


def _first_line(file: Path) -> str:
    if not os.access(file, os.R_OK):
        return ""
    # The device tree ends its strings with a null byte.
    return file.read_text().partition("\n")[0].strip("\0 ")


def _from_cpuinfo(field: str) -> str:
    if not os.access(_CPUINFO, os.R_OK):
        return ""
    for line in _CPUINFO.read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == field:
            return value.strip()
    return ""
