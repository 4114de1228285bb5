"""``python -m hwnas.measure``: turn this machine into a dataset."""

from __future__ import annotations

import sys

from omegaconf import DictConfig

from hwnas._cli import run_hydra
from hwnas.measure._schema import register


def latency(cfg: DictConfig) -> None:
    """Measure latency with one backend."""
    # Imported here: --help and a configuration error answer without loading numerical libraries.
    from hwnas.measure._commands import latency as command

    command(cfg)


def accuracy(cfg: DictConfig) -> None:
    """Train cells on digits."""
    from hwnas.measure._commands import accuracy as command

    command(cfg)


if __name__ == "__main__":
    register()
    if sys.argv[1:2] == ["accuracy"]:
        del sys.argv[1]
        run_hydra(accuracy, "accuracy")
    else:
        run_hydra(latency, "measure")
