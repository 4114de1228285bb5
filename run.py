"""One experiment, or several with ``-m``: ``python run.py predictor=mlp dataset=hwnas/edgegpu``."""

from __future__ import annotations

from omegaconf import DictConfig

from hwnas._cli import run_hydra
from hwnas._composition import check, reference_config
from hwnas.errors import UserError


def task(cfg: DictConfig) -> float:
    """Run the experiment and return its objective, Kendall's tau on the test set."""
    if cfg.experiment is not None:
        name = cfg.experiment.name
        raise UserError(
            f"experiment={name}: it is a study", mend=f"python sweep.py experiment={name}"
        )
    reference = reference_config(cfg)
    check(cfg, reference)
    # Imported here: --help and a configuration error answer without loading numerical libraries.
    from hwnas.experiment import run

    return run(cfg, reference)


if __name__ == "__main__":
    run_hydra(task, "run")
