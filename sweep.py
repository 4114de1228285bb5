"""A study, what is missing of it: ``python sweep.py experiment=quick``."""

from __future__ import annotations

import os
import sys

from omegaconf import DictConfig

from hwnas._cli import run_hydra

# One thread a worker: oversubscribed OpenMP makes boosting libraries 30 times slower. Set before
# anything numerical is imported, and inherited by the launcher's processes.
for _variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")


def task(cfg: DictConfig) -> int:
    """Run, count or report on a study; return how many cells failed to run."""
    from hwnas.study import act

    failed = act(cfg)
    if failed:
        sys.exit(1)
    return failed


if __name__ == "__main__":
    if sys.argv[1:2] in (["status"], ["report"]):
        sys.argv[1] = f"action={sys.argv[1]}"
    run_hydra(task, "sweep")
