"""Encodings compared with examples computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import FeatureUnion

from hwnas.encoding import Live, OneHot, OperationCounts, Operations, PathEncoding, Structure
from hwnas.errors import UserError
from hwnas.predictor import Predictor
from hwnas.space import FBNet, NASBench201, TransNASMacro, TransNASMicro

# The edges 0>1, 0>2, 1>2, 0>3, 1>3, 2>3 have conv3, skip, pool, none, conv1, skip.
CELL = NASBench201().from_strings(
    ["|nor_conv_3x3~0|+|skip_connect~0|avg_pool_3x3~1|+|none~0|nor_conv_1x1~1|skip_connect~2|"]
)


def columns_of(encoded: np.ndarray) -> list[int]:
    assert set(np.unique(encoded)) <= {0.0, 1.0}
    return list(encoded[0].nonzero()[0])


def test_one_hot_cell_equals_columns_by_hand() -> None:
    encoded = OneHot(NASBench201()).fit_transform(CELL)
    assert encoded.shape == (1, 30)
    assert columns_of(encoded) == [0 + 3, 5 + 1, 10 + 4, 15 + 0, 20 + 2, 25 + 1]


def test_path_encoding_cell_equals_columns_by_hand() -> None:
    encoded = PathEncoding(NASBench201()).fit_transform(CELL)
    assert encoded.shape == (1, 155)
    one_edge = 0 + 0  # 0>3: none
    via_1 = 5 + 3 * 5 + 2  # 0>1>3: conv3, conv1
    via_2 = 5 + 1 * 5 + 1  # 0>2>3: skip, skip
    via_both = 30 + 3 * 25 + 4 * 5 + 1  # 0>1>2>3: conv3, pool, skip
    assert columns_of(encoded) == sorted([one_edge, via_1, via_2, via_both])


def test_path_encoding_two_paths_with_equal_operations_share_a_column() -> None:
    cell = np.array([[2, 2, 0, 0, 3, 3]], dtype=np.int8)  # conv1, conv3 through node 1 and node 2
    assert PathEncoding(NASBench201()).fit_transform(cell).sum() == 3


def test_operation_counts_cell_equals_counts_by_hand() -> None:
    counts = OperationCounts(NASBench201()).fit_transform(CELL)
    np.testing.assert_array_equal(counts, [[1, 2, 1, 1, 1]])


def test_live_dead_operations_are_encoded_as_none() -> None:
    # The only edge to node 1 is `none`, so the edges 1>2 and 1>3 are dead.
    dead = np.array([[0, 3, 2, 1, 4, 1]], dtype=np.int8)
    alive = np.array([[0, 3, 0, 1, 0, 1]], dtype=np.int8)
    space = NASBench201()
    for encoding in (OneHot, OperationCounts, PathEncoding, Operations):
        live = Live(encoding(space), space).fit_transform(dead)
        np.testing.assert_array_equal(live, encoding(space).fit_transform(alive))


def test_structure_cells_equals_its_four_parts_side_by_side() -> None:
    space = NASBench201()
    X = space.enumerate()[::777]
    parts = [
        OneHot(space).fit_transform(X),
        Live(OneHot(space), space).fit_transform(X),
        OperationCounts(space).fit_transform(X),
        Live(OperationCounts(space), space).fit_transform(X),
    ]
    np.testing.assert_array_equal(Structure(space).fit_transform(X), np.hstack(parts))


def test_structure_space_without_dead_operations_has_two_parts() -> None:
    assert Structure(TransNASMacro()).fit_transform([[1, 1, 1, 4, 0, 0]]).shape == (1, 35)


@pytest.mark.parametrize("encoding", [PathEncoding(), Live(PathEncoding())])
@pytest.mark.parametrize("space", [TransNASMacro(), FBNet()])
def test_path_encoding_space_without_cells_raises(
    encoding: PathEncoding, space: TransNASMacro
) -> None:
    X = np.ones((3, space.n_positions), dtype=np.int8)
    with pytest.raises(UserError, match="only on nasbench201, transnas_micro"):
        Predictor(space, encoding, Ridge()).fit(X, np.arange(3.0))


def test_feature_union_of_encodings_is_fitted_to_the_space() -> None:
    # `fit` sets the space of every part of its copy of the union, not of the original.
    union = FeatureUnion([("hot", OneHot()), ("paths", Live(PathEncoding()))])
    predictor = Predictor(TransNASMicro(), union, Ridge())
    X = TransNASMicro().enumerate()[::200]
    predictor.fit(X, X.sum(axis=1))
    assert predictor.pipeline_[:-1].transform(X).shape == (21, 24 + 84)
    assert union.transformer_list[0][1].space is None
