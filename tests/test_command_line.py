"""A user's mistake is one line and exit code 2."""

from __future__ import annotations

import pytest

from tests.commands import python


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["n_trian=5"], "did you mean 'n_train'?"),
        (["n_train=many"], "n_train=many: Value 'many' of type 'str' could not be converted"),
        (["metrik=latency"], "did you mean 'metric'?"),
        (["predictor=rigde"], "did you mean 'ridge'?"),
        (["dataset=hwnas/raspi5"], "did you mean 'hwnas/raspi4'?"),
        (["predictor=mlp", "predictor.model.epoch=3"], "did you mean 'predictor.model.epochs'?"),
        (["predictor.model.alpha=abc"], "predictor.model.alpha=abc: not of type float"),
        (["tuning.n_trials=abc"], "tuning.n_trials=abc: not of type int"),
        (["predictor.preset=papier"], "did you mean 'paper'?"),
        (
            ["dataset=hwnas/raspi4", "metric=energy"],
            "metric=energy: device raspi4 has no such metric; it has latency",
        ),
        (["dataset=hwnas/raspi4", "dataset.source=guess"], "dataset.source"),
        (["n_train=20000", "dataset=hwnas/raspi4"], "n_train=20000"),
        (["tracking=wandb", "tracking.mode=sometimes"], "tracking.mode=sometimes"),
        (["n_train"], "write key=value"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistake(arguments: list[str], expected: str) -> None:
    run = python("run.py", *arguments)
    assert run.returncode == 2
    assert expected in run.stderr
    lines = [line for line in run.stderr.splitlines() if not line.startswith("!")]
    assert len(lines) == 1, run.stderr
    assert run.stdout == ""


def test_help_names_the_groups() -> None:
    run = python("run.py", "--help")
    assert run.returncode == 0
    for group in ("dataset", "device", "metric", "predictor", "tuning", "selection", "tracking"):
        assert f"\n{group}: " in run.stdout


def test_light_commands_load_no_heavy_library() -> None:
    """``--help`` and composition errors answer at once: nothing numerical is imported."""
    code = (
        "import sys; from hwnas._cli import run_hydra; import hwnas._schema, hwnas.errors\n"
        "heavy = {'numpy', 'torch', 'sklearn', 'optuna', 'wandb', 'matplotlib', 'pandas'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert python("-c", code).stdout.strip() == "[]"
