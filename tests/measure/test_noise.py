"""The noise of passes, the facts about the machine, and the measuring order."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import kendalltau

from hwnas.errors import UserError
from hwnas.measure import _machine
from hwnas.measure._machine import machine_facts
from hwnas.measure._noise import judge, tau_between
from hwnas.measure._order import measuring_order, sample_size_covering
from hwnas.measure._pass import summary
from hwnas.space import FBNet, NASBench201, TransNASMicro


def passes(noise: float, n_passes: int = 4) -> np.ndarray:
    random = np.random.default_rng(0)
    true = random.uniform(1, 5, size=400)
    return true * np.exp(noise * random.standard_normal((n_passes, 400)))


def test_judge_noisy_passes_are_called_noisy() -> None:
    quiet, noisy = judge(passes(0.01)), judge(passes(0.3))
    assert not quiet.noisy
    assert noisy.noisy
    assert quiet.tau > 0.98 > 0.9 > noisy.tau
    assert "NOISY" in str(noisy)
    assert "NOISY" not in str(quiet)


def test_judge_halves_are_even_and_odd_passes() -> None:
    values = passes(0.2)
    halves = np.median(values[[0, 2]], axis=0), np.median(values[[1, 3]], axis=0)
    assert judge(values).tau == pytest.approx(kendalltau(*halves).statistic)


def test_judge_slow_pass_has_drift() -> None:
    values = passes(0.01)
    values[2] *= 1.2
    assert judge(values).drift == pytest.approx(0.2, abs=0.02)
    assert judge(values).noisy


def test_judge_one_pass_has_no_tau() -> None:
    judged = judge(passes(0.01, n_passes=1))
    assert math.isnan(judged.tau)
    assert judged.noisy
    assert (
        str(judged)
        == "one pass of 400 architectures does not show the noise (passes=2 adds a pass)"
    )


def test_tau_between_three_rows_is_mean_over_pairs() -> None:
    values = np.array([[1.0, 2, 3], [1, 2, 3], [3, 2, 1]])
    assert tau_between(values) == pytest.approx((1 - 1 - 1) / 3)


def test_summary_equals_hand_computed() -> None:
    assert summary(np.array([5.0, 1.0, 3.0, 4.0, 100.0])) == {
        "median": 4.0,
        "mad": 1.0,
        "minimum": 1.0,
    }


def test_machine_facts_have_cpu_load_and_system() -> None:
    facts = machine_facts()
    assert {"cpu", "cores", "governor", "load", "started"} <= set(facts)
    assert all(facts.values())


@pytest.mark.parametrize(
    ("cpuinfo", "device_tree", "cpu"),
    [
        ("model\t: 5\nmodel name\t: Xeon @ 2.0\n", "A Board", "Xeon @ 2.0"),
        ("processor\t: 0\n\nModel\t\t: Raspberry Pi 5\n", "A Board", "Raspberry Pi 5"),
        ("processor\t: 0\n", "A Board\0", "A Board"),
    ],
)
def test_machine_facts_unnamed_cpu_has_name_of_board(
    cpuinfo: str, device_tree: str, cpu: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("_CPUINFO", cpuinfo), ("_DEVICE_TREE", device_tree)):
        (tmp_path / name).write_text(text)
        monkeypatch.setattr(_machine, name, tmp_path / name)
    assert machine_facts()["cpu"] == cpu


def test_measuring_order_has_every_network_once_and_stable_prefix() -> None:
    space = NASBench201()
    order = measuring_order(space, None, 0)
    assert len(order) == 7122
    networks = space.network_representative(space.from_strings(order))
    assert len(set(networks.tolist())) == 7122
    assert measuring_order(space, 100, 0) == order[:100]
    assert measuring_order(space, 100, 1) != order[:100]


def test_measuring_order_large_space_is_random_sample() -> None:
    assert len(measuring_order(FBNet(), 20, 0)) == 20
    assert measuring_order(FBNet(), 5, 0) == measuring_order(FBNet(), 20, 0)[:5]
    with pytest.raises(UserError, match="too large to measure as a whole"):
        measuring_order(FBNet(), None, 0)
    with pytest.raises(UserError, match="at least 1"):
        measuring_order(TransNASMicro(), 0, 0)


def test_sample_size_covering_ends_at_last_architecture() -> None:
    space = TransNASMicro()
    order = measuring_order(space, None, 3)
    assert sample_size_covering(space, [order[7], order[2]], 3) == 8
    assert sample_size_covering(space, [order[0], order[-1]], 3) is None
    drawn = measuring_order(FBNet(), 50, 3)
    assert sample_size_covering(FBNet(), [drawn[9], drawn[40]], 3) == 41
