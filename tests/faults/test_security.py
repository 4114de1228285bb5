"""What outside data and the code itself must not do: a test over the source tree, files, keys."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest

from benchmarks.audit import summary
from hwnas.dataset import described_classes
from hwnas.dataset._official import OfficialFile
from tests.commands import ROOT, python

SOURCES = sorted([*(ROOT / "hwnas").rglob("*.py"), ROOT / "run.py", ROOT / "sweep.py"])
#: Calls that can run code which a file holds, by the places that were reviewed and why.
REVIEWED = {
    ("hwnas/dataset/_unpickle.py", "pickle.Unpickler"): "its find_class has an allow-list",
    ("hwnas/dataset/_torch_file.py", "torch.load"): "weights_only=True",
}
#: Names of the standard library and of libraries whose call can run code that data hold.
CODE = re.compile(
    r"(c?pickle|dill|cloudpickle|shelve|marshal)\.(loads?|open|Unpickler)|joblib\.load|"
    r"(pandas|pd)\.read_pickle|torch\.load|yaml\.(load|unsafe_load|full_load|load_all)|"
    r"(builtins\.)?(eval|exec|compile|__import__)|os\.(system|popen)|subprocess\.getoutput"
)
#: Calls that write the files of an archive to disk, wherever their names lead.
EXTRACTS = re.compile(r"(.*\.)?(extract|extractall|unpack_archive)")


def calls(source: str) -> Iterator[tuple[str, ast.Call]]:
    """Yield the dotted name of everything that is called or subclassed, and the call.

    A name starts with the module that it was imported from, whatever the source calls it.
    """
    tree = ast.parse(source)
    imported = dict(imports(tree))
    for node in ast.walk(tree):
        bases = node.bases if isinstance(node, ast.ClassDef) else []
        called = [ast.Call(base, [], []) for base in bases]
        for call in [node] if isinstance(node, ast.Call) else called:
            first, dot, rest = ast.unparse(call.func).partition(".")
            yield imported.get(first, first) + dot + rest, call


def imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield what a source calls a module or its member, and the full dotted name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            for each in node.names:
                # `import a.b` defines `a`.
                if each.asname or module:
                    yield each.asname or each.name, module + each.name


def is_true(call: ast.Call, name: str) -> bool:
    """Tell whether a keyword is given and not False."""
    values = [word.value for word in call.keywords if word.arg == name]
    return any(not (isinstance(each, ast.Constant) and not each.value) for each in values)


def test_source_tree_runs_no_code_of_data() -> None:
    found = set()
    for path in SOURCES:
        name = path.relative_to(ROOT).as_posix()
        for called, call in calls(path.read_text(encoding="utf-8")):
            assert not EXTRACTS.fullmatch(called), f"{name}: {called} extracts an archive"
            assert not is_true(call, "shell"), f"{name}: {called} runs a shell"
            assert not is_true(call, "allow_pickle"), f"{name}: {called} reads pickles"
            if CODE.fullmatch(called):
                found.add((name, called))
                if called == "torch.load":
                    assert is_true(call, "weights_only"), f"{name}: torch.load runs code"
    assert found == set(REVIEWED)


@pytest.mark.parametrize(
    ("source", "called"),
    [
        ("import pickle\nclass U(pickle.Unpickler): ...", "pickle.Unpickler"),
        ("import pickle as p\np.loads(b'')", "pickle.loads"),
        ("from pickle import loads as read\nread(b'')", "pickle.loads"),
        ("from os import system\nsystem('ls')", "os.system"),
        ("import os.path\nos.popen('ls')", "os.popen"),
    ],
)
def test_calls_of_a_source_that_runs_code_are_found(source: str, called: str) -> None:
    """The test above fails for such a source."""
    assert [name for name, _ in calls(source) if CODE.fullmatch(name)] == [called]


def test_calls_of_a_source_that_extracts_or_runs_a_shell_are_found() -> None:
    """The first test fails for such a source too."""
    named = dict(calls("zipfile.ZipFile(f).extractall(); run('a', shell=True)"))
    assert [name for name in named if EXTRACTS.fullmatch(name)] == ["zipfile.ZipFile(f).extractall"]
    assert is_true(named["run"], "shell")


FILES = [file for cls in described_classes() for file in cls.files()]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.replace("/", "-"))
def test_official_file_comes_over_https_pinned_and_limited(file: OfficialFile) -> None:
    address = urlparse(file.url)
    assert address.scheme == "https"
    assert address.hostname in {"raw.githubusercontent.com", "drive.google.com"}
    assert 0 < file.limit <= 4 << 30
    # By the content's hash, or by a commit of 40 digits in the address.
    pinned = file.blob is not None or re.search(r"/[0-9a-f]{40}/", address.path) is not None
    assert pinned or file.by_hand
    for name in file.names:
        assert not Path(name).is_absolute()
        assert ".." not in Path(name).parts


@pytest.mark.thorough
def test_key_of_wandb_is_in_no_file_and_no_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In new processes, because a process keeps the settings of W&B that it read first."""
    key = "0123456789abcdef" * 2 + "89abcdef"
    names = ("HOME", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR", "WANDB_CACHE_DIR")
    # What an earlier test left of W&B in the environment would send the run elsewhere.
    for variable in [each for each in os.environ if each.startswith("WANDB")]:
        monkeypatch.delenv(variable)
    folders = {name: str(tmp_path / name.lower()) for name in names}
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from hwnas.cli import main; main()"

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        words = ("run", "tracking=wandb", "tuning=none", "n_train=20", "n_test=50", *more)
        settings: Any = {"WANDB_API_KEY": key, "WANDB_MODE": "offline"} | folders
        return python("-c", code, *words, "selection=none", cwd=tmp_path, **settings)

    done = run()
    assert done.returncode == 0, done.stderr
    failed = run("dataset=hwnas/edgegpu", "dataset.source=measured")
    assert failed.returncode == 2
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".wandb" for path in files)
    assert [path for path in files if key.encode() in path.read_bytes()] == []
    assert key not in done.stdout + done.stderr + failed.stdout + failed.stderr


def test_audit_of_skipped_packages_is_not_clean() -> None:
    skipped = {"name": "a", "skip_reason": "not found on PyPI"}
    good = {"name": "b", "version": "1", "vulns": []}
    bad = {"name": "c", "version": "2", "vulns": [{"id": "CVE-1"}]}
    assert summary([skipped, good]) == (
        ["2 packages: 1 audited, 1 skipped, 0 with a known vulnerability"],
        True,
    )
    assert not summary([skipped])[1]
    assert summary([good, bad]) == (
        ["2 packages: 2 audited, 0 skipped, 1 with a known vulnerability", "c 2: CVE-1"],
        False,
    )
