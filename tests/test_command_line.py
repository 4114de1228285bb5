"""A user's mistake is one line and exit code 2."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.commands import ROOT, hwnas, python


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
        (["tuning.n_trials=abc"], "tuning.n_trials=abc: Value 'abc' of type 'str' could not be"),
        (["predictor.preset=paper"], "Try: predictor=paper/ridge"),
        (["predictor.preset=papier"], "Try: predictor=ridge"),
        (["predictor.name=xgb"], "predictor.name=xgb: it is the label of the chosen file"),
        (["predictor=paper/rigde"], "did you mean 'paper/ridge'?"),
        (
            ["dataset=hwnas/raspi4", "metric=energy"],
            "metric=energy: device raspi4 has no such metric; it has latency",
        ),
        (["dataset=hwnas/raspi4", "dataset.source=guess"], "dataset.source"),
        (["n_train=20000", "dataset=hwnas/raspi4"], "n_train=20000"),
        (["tracking=wandb", "tracking.mode=sometimes"], "tracking.mode=sometimes"),
        (["n_train"], "write key=value"),
        (["n_train=${nothing}"], "n_train=${nothing}: Interpolation key 'nothing' not found"),
        (["seed=-1"], "seed=-1: at least 0"),
        (["tuning.seed=abc"], "tuning.seed=abc: Value 'abc' of type 'str' could not be"),
        (["tuning.seed=-1"], "tuning.seed=-1: at least 0"),
        (
            ["tuning.max_measurements=0.5"],
            "tuning.max_measurements=0.5: Value '0.5' of type 'float' could",
        ),
        (["tuning.max_measurements=0"], "tuning.max_measurements=0: at least 1"),
        (["tuning.sampler._target_=optuna.samplers.GPsampler"], "optuna.samplers.GPsampler"),
        (
            ["tuning.sampler._target_=optuna.samplers.GPsampler"],
            "tuning.sampler._target_=optuna.samplers.GPsampler: optuna.samplers has no GPsampler; "
            "did you mean 'GPSampler'?",
        ),
        (
            ["predictor.model._target_=sklearn.foo.Ridge"],
            "predictor.model._target_=sklearn.foo.Ridge: ",
        ),
        (
            ["tuning=none", "tuning.n_trials=3"],
            "tuning.n_trials=3: no such key in the chosen tuning. Try: tuning=default or",
        ),
        (["seed=0,1"], "seed=0,1: one run takes one value. Try: -m seed=0,1"),
        (["-m", "seed=0,1", "n_trian=5"], "n_trian=5: no such key; did you mean 'n_train'?"),
        (["+predictor.model.nothing=1"], "unexpected keyword argument 'nothing'"),
        (["selection.limit=-3"], "selection.limit=-3: more than 0 ms is needed"),
        (["selection.limit=0"], "Try: selection.limit=null"),
        (["selection.limit=abc"], "selection.limit=abc: Value 'abc' of type 'str' could not be"),
        (["selection.verify=lvie"], "selection.verify: no 'lvie'; did you mean 'device'? known: device, table"),
        (["selection.rounds=0"], "selection.rounds=0: at least 1"),
        (["selection.n_candidates=99999"], "selection.n_candidates=99999: local-onnxruntime has"),
        (["dataset=hwnas/raspi4", "selection.verify=device"], "selection.verify=table"),
        (["predictor=svr", "predictor.model.kernel=rfb"], "The 'kernel' parameter of SVR must be"),
        (["paths.outputs=README.md/x"], "paths.outputs=README.md/x: Not a directory"),
        (["-m", "seed=0,1", "paths.outputs=README.md/x"], "README.md/x/.hydra: Not a directory"),
        (
            ["predictor=[ridge,xgb]"],
            "predictor=[ridge,xgb]: one run takes one value. Try: -m predictor=ridge,xgb",
        ),
        (["selection=null"], "Try: selection=none"),
        (["metric.unit=s"], "metric.unit=s: dataset=local/cpu has latency in ms"),
        (["tuning.storage=README.md"], "tuning.storage=README.md: it is not a journal of Optuna"),
        (["predictor=lut", "selection.limit=8.0"], "selection.limit: LookupTable needs every one"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistake(arguments: list[str], expected: str) -> None:
    run = hwnas("run", *arguments)
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


def test_help_offers_each_choice_where_it_is_taken() -> None:
    def groups(command: str) -> dict[str, list[str]]:
        lines = python(command, "--help").stdout.splitlines()
        pairs = [line.split(": ") for line in lines if re.fullmatch(r"\w+: \S.*", line)]
        return {name: options.split(", ") for name, options in pairs}

    assert groups("run.py")["selection"] == ["default", "none"]
    assert not {"deviations", "backend"} & set(groups("run.py"))
    assert groups("sweep.py")["deviations"] == ["bootstrap", "mixture", "normal"]


@pytest.mark.parametrize("argument", ["--help", "n_trian=5"])
@pytest.mark.parametrize("command", ["run.py", "sweep.py"])
def test_light_commands_load_no_heavy_library(command: str, argument: str) -> None:
    """``--help`` and composition errors answer at once: nothing numerical is imported."""
    run = python("-X", "importtime", command, argument)
    imported = {line.rpartition("|")[2].strip() for line in run.stderr.splitlines() if "|" in line}
    assert "hydra" in imported
    heavy = {"numpy", "torch", "sklearn", "xgboost", "optuna", "wandb", "matplotlib", "pandas"}
    assert not heavy & imported


@pytest.mark.parametrize("mode", [[], ["-m"]])
def test_a_fault_of_the_program_keeps_its_traceback(tmp_path: Path, mode: list[str]) -> None:
    """Also one of a class that composition raises for a user's mistake."""
    script = tmp_path / "faulty.py"
    script.write_text(
        "import sys\nfrom hwnas.cli._hydra import run_hydra\n"
        "def task(cfg):\n    return cfg.no_such_key\n"
        "if __name__ == '__main__':\n    run_hydra(task, 'run', sys.argv[1:])\n"
    )
    run = python(str(script), *mode, f"paths.outputs={tmp_path}", PYTHONPATH=str(ROOT))
    assert run.returncode == 1
    assert "ConfigAttributeError" in run.stderr
    assert "return cfg.no_such_key" in run.stderr


def test_jobs_of_a_launcher_resolve_the_default_folders(tmp_path: Path) -> None:
    small = ("tuning=none", "n_train=20", "n_test=50", "tracking=off", "selection=none")
    joblib = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    run = python("run.py", "-m", "seed=0,1", *small, *joblib, f"paths.outputs={tmp_path}")
    assert run.returncode == 0, run.stderr
    assert len(list(tmp_path.rglob("result.json"))) == 2
