"""A test that fails when a change here or in a library changes predictions."""

from __future__ import annotations

import json

import numpy as np

from tests.predictor.golden import FILE, compute


def test_deterministic_predictors_predict_golden_values() -> None:
    golden = json.loads(FILE.read_text())
    computed = compute()
    assert computed.keys() == golden.keys()
    for name, values in golden.items():
        np.testing.assert_allclose(computed[name], values, rtol=1e-6, err_msg=name)
