"""The command ``sweep`` in the process of a test."""

from __future__ import annotations

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from omegaconf import open_dict

from hwnas.composition import register
from hwnas.study import act
from tests.commands import ROOT
from tests.study.sweeping import Run, Sweep


@pytest.fixture
def sweep(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Sweep:
    """Return a function that runs the command ``sweep`` in this process."""

    def run(*arguments: str, outputs: Path = tmp_path) -> Run:
        register()
        overrides = [*arguments, f"paths.outputs={outputs}", f"paths.data={tmp_path / 'none'}"]
        with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
            cfg = compose("sweep", overrides, return_hydra_config=True)
            HydraConfig.instance().set_config(cfg)
            with open_dict(cfg):
                del cfg["hydra"]
            failed = act(cfg)
        return Run(failed, capsys.readouterr().out)

    return run
