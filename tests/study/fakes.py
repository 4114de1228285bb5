"""A task that computes nothing, for tests of the ledger and of jobs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from omegaconf import DictConfig

from hwnas.experiment import REVISIONS
from hwnas.study import Outcome


def run(cfg: DictConfig, seeds: Sequence[int]) -> Iterator[Outcome]:
    """Yield one outcome for each seed. Seed 1 fails while the file ``broken`` exists."""
    outputs = Path(cfg.paths.outputs)
    with (outputs / "calls").open("a") as calls:
        calls.write(f"{list(seeds)}\n")
    for seed in seeds:
        if seed == 1 and (outputs / "broken").exists():
            raise FloatingPointError("diverged")
        folder = outputs / f"result{seed}"
        folder.mkdir(exist_ok=True)
        (folder / "result.json").write_text("{}")
        row = {"scores.kendall_tau": 0.5 + seed, "revision.data": REVISIONS["data"]}
        yield Outcome(seed, "done", (row,), folder.name)
