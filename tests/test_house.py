"""The plan of the house: what import-linter does not check."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent


def _imports(path: Path) -> Iterator[str]:
    """Yield the dotted name of everything of hwnas that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def _foreign_private(importer: str, imported: str) -> bool:
    """Tell whether a name lies in a private module of a package that the importer is not in."""
    parts = imported.split(".")
    for depth, part in enumerate(parts[1:], start=1):
        if part.startswith("_") and not part.startswith("__"):
            owner = ".".join(parts[:depth])
            return not f"{importer}.".startswith(f"{owner}.")
    return False


def test_imports_no_package_uses_private_modules_of_another() -> None:
    found = []
    files = sorted((ROOT / "hwnas").rglob("*.py"))
    assert len(files) > 100
    for path in files:
        importer = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        names = (name for name in _imports(path) if name.startswith("hwnas."))
        found += [f"{importer}: {name}" for name in names if _foreign_private(importer, name)]
    assert found == []


def _targets(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("_target_", "task"):
                yield str(value)
            yield from _targets(value)
    elif isinstance(node, list):
        for value in node:
            yield from _targets(value)


def test_targets_of_every_yaml_are_public() -> None:
    targets = {
        target: path.relative_to(ROOT)
        for path in (ROOT / "conf").rglob("*.yaml")
        for target in _targets(yaml.safe_load(path.read_text(encoding="utf-8")))
    }
    assert len(targets) > 30
    assert {t: p for t, p in targets.items() if any(x.startswith("_") for x in t.split("."))} == {}


def test_files_are_short_enough_to_read() -> None:
    long = {
        str(path.relative_to(ROOT)): n
        for folder in ("hwnas", "tests", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        if (n := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}
