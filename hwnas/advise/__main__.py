"""``python -m hwnas.advise``: how to spend a time budget."""

from __future__ import annotations

from omegaconf import DictConfig

from hwnas._cli import run_hydra
from hwnas.advise._schema import register


def task(cfg: DictConfig) -> None:
    """Print the plan to follow."""
    # Imported here: --help and a configuration error answer without loading numerical libraries.
    from hwnas.advise._command import advise

    advise(cfg)


if __name__ == "__main__":
    register()
    run_hydra(task, "advise")
