"""Architectures may be given to a predictor as strings."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from hwnas.encoding import OneHot
from hwnas.predictor import Predictor
from hwnas.space import FBNet, NASBench201, SearchSpace, TransNASMacro, TransNASMicro
from tests.predictor.members import additive, draw

SPACES = [NASBench201(), TransNASMicro(), TransNASMacro(), FBNet()]


def ridge(space: SearchSpace) -> Predictor:
    return Predictor(space, OneHot(), Ridge())


@pytest.mark.parametrize("space", SPACES, ids=lambda space: str(space.name))
def test_predictor_given_strings_equals_given_indices(space: SearchSpace) -> None:
    X, held_out = draw(space, 30, seed=0), draw(space, 10, seed=1)
    y = additive(space, X)
    expected = ridge(space).fit(X, y).predict(held_out)
    from_list = ridge(space).fit(space.to_strings(X), y)
    np.testing.assert_array_equal(from_list.predict(space.to_strings(held_out)), expected)
    for dtype in (np.str_, object):
        strings = np.array(space.to_strings(held_out), dtype=dtype)
        np.testing.assert_array_equal(from_list.predict(strings), expected)


def test_predictor_given_a_wrong_string_names_it() -> None:
    space = NASBench201()
    X = draw(space, 30, seed=0)
    predictor = ridge(space).fit(X, additive(space, X))
    wrong = [*space.to_strings(X[:2]), "|nor_conv_5x5~0|"]
    with pytest.raises(ValueError, match=r"\|nor_conv_5x5~0\|"):
        predictor.predict(wrong)
    with pytest.raises(ValueError, match=r"\|nor_conv_5x5~0\|"):
        predictor.fit(wrong, [1.0, 2.0, 3.0])


def test_predictor_given_one_string_asks_for_a_list() -> None:
    space = NASBench201()
    X = draw(space, 30, seed=0)
    predictor = ridge(space).fit(X, additive(space, X))
    with pytest.raises(ValueError, match="list of architecture strings"):
        predictor.predict(space.to_strings(X[:1])[0])
