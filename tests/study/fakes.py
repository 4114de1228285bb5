"""Grid points that cost nothing, for tests of the machinery around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from omegaconf import DictConfig

from hwnas.experiment import REVISIONS
from hwnas.study import Outcome


def run(cfg: DictConfig, seeds: Sequence[int]) -> Iterator[Outcome]:
    """Yield one outcome a seed; seed 1 fails as long as the file ``broken`` is there."""
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
