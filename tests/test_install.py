"""hwnas installed from its wheel, in editable mode and not at all; with and without its extras."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hwnas import __version__
from hwnas.composition import CONF, options
from hwnas.errors import UserError
from hwnas.extras import EXTRAS, install_command, is_installed, missing_library
from tests.commands import ROOT, python

SMALL = ("tuning=none", "n_train=20", "n_test=50", "selection=none", "artifacts=result")
PARTS = ("hwnas", "conf", "pyproject.toml", "setup.py", "README.md", "LICENSE")
#: Where this environment's libraries are.
LIBRARIES = ":".join(path for path in sys.path if path.endswith("-packages"))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of what a wheel is made of; setuptools writes into it."""
    folder = tmp_path_factory.mktemp("checkout")
    for part in PARTS:
        if (ROOT / part).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / part, folder / part, ignore=ignored)
        else:
            shutil.copy(ROOT / part, folder / part)
    return folder


def build(checkout: Path, kind: str, folder: Path) -> Path:
    """Build a wheel as pip does, and return where its files lie, ready to be imported."""
    code = f"from setuptools.build_meta import {kind} as build; build({str(folder)!r})"
    done = python("-c", code, cwd=checkout)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(checkout, "build_wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def editable(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(checkout, "build_editable", tmp_path_factory.mktemp("editable"))


#: How each command of a group ended, by group.
Ended = dict[str, list[dict[str, Any]]]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(params=["wheel", "editable", "checkout"])
def installed(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Run, Path]:
    """Return a function that runs code in an empty folder, and where the configuration is."""
    site: Path = request.getfixturevalue(request.param)
    checkout: Path = request.getfixturevalue("checkout")
    conf = site / "hwnas" / "conf" if request.param == "wheel" else checkout / "conf"

    def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        # -S: an hwnas that this environment has is not found. A site folder is one whose .pth files
        # are run, as those of an editable installation have to be. They import a module by its
        # name, which this environment's own editable installation has too: the folder comes first.
        first = f"import site, sys; sys.path.insert(0, {str(site)!r})"
        start = f"{first}; site.addsitedir({str(site)!r}); {code}"
        return python("-S", "-c", start, *arguments, cwd=tmp_path, PYTHONPATH=LIBRARIES)

    return run, conf


@pytest.mark.thorough
def test_installed_hwnas_runs_in_an_empty_folder(
    installed: tuple[Run, Path], tmp_path: Path
) -> None:
    run, conf = installed
    code = "from hwnas.composition import CONF; print(CONF); from hwnas.cli import main; main()"
    done = run(code, "run", *SMALL, "tracking=off")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == str(conf)
    assert len(list((tmp_path / "outputs").rglob("result.json"))) == 1


@pytest.mark.thorough
def test_wheel_carries_what_hwnas_reads(wheel: Path) -> None:
    inside = {path.relative_to(CONF).as_posix() for path in CONF.rglob("*.yaml")}
    carried = wheel / "hwnas" / "conf"
    assert {path.relative_to(carried).as_posix() for path in carried.rglob("*.yaml")} == inside
    tables = sorted(path.name for path in (ROOT / "hwnas/dataset/tables").iterdir())
    assert sorted(path.name for path in (wheel / "hwnas/dataset/tables").iterdir()) == tables
    assert (wheel / "hwnas" / "py.typed").is_file()
    about = wheel / f"hwnas-{__version__}.dist-info"
    assert "hwnas = hwnas.cli:main" in (about / "entry_points.txt").read_text()
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "hwnas").rglob("*.py")}
    assert {path.relative_to(wheel).as_posix() for path in wheel.rglob("*.py")} == modules


def test_extras_install_the_libraries_that_the_table_names() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        extras: dict[str, list[str]] = tomllib.load(file)["project"]["optional-dependencies"]
    assert {*extras} - {"all", "dev", "docs"} == {*EXTRAS.values()}
    for library, extra in EXTRAS.items():
        package = "nvidia_ml_py" if library == "pynvml" else library
        assert any(each.replace("-", "_").startswith(package) for each in extras[extra])
    (everything,) = extras["all"]
    assert {*everything.removeprefix("hwnas[").removesuffix("]").split(",")} == {*EXTRAS.values()}


def test_missing_library_is_found_behind_other_errors() -> None:
    error = RuntimeError("cannot be made")
    error.__cause__ = ImportError("Error loading 'lightgbm.LGBMRegressor'")
    error.__cause__.__cause__ = ModuleNotFoundError(name="lightgbm")
    assert missing_library(error) == "lightgbm"


def test_missing_module_of_an_installed_library_is_no_missing_library() -> None:
    assert missing_library(ModuleNotFoundError(name="torch.nothing")) is None
    assert missing_library(ModuleNotFoundError(name="hwnas.nothing")) is None


def test_folder_with_the_name_of_a_library_is_no_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "not_a_library").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert not is_installed("not_a_library")
    assert is_installed("numpy")


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for PYTHONPATH in which no library of an extra can be imported."""
    folder = tmp_path_factory.mktemp("core")
    (folder / "sitecustomize.py").write_text(
        "import sys\n"
        "from importlib.machinery import PathFinder\n"
        "class Core(PathFinder):\n"
        "    @classmethod\n"
        "    def find_spec(cls, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {sorted(EXTRAS)!r}:\n"
        "            return None\n"
        "        return super().find_spec(name, path, target)\n"
        "sys.meta_path[:] = [Core if each is PathFinder else each for each in sys.meta_path]\n"
    )
    return folder


#: All predictors, without the settings of the paper.
PREDICTORS = [name for name in options("predictor") if "/" not in name]
#: A file that only torch can read.
TRANSNAS = "transnas-bench_v10141024.pth"
#: What a command says that needs a library.
COMMANDS = {
    "measure n_architectures=2": "backend=onnxruntime: onnxruntime is not installed",
    "measure n_architectures=2 backend=torch": "backend=torch: torch is not installed",
    "accuracy n_architectures=2": "error: torch is not installed",
    "run selection.verify=device tracking=off": "onnxruntime is not installed. Try: pip",
    "run tuning.sampler._target_=optuna.samplers.GPSampler tracking=off": "torch is not",
    "report .": "jinja2 is not installed. Try: pip",
    "run tracking.mode=online": "tracking.mode=online: wandb is not installed",
    "advise predictors=[mlp]": "predictors=[mlp]: torch is not installed",
}


@pytest.fixture(scope="module")
def ended(core: Path) -> Ended:
    """Return how commands ended, by the test that reads it.

    They run one after another in one process, because each process imports the libraries anew.
    """
    (core / TRANSNAS).write_bytes(b"anything")
    nothing = [f"paths.data={core}", f"paths.outputs={core}"]
    grid = ["experiment.grids.all.predictor=[lgb]", "experiment.grids.all.n_train=[11]", "seed=0"]
    commands = {
        "predictors": [["run", f"predictor={n}", *SMALL, "tracking=off"] for n in PREDICTORS],
        "commands": [[*arguments.split(), *nothing] for arguments in COMMANDS],
        "doctor": [["doctor", "--data", str(core)]],
        "advice": [["advise", "predictors=[ridge,xgb]", "scenarios=2", "repeats=2"]],
        "study": [["sweep", "experiment=quick", *grid]],
    }
    ends = iter(run_core(core, *(each for group in commands.values() for each in group)))
    return {name: [next(ends) for _ in group] for name, group in commands.items()}


def run_core(core: Path, *commands: list[str]) -> list[dict[str, Any]]:
    """Run commands one after another in one process, and return how each ended."""
    script = core / "script.py"
    script.write_text(
        "import contextlib, io, json, sys\n"
        "from hwnas.cli import main\n"
        f"for arguments in {list(commands)!r}:\n"
        "    out, err, code = io.StringIO(), io.StringIO(), 0\n"
        "    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):\n"
        "        try:\n"
        "            main(arguments)\n"
        "        except SystemExit as end:\n"
        "            code = end.code\n"
        "    print(json.dumps({'code': code, 'out': out.getvalue(), 'err': err.getvalue()}))\n"
    )
    done = python(str(script), cwd=core, PYTHONPATH=f"{core}:{ROOT}", WANDB_API_KEY="0" * 40)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.thorough
def test_core_runs_the_whole_pipeline_and_says_that_nothing_is_tracked(core: Path) -> None:
    names = ["ridge", "gp", "best"]
    small = ["n_train=40", "n_test=100", "tuning.n_trials=2"]
    done = python(
        *(str(ROOT / "run.py"), "-m", f"predictor={','.join(names)}", *small),
        cwd=core,
        PYTHONPATH=str(core),
    )
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == len(names)
    assert all("tracking=wandb: W&B is not installed" in line for line in lines)
    assert len(list((core / "outputs").rglob("fronts.png"))) == len(names)
    results = [json.loads(file.read_text()) for file in (core / "outputs").rglob("result.json")]
    versions = [result["provenance"]["environment"] for result in results]
    assert all("numpy" in each for each in versions)


@pytest.mark.thorough
def test_core_says_which_extra_a_predictor_needs(ended: Ended) -> None:
    ends = dict(zip(PREDICTORS, ended["predictors"], strict=True))
    without = {name for name, end in ends.items() if end["code"] == 0}
    assert without == {
        *("best", "gp", "lin_reg", "ridge", "bayes_lin_reg", "rf", "svr", "lut", "transfer"),
    }
    boosting = {"xgb": "xgboost", "lgb": "lightgbm", "ngb": "ngboost"}
    for name in {*PREDICTORS} - without:
        assert ends[name]["code"] == 2
        library = boosting.get(name, "torch")
        expected = f"predictor={name}: {library} is not installed. Try: "
        assert ends[name]["err"] == f"error: {expected}{install_command(EXTRAS[library])}\n"


@pytest.mark.thorough
def test_core_says_which_extra_a_command_needs(ended: Ended) -> None:
    for end, line in zip(ended["commands"], COMMANDS.values(), strict=True):
        assert end["code"] == 2
        assert line in end["err"]
        assert end["err"].count("\n") == 1


@pytest.mark.thorough
def test_core_doctor_describes_the_other_tables(core: Path, ended: Ended) -> None:
    (doctor,) = ended["doctor"]
    assert doctor["code"] == 2
    assert "local/cpu" in doctor["out"]
    problem = f"{core / TRANSNAS}: torch is not installed"
    assert doctor["err"] == f"error: {problem}. Try: {install_command('torch')}\n"


@pytest.mark.thorough
def test_core_advice_leaves_out_what_is_not_installed(
    ended: Ended,
) -> None:
    (advice,) = ended["advice"]
    assert advice["code"] == 0
    assert "predictors: xgb is left out: xgboost is not installed" in advice["err"]
    assert "fit ridge" in advice["out"]


@pytest.mark.thorough
def test_core_study_tells_of_each_grid_point_what_it_needs(
    ended: Ended,
) -> None:
    (study,) = ended["study"]
    assert study["code"] == 1
    assert study["out"].count(": lightgbm is not installed. Try: ") == 2


def test_install_command_of_a_checkout_names_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.Distribution.discover", lambda **_: iter(()))
    with pytest.raises(UserError, match="pip install -e"):
        raise UserError("", remedy=install_command("torch"))


def test_install_command_of_an_installed_hwnas_names_the_libraries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needed = [
        "numpy<3,>=2.2",
        'xgboost-cpu<4,>=3.2; sys_platform != "nowhere" and extra == "boosting"',
        'xgboost<4,>=3.2; sys_platform == "nowhere" and extra == "boosting"',
        'torch>=2.8; extra == "torch"',
    ]
    monkeypatch.setattr("importlib.metadata.requires", lambda _: needed)
    assert install_command("boosting") == "pip install 'xgboost-cpu<4,>=3.2'"
