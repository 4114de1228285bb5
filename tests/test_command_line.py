"""The command line: mistakes, exit codes, help, and values that are hard to type."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from hwnas import __version__
from hwnas.cli import COMMANDS
from hwnas.cli._quoting import readable
from hwnas.composition import CONF, user_conf_folder
from tests.commands import Finished, Hwnas, python

#: Arguments of ``run``, and what its error says.
MISTAKES: list[tuple[list[str], str]] = [
    (["n_trian=5"], "did you mean 'n_train'?"),
    (["n_train=many"], "n_train=many: Value 'many' of type 'str' could not be converted"),
    (["metrik=latency"], "did you mean 'metric'?"),
    (["predictor=rigde"], "did you mean 'ridge'?"),
    (["predictor=papr/mlp"], "did you mean 'paper/mlp'?"),
    (["dataset=hwnas/raspi5"], "did you mean 'hwnas/raspi4'?"),
    (["predictor=mlp", "predictor.model.epoch=3"], "did you mean 'predictor.model.epochs'?"),
    (["predictor.model.alpha=abc"], "predictor.model.alpha=abc: not of type float"),
    (["predictor.preset=paper"], "Try: predictor=paper/ridge"),
    (["predictor.preset=papier"], "Try: predictor=ridge"),
    (["predictor.name=xgb"], "predictor.name=xgb: it is the label of the chosen file"),
    (["predictor=paper/rigde"], "did you mean 'paper/ridge'?"),
    (["tuning.n_trials=abc"], "tuning.n_trials=abc: Value 'abc' of type 'str' could not be"),
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
        "tuning.n_trials=3: no such key in the chosen tuning; these have it: default, "
        "paper. Try: tuning=default",
    ),
    (["seed=0,1"], "seed=0,1: one run takes one value. Try: -m seed=0,1"),
    (["-m", "seed=0,1", "n_trian=5"], "n_trian=5: no such key; did you mean 'n_train'?"),
    (["+predictor.model.nothing=1"], "Ridge does not take nothing; known: alpha"),
    (["selection=none", "+selection.limit=3"], "+selection.limit=3: no selection is chosen"),
    (["++dataset.metric.title=x"], "dataset.metric repeats another node"),
    (["++tuning.sampler._convert_=x"], "_convert_ is a key of Hydra"),
    (["predictor.sources={a: 1}"], "predictor.sources={a: 1}: the command sets it"),
    (["predictor=gcn", "encoding=counts"], "GCN reads the encoding Graph only"),
    (["predictor=best", "encoding=one_hot"], "Best reads the encoding Operations only"),
    (["selection.limit=-3"], "selection.limit=-3: more than 0 ms is needed"),
    (["selection.limit=0"], "Try: selection.limit=null"),
    (["selection.limit=abc"], "selection.limit=abc: Value 'abc' of type 'str' could not be"),
    (["selection.verify=lvie"], "selection.verify: no 'lvie'; did you mean 'device'"),
    (["selection.rounds=0"], "selection.rounds=0: at least 1"),
    (["selection.n_candidates=99999"], "selection.n_candidates=99999: local-onnxruntime has"),
    (["dataset=hwnas/raspi4", "selection.verify=device"], "selection.verify=table"),
    (["predictor=svr", "predictor.model.kernel=rfb"], "The 'kernel' parameter of SVR must be"),
    (
        ["paths.outputs=README.md/x"],
        "paths.outputs=README.md/x: cannot be written (Not a directory)",
    ),
    (
        ["-m", "seed=0,1", "paths.outputs=README.md/x"],
        "README.md/x/.hydra: cannot be written (Not a directory",
    ),
    (
        ["predictor=[ridge,xgb]"],
        "predictor=[ridge,xgb]: one run takes one value. Try: -m predictor=ridge,xgb",
    ),
    (["selection=null"], "Try: selection=none"),
    (["metric.unit=s"], "metric.unit=s: dataset=local/cpu has latency in ms"),
    (["tuning.storage=README.md"], "tuning.storage=README.md: it is not a journal of Optuna"),
    (["predictor=lut", "selection.limit=8.0"], "selection.limit: LookupTable needs every one"),
]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    MISTAKES,
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_run_with_a_mistake_ends_in_one_line(
    hwnas: Hwnas, tmp_path: Path, arguments: list[str], expected: str
) -> None:
    # In the project's own outputs the experiment may be finished, so that it would not run.
    given = any(argument.startswith("paths.outputs=") for argument in arguments)
    outputs = [] if given else [f"paths.outputs={tmp_path}"]
    check_mistake(hwnas("run", *arguments, *outputs), expected)


def check_mistake(
    run: Finished | subprocess.CompletedProcess[str], expected: str, of_hydra: int = 0
) -> None:
    """Check that a command ended in one line, behind some lines that Hydra writes."""
    assert run.returncode == 2
    assert expected in run.stderr
    # A banner says that values are estimated.
    lines = [line for line in run.stderr.splitlines() if not line.startswith("!")]
    assert len(lines) == 1 + of_hydra, run.stderr
    assert run.stdout == ""


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("arguments", "expected", "of_hydra"),
    [
        (["run.py", "n_trian=5"], "did you mean 'n_train'?", 0),
        (["run.py", "-m", "seed=-1"], "seed=-1: at least 0", 1),
        (["sweep.py"], "no study is chosen", 0),
        (["-m", "hwnas", "doctor", "--dta"], "hwnas doctor: unrecognized arguments: --dta", 0),
    ],
)
def test_process_with_a_mistake_exits_with_2(
    arguments: list[str], expected: str, of_hydra: int
) -> None:
    check_mistake(python(*arguments), expected, of_hydra)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["rnu"], "rnu: no such command; did you mean 'run'?"),
        (["fetch"], "hwnas fetch: the following arguments are required: TABLE"),
        (["fetch", "hwnsa"], "fetch: no 'hwnsa'; did you mean 'hwnas'?"),
        (["run", "--config-dir"], "--config-dir/-cd: expected one argument"),
        (["run", "--config-dir", "nowhere"], "nowhere' not found"),
    ],
)
def test_command_with_a_mistake_ends_in_one_line(
    hwnas: Hwnas, arguments: list[str], expected: str
) -> None:
    check_mistake(hwnas(*arguments), expected)


@pytest.mark.parametrize("arguments", [["--version"], ["run", "--version"]])
def test_version_is_that_of_hwnas(hwnas: Hwnas, arguments: list[str]) -> None:
    assert hwnas(*arguments) == Finished(0, f"hwnas {__version__}\n", "")


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_help_lists_the_commands(hwnas: Hwnas, arguments: list[str]) -> None:
    shown = hwnas(*arguments).stdout
    assert all(f"\n  {name} " in shown for name in COMMANDS)


def test_help_of_run_names_the_groups_and_the_folder_of_own_options(hwnas: Hwnas) -> None:
    shown = hwnas("run", "--help").stdout
    for group in ("dataset", "device", "metric", "predictor", "tuning", "selection", "tracking"):
        assert f"\n{group}: " in shown
    assert str(user_conf_folder()) in shown


def test_help_offers_each_choice_where_it_is_taken(hwnas: Hwnas) -> None:
    def groups(command: str) -> dict[str, list[str]]:
        lines = hwnas(command, "--help").stdout.splitlines()
        pairs = [line.split(": ") for line in lines if re.fullmatch(r"\w+: \S.*", line)]
        return {name: options.split(", ") for name, options in pairs}

    assert groups("run")["selection"] == ["default", "none", "paper"]
    assert not {"deviations", "backend"} & set(groups("run"))
    assert groups("sweep")["deviations"] == ["bootstrap", "mixture", "normal"]


def test_paper_settings_are_changed_by_the_command_line(hwnas: Hwnas) -> None:
    shown = hwnas("run", "predictor=paper/ridge", "predictor.model.alpha=2.0", "--cfg", "job")
    predictor = OmegaConf.create(shown.stdout).predictor
    assert (predictor.preset, predictor.model.alpha) == ("paper", 2.0)


@pytest.mark.parametrize(
    "value",
    [
        "ünï (1)",
        "a & b; c?",
        "#1",
        "it's",
        "{onnx}",
        "ssh pi ./bench {onnx}",
        "C:\\ü\\",
        "a(b",
        "ü\n",
    ],
)
def test_value_as_typed_reaches_the_configuration(hwnas: Hwnas, value: str) -> None:
    shown = hwnas("run", f"study={value}", "--cfg", "job")
    assert OmegaConf.create(shown.stdout).study == value


@given(st.text(st.characters(exclude_characters="$[{'\"", exclude_categories=["Cs", "Cc"])))
def test_readable_keeps_every_text(text: str) -> None:
    (argument,) = readable([f"study={text}"])
    value = OverridesParser.create().parse_override(argument).value()
    if argument != f"study={text}":
        assert value == text


def test_readable_keeps_lists_and_sweeps() -> None:
    given = ["-m", "study=a#1,b", "tracking.tags=[ü,b]", "seed=range(0,3)", "--cfg", "job"]
    quoted = ["-m", "study='a#1',b", "tracking.tags=['ü',b]", "seed=range(0,3)", "--cfg", "job"]
    assert readable(given) == quoted
    assert readable(["study=a#1,b"]) == ["study='a#1,b'"]


def test_home_folder_is_written_out(hwnas: Hwnas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    shown = OmegaConf.create(hwnas("run", "paths.data=~/data", "--cfg", "job").stdout)
    assert shown.paths.data == "/home/someone/data"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["predictor=[ridge"], "the [ at the start of its value is not closed"),
        (["study='a"], "the ' at the start of its value is not closed"),
        (["-m", "seed=0,"], "a value is missing beside a comma"),
        (["n train=5"], "write key=value"),
        (["study=${x"], "study='${x': no viable alternative"),
    ],
)
def test_malformed_argument_is_refused(hwnas: Hwnas, arguments: list[str], expected: str) -> None:
    check_mistake(hwnas("run", *arguments), expected)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the user's own options, with the predictor ``mine``."""
    monkeypatch.setenv("HWNAS_CONF", str(tmp_path / "own"))
    write_predictor(tmp_path / "own", "mine")
    return tmp_path / "own"


def write_predictor(folder: Path, name: str) -> None:
    """Write a predictor's YAML, that of ridge under another name."""
    ridge = (CONF / "predictor" / "ridge.yaml").read_text()
    (folder / "predictor").mkdir(parents=True)
    (folder / "predictor" / f"{name}.yaml").write_text(
        ridge.replace("name: ridge", f"name: {name}")
    )


def test_options_of_the_user_are_found(hwnas: Hwnas, own: Path, tmp_path: Path) -> None:
    write_predictor(tmp_path / "added", "theirs")
    added = ("--config-dir", str(tmp_path / "added"))
    for name in ("mine", "theirs"):
        shown = hwnas("run", f"predictor={name}", *added, "n_train=25", "--cfg", "job")
        assert OmegaConf.create(shown.stdout).predictor.name == name
        check_mistake(hwnas("run", f"predictor={name}s", *added), f"did you mean '{name}'?")
        assert f" {name}," in hwnas("run", "--help", *added).stdout
    check_mistake(hwnas("run", "predictor=theirs"), "predictor=theirs: no such option")
    assert own.is_dir()


def test_option_of_the_user_with_a_taken_name_is_refused(hwnas: Hwnas, own: Path) -> None:
    file = own / "predictor" / "xgb.yaml"
    (own / "predictor" / "mine.yaml").rename(file)
    check_mistake(hwnas("run", "predictor=xgb"), f"{file} have that name. Try: rename {file}")


def test_option_with_two_files_that_say_the_same_is_taken(
    hwnas: Hwnas, own: Path, tmp_path: Path
) -> None:
    """As a device has that was measured by an earlier version and by this one."""
    assert own.is_dir()
    write_predictor(tmp_path / "added", "mine")
    shown = hwnas("run", "predictor=mine", "--config-dir", str(tmp_path / "added"), "--cfg", "job")
    assert OmegaConf.create(shown.stdout).predictor.name == "mine"


def test_option_of_the_user_that_is_no_yaml_is_refused(hwnas: Hwnas, own: Path) -> None:
    (own / "predictor" / "mine.yaml").write_text("name: [mine")
    check_mistake(hwnas("run", "predictor=mine"), "mine.yaml")


@pytest.mark.thorough
def test_study_runs_a_predictor_of_the_user(hwnas: Hwnas, own: Path, tmp_path: Path) -> None:
    assert own.is_dir()
    grid = ("experiment.grids.all.predictor=[mine]", "experiment.grids.all.n_train=[11]", "seed=0")
    run = hwnas("sweep", "experiment=quick", *grid, f"paths.outputs={tmp_path}")
    assert run.returncode == 0, run.stderr
    assert len(list(tmp_path.rglob("result.json"))) == 2


def test_folder_among_the_configurations_that_hides_a_key_is_named(
    hwnas: Hwnas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "onnx").mkdir()
    monkeypatch.setenv("HWNAS_CONF", str(tmp_path))
    done = hwnas("next", "space=nasbench201", f"onnx={tmp_path / 'onnx'}")
    assert done.returncode == 2
    assert f"the folder {tmp_path / 'onnx'} lies among your configurations" in done.stderr
    assert len(done.stderr.splitlines()) == 1
