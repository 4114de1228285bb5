"""One experiment, or several with ``-m``: ``python run.py predictor=mlp dataset=hwnas/edgegpu``."""

from __future__ import annotations

from omegaconf import DictConfig

from hwnas._cli import run_hydra


def task(cfg: DictConfig) -> float:
    """Run the experiment and return its objective, Kendall's tau on the test set."""
    # Imported here: --help and a configuration error answer without loading numerical libraries.
    from hwnas.experiment import run

    return run(cfg)


if __name__ == "__main__":
    run_hydra(task, "run")
