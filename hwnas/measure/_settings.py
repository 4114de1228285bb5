"""Which measurements compare: those with the same settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from hwnas.backend import Backend
from hwnas.composition import option_file, read_yaml, targets
from hwnas.errors import UserError

ACCURACY = "accuracy"

#: What decides the networks. All backends of a folder share it, for their values join one table.
_NETWORKS = ("image_set", "sizes")
_PROTOCOL = ("batch_size", "threads", "warm_up", "repeats", "seed")

#: A series, its settings, and the facts about the machine, as a process begins its file.
Header = Mapping[str, Any]


def check_settings(folder: Path, header: Header, others: Sequence[Header]) -> None:
    """Raise `UserError` unless measurements with this header may join the others of a folder."""
    series, here = header["series"], header["settings"]
    for other in others:
        there = other["settings"]
        same = other["series"] == series
        for key in here if same else [key for key in _NETWORKS if key in here and key in there]:
            if there.get(key) != here[key]:
                override = _override(other["series"], key, there)
                raise UserError(
                    f"{folder} holds {other['series']} measurements with {key}={there.get(key)}, "
                    f"not {here[key]}",
                    remedy=f"{override}, or another name=" if override else "another name=",
                )


def _override(series: str, key: str, there: Mapping[str, Any]) -> str | None:
    """Return what the command line must say to get a setting again; None for versions."""
    value = there.get(key)
    if series == ACCURACY:
        return f"training.{key}={value}"
    if key in _PROTOCOL:
        return f"{key}={value}"
    if key == "image_set":
        fields = there[key]
        numbers = [f"image_set.{name}={fields[name]}" for name in ("resolution", "classes")]
        return " ".join([f"image_set={fields['name']}", *numbers])
    if key == "sizes":
        return " ".join(f"+sizes.{name}={size}" for name, size in there[key].items()) or "no sizes"
    return _unit_override(series, key, there)


def _unit_override(series: str, key: str, there: Mapping[str, Any]) -> str | None:
    """Return what chooses the unit of earlier measurements; None if the key is not about it."""
    file = option_file("backend", series)
    if file is None or key not in cast(type[Backend], targets("backend")[series]).unit_facts:
        return None
    # A fact that is left out has the value of the YAML.
    chosen = {name: there.get(name, default) for name, default in read_yaml(file).items()}
    return " ".join(
        f"backend.{name}={value}"
        for name, value in chosen.items()
        if name not in ("_target_", "name")
    )
