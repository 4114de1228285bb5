"""Linear algebra uses one thread for few rows, else the number of the caller."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from hwnas.predictor._threads import blas_threads
from hwnas.predictor.gp import ExactGP, _exact, fit_hyperparameters


def threads() -> set[int]:
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


@pytest.mark.parametrize(("n_rows", "expected"), [(100, {1}), (15_000, {2})])
def test_blas_threads_few_rows_uses_one_thread(n_rows: int, expected: set[int]) -> None:
    with threadpool_limits(2, user_api="blas"):
        with blas_threads(n_rows):
            assert threads() == expected
        assert threads() == {2}


def test_exact_gp_fit_few_rows_uses_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def spy(*arguments: Any, **options: Any) -> object:
        seen.append(threads())
        return fit_hyperparameters(*arguments, **options)

    monkeypatch.setattr(_exact, "fit_hyperparameters", spy)
    with threadpool_limits(2, user_api="blas"):
        ExactGP().fit(np.eye(5), np.arange(5.0))
    assert seen == [{1}]
