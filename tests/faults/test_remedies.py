"""What the errors of ``run`` advise is done, and the command works."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import Hwnas
from tests.faults.advice import one_line, remedied
from tests.faults.test_bad_input import OVERRIDES
from tests.test_command_line import MISTAKES

pytestmark = pytest.mark.thorough

#: Overrides for a fast run, for keys that the arguments do not have.
CHEAP = {
    "tuning": "none",
    "tracking": "off",
    "n_train": "25",
    "n_test": "50",
    "artifacts": "result",
}
#: Errors that say what is right and advise nothing.
WITHOUT = ("n_train", "dataset.source=guess", "sklearn.foo.Ridge", "kernel=rfb")


def cheap(arguments: list[str]) -> list[str]:
    """Return the arguments with overrides that make the run fast."""
    given = " ".join(arguments)
    more = [f"{key}={value}" for key, value in CHEAP.items() if f"{key}=" not in given]
    if "tuning." in given:
        more = [each for each in more if each != "tuning=none"]
    return [*arguments, *more]


@pytest.mark.parametrize(
    "arguments",
    [
        *(each for each, _ in MISTAKES if not each[-1].endswith(WITHOUT)),
        *([each] for each, _ in OVERRIDES),
    ],
    ids=" ".join,
)
def test_run_with_the_remedy_of_its_error_works(
    hwnas: Hwnas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    # Some remedies are files beside the one that was named, or folders in the home of the user.
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README.md").write_text("# hwnas\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    outputs = [f"paths.outputs={tmp_path}"] if "paths.outputs" not in str(arguments) else []
    message = one_line(hwnas("run", *arguments, *outputs))
    for way in remedied([*arguments, *outputs], message):
        run = hwnas("run", *cheap(way))
        assert run.returncode == 0, (way, run.stderr)
