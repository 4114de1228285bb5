"""How fast the selection simulator is: ``python -m benchmarks.simulator``.

Times one trial (11 noise levels) at every candidate-set size on a synthetic table of 15,625
architectures, the whole paper simulation scaled from it, and the peak memory. The study's code
needed 14.1 CPU seconds a trial at 15,625: a figure stated from another run on another machine,
with which the ratio is to be read.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import platform
import resource
import time

import numpy as np

from hwnas.measure import machine_facts
from hwnas.selection import CANDIDATES, SIGMAS, simulate

STUDY_SECONDS = 14.1
DATA_SETS, TRIALS = 5, 100


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(0)
    cost = rng.gamma(2.0, 3.0, max(CANDIDATES))
    accuracy = np.clip(60 + 2 * cost + rng.normal(0, 5, len(cost)), 1, 95)
    print(
        f"{machine_facts()['cpu']}, one core, Python {platform.python_version()}, "
        f"NumPy {np.__version__}"
    )
    print(f"{'candidates':>10}  CPU s a trial of {len(SIGMAS)} noise levels")
    seconds = {}
    for size in CANDIDATES:
        trials = max(10, 20_000 // size)
        simulate(accuracy, cost, [size], trials=1)
        start = time.process_time()
        simulate(accuracy, cost, [size], trials=trials)
        seconds[size] = (time.process_time() - start) / trials
        print(f"{size:>10}  {seconds[size]:.4f}")
    largest = seconds[max(CANDIDATES)]
    whole = DATA_SETS * TRIALS * sum(seconds.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{STUDY_SECONDS / largest:.0f} times the study's code (its {STUDY_SECONDS} CPU s a trial "
        "are a stated figure of another run)"
    )
    print(f"whole paper simulation (5 data sets x 6 sizes x 100 trials): {whole:.0f} s, scaled")
    print(f"peak memory {peak:.0f} MiB")


if __name__ == "__main__":
    main()
