"""Workers that are lost while a study runs: the command starts the rest again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool

import pytest

from hwnas.study import _actions, _launch
from tests.study.sweeping import CHEAP, QUICK, Sweep

pytestmark = pytest.mark.thorough

Launch = Callable[[Sequence[Sequence[str]]], list[BaseException]]


@pytest.fixture
def losing(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, BaseException], list[int]]:
    """Return a function that lets the first launches end with an error after one task."""
    launch: Launch = _launch.launch

    def lose(times: int, error: BaseException) -> list[int]:
        sizes: list[int] = []

        def launch_some(tasks: Sequence[Sequence[str]]) -> list[BaseException]:
            sizes.append(len(tasks))
            if len(sizes) > times:
                return launch(tasks)
            return [*launch(tasks[:1]), error]

        monkeypatch.setattr(_actions, "launch", launch_some)
        return sizes

    return lose


GRID = (*QUICK, *CHEAP[:-3], "experiment.grids.all.predictor=[ridge,lin_reg]", "n_train=11")


def test_sweep_lost_worker_of_a_pool_the_rest_runs_again(
    sweep: Sweep, losing: Callable[[int, BaseException], list[int]]
) -> None:
    sizes = losing(1, BrokenProcessPool("a worker was killed"))
    run = sweep(*GRID, "seed=0")
    assert sizes == [2, 1]
    assert run.failed == 0
    assert "done       2\nfailed     0\nmissing    0" in run.printed
    assert "crashed" not in run.printed


def test_sweep_worker_lost_every_time_ends(
    sweep: Sweep, losing: Callable[[int, BaseException], list[int]]
) -> None:
    sizes = losing(9, BrokenProcessPool("a worker was killed"))
    grid = ("experiment.grids.all.seed=[0]", "experiment.grids.all.n_train=[11,13,17]")
    run = sweep(*GRID[:-1], *grid)
    assert sizes == [6, 5, 4]
    assert run.failed == 1
    assert "crashed    BrokenProcessPool: a worker was killed" in run.printed


def test_sweep_worker_lost_with_nothing_left_to_do_has_not_failed(
    sweep: Sweep, losing: Callable[[int, BaseException], list[int]]
) -> None:
    sizes = losing(1, BrokenProcessPool("a worker was killed"))
    assert sweep(*GRID, "experiment.grids.all.predictor=[ridge]", "seed=0").failed == 0
    assert sizes == [1]


def test_sweep_other_error_of_the_launcher_is_not_repeated(
    sweep: Sweep, losing: Callable[[int, BaseException], list[int]]
) -> None:
    sizes = losing(1, RuntimeError("a job of the cluster was cancelled"))
    run = sweep(*GRID, "seed=0")
    assert sizes == [2]
    assert run.failed == 1
