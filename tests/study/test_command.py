"""The command that a study prints for its missing grid points."""

from __future__ import annotations

from pathlib import Path

from tests.commands import ROOT, in_process

EXPERIMENTS = sorted(path.stem for path in (ROOT / "conf" / "experiment").glob("*.yaml"))


def test_sweep_config_dir_given_is_part_of_the_printed_command(tmp_path: Path) -> None:
    (tmp_path / "predictor").mkdir()
    mine = (ROOT / "conf" / "predictor" / "lin_reg.yaml").read_text()
    (tmp_path / "predictor" / "mine.yaml").write_text(mine.replace("lin_reg", "mine"))
    some = ["experiment=quick", "predictor=mine", "experiment.grids.all.predictor=[mine]", "seed=0"]
    outputs = f"paths.outputs={tmp_path / 'outputs'}"
    run = in_process("sweep", "--config-dir", str(tmp_path), *some, outputs, "action=status")
    command = run.stdout.partition("to run the rest: ")[2].splitlines()[0]
    assert f"--config-dir {tmp_path}" in command


def test_experiments_state_their_command_and_name() -> None:
    papers = {
        f"paper_{name}" for name in ("claims", "hwnas", "transnas", "simulation", "lut_table")
    }
    assert {"quick", *papers} <= set(EXPERIMENTS)
    for name in EXPERIMENTS:
        text = (ROOT / "conf" / "experiment" / f"{name}.yaml").read_text()
        assert text.startswith(f"# hwnas sweep experiment={name}")
        assert f"\nname: {name}\n" in text
