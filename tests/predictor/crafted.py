"""Saved predictors that somebody has tampered with."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hwnas.errors import UserError
from hwnas.predictor import load_predictor

Change = Callable[[dict[str, Any], dict[str, bytes]], object]


def crafted(file: Path, change: Change) -> Path:
    """Write a copy whose document and other members `change` has changed in place."""
    with zipfile.ZipFile(file) as opened:
        members = {name: opened.read(name) for name in opened.namelist()}
    document = json.loads(members.pop("predictor.json"))
    change(document, members)
    bad = file.with_name("bad.hwnas")
    with zipfile.ZipFile(bad, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("predictor.json", json.dumps(document))
        for name, content in members.items():
            opened.writestr(name, content)
    return bad


def refused(file: Path, **arguments: Any) -> str:
    """Return the one line with which a file is refused."""
    with pytest.raises(UserError) as refusal:
        load_predictor(file, **arguments)
    line = str(refusal.value)
    assert line.isprintable()
    assert line.startswith(f"{file}: ")
    assert refusal.value.remedy
    return line


def model(document: dict[str, Any]) -> dict[str, Any]:
    """Return the fitted model of a document."""
    found: dict[str, Any] = document["predictor"]["$estimator"]["fitted"]["model"]["$estimator"]
    return found
