"""The check that the measurements of a folder have the same settings."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from hwnas.backend import Backend
from hwnas.composition import option_file, read_yaml, targets
from hwnas.errors import UserError

ACCURACY = "accuracy"
#: Number of classes of the digits.
CLASSES = 10

#: Settings that decide the networks. All backends of a folder must share them, because one table
#: has the values of all backends.
_NETWORKS = ("image_set", "sizes")
_PROTOCOL = (
    "batch_size",
    "threads",
    "warm_up",
    "warm_up_seconds",
    "precision",
    "repeats",
    "seed",
)

#: First line of a file of measurements: the series, its settings, and facts about the machine.
Header = Mapping[str, Any]


def check_settings(folder: Path, header: Header, others: Sequence[Header]) -> None:
    """Raise `UserError` if a header has other settings than the earlier headers of a folder.

    All settings of one series must be equal. Of two series only the settings that decide the
    networks must be equal.
    """
    series, settings = header["series"], header["settings"]
    for other in others:
        earlier = settings_of(other)
        same = other["series"] == series
        shared = [key for key in _NETWORKS if key in settings and key in earlier]
        for key in settings | earlier if same else shared:
            if earlier.get(key) != settings.get(key):
                override = _override(other["series"], key, earlier)
                raise UserError(
                    f"{folder} has {other['series']} measurements with {key}={earlier.get(key)}, "
                    f"not {settings.get(key)}",
                    remedy=f"{override}, or another name=" if override else "another name=",
                )


def settings_of(header: Header) -> dict[str, Any]:
    """Return the settings of a header, with those that earlier versions did not state.

    Earlier versions ran networks on NVIDIA GPUs without CUDA graphs. Only PyTorch on such a device
    states ``tf32``.
    """
    settings = dict(header["settings"])
    return {"graph": False} | settings if "tf32" in settings else settings


def _override(series: str, key: str, earlier: Mapping[str, Any]) -> str | None:
    """Return the override that restores an earlier setting, or None if no override can.

    An example of the latter is the version of a library.
    """
    value = earlier.get(key)
    if series == ACCURACY:
        return f"training.{key}={value}"
    if key in _PROTOCOL:
        return f"{key}={'null' if value is None else value}"
    if key in ("energy", "energy_seconds"):
        energy = earlier.get("energy_seconds")
        return "metric=latency" if energy is None else f"metric=energy energy_seconds={energy}"
    if key == "image_set":
        fields = earlier[key]
        numbers = [f"image_set.{name}={fields[name]}" for name in ("resolution", "classes")]
        return " ".join([f"image_set={fields['name']}", *numbers])
    if key == "sizes":
        sizes = [f"+sizes.{name}={size}" for name, size in earlier[key].items()]
        return " ".join(sizes) or "leave out sizes"
    return _unit_override(series, key, earlier)


def _unit_override(series: str, key: str, earlier: Mapping[str, Any]) -> str | None:
    """Return the overrides that choose the unit of earlier measurements.

    It is None if the key is not one of the backend's `unit_facts`.
    """
    file = option_file("backend", series)
    if file is None:
        return None
    unit_facts = cast(type[Backend], targets("backend")[series]).unit_facts
    if key not in unit_facts:
        return None
    # The facts may lack a field of the backend. Its value was then that of the YAML.
    chosen = {name: earlier.get(name, default) for name, default in read_yaml(file).items()}
    return " ".join(
        f"backend.{name}={_word(value)}" for name, value in chosen.items() if name in unit_facts
    )


def _word(value: object) -> str:
    return json.dumps(value) if isinstance(value, bool) else shlex.quote(str(value))
