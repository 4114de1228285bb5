"""The documents: the tutorial runs as it is written, links lead somewhere, and lists are whole.

Sphinx checks the links between the pages of docs/ (``.ci/run``).
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

import hwnas as package
from hwnas.cli import COMMANDS
from tests.commands import ROOT, Hwnas
from tests.tables_of_users import write_csv

DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md")))
BLOCK = re.compile(r"```(?P<language>bash|python)\n(?P<code>.*?)```", re.DOTALL)
LINK = re.compile(r"\]\((?P<target>[^)#:]+)(#[\w-]+)?\)")


@pytest.mark.thorough
def test_tutorial_every_line_runs_as_written(
    hwnas: Hwnas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for library in ("xgboost", "optuna"):
        pytest.importorskip(library)
    # The commands run in this folder.
    monkeypatch.chdir(tmp_path)
    # Drawing takes half of the time, and the pictures have tests of their own.
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda *_, **_options: None)
    reports: list[str] = []
    text = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    for match in BLOCK.finditer(text):
        if match["language"] == "python":
            exec(compile(match["code"], "docs/tutorial.md", "exec"), {})
            continue
        for line in match["code"].splitlines():
            program, *arguments = shlex.split(line)
            if program == "hwnas" and arguments[0] in COMMANDS:
                finished = hwnas(*arguments)
                assert finished.returncode == 0, f"{line}\n{finished.stderr}"
                reports.append(finished.stdout)
    assert len(reports) == 6 + ("results" in COMMANDS)
    # The tutorial quotes them.
    for quoted in re.findall(r"```text\n(.*?)```", text, re.DOTALL):
        if quoted.startswith("predictor  seeds") and "results" not in COMMANDS:
            continue
        lines = [line.split("…")[0].rstrip() for line in quoted.splitlines()]
        assert all(any(line in report for report in reports) for line in lines), quoted


@pytest.mark.parametrize("page", PAGES[:2], ids=lambda page: page.name)
def test_links_of_a_page_outside_of_docs_lead_to_files(page: Path) -> None:
    targets = [match["target"] for match in LINK.finditer(page.read_text(encoding="utf-8"))]
    assert targets
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_documents_name_no_files_that_users_do_not_have() -> None:
    assert len(PAGES) > 30
    found = [
        (str(page.relative_to(ROOT)), word)
        for page in PAGES
        for word in ("/work/", "../shared", "`reference/")
        if word in page.read_text(encoding="utf-8")
    ]
    assert found == []


def test_api_page_lists_every_public_name() -> None:
    listed = re.findall(r"^   ~hwnas\.(?:\w+\.)?(\w+)$", (DOCS / "api/index.md").read_text(), re.M)
    assert sorted(listed) == sorted(package.__all__)


def test_citation_names_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == package.__version__


def test_predictor_of_ones_own_runs_as_written(
    hwnas: Hwnas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (DOCS / "extend.md").read_text(encoding="utf-8")
    code = dict(re.findall(r"```(python|yaml|bash)\n(.*?)```", text, re.DOTALL))
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "board.csv")
    (tmp_path / "my_models.py").write_text(code["python"])
    (tmp_path / "my_conf" / "predictor").mkdir(parents=True)
    (tmp_path / "my_conf" / "predictor" / "median.yaml").write_text(code["yaml"])
    path, _, *arguments = shlex.split(code["bash"])
    assert path == "PYTHONPATH=."
    monkeypatch.syspath_prepend(tmp_path)
    finished = hwnas(*arguments)
    assert finished.returncode == 0, finished.stderr
    assert "median on nasbench201" in finished.stdout
