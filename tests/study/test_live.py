"""The task of live measuring."""

from __future__ import annotations

from typing import Any

import pytest
from omegaconf import OmegaConf

from hwnas.study.tasks import _live, run_live
from tests.tables import whole_table


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return the rows of a table with 400 candidates, all of which size 400 measures."""
    monkeypatch.setattr(_live, "load", lambda _: whole_table(400))
    monkeypatch.setattr(_live, "check", lambda *_: None)
    monkeypatch.setattr(_live, "reference_config", lambda _: None)
    settings = {"live_sizes": [5, 50, 400, 2000], "trials": 4}
    (outcome,) = run_live(OmegaConf.create({"experiment": {"settings": settings}}), [0])
    return [dict(row) for row in outcome.rows]


def test_run_live_more_measurements_lose_less(rows: list[dict[str, Any]]) -> None:
    retained = [row["live.retained_hypervolume"] for row in rows]
    assert retained == sorted(retained)
    assert retained[0] < 0.99
    mras = [row["live.mra_percent"] for row in rows]
    assert mras == sorted(mras, reverse=True)


def test_run_live_all_candidates_lose_nothing(rows: list[dict[str, Any]]) -> None:
    last = rows[-1]
    assert (last["live.n_measured"], last["live.trials"]) == (400, 4)
    assert (last["live.retained_hypervolume"], last["live.mra_percent"]) == (1.0, 0.0)
    assert last["live.retained_hypervolume_sem"] == 0.0
