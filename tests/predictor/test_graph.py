"""Graph and token encodings compared with examples computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hwnas.encoding import Encoding, Graph, Tokens
from hwnas.encoding._graph import adjacency
from hwnas.errors import UserError
from hwnas.space import FBNet, NASBench201, SearchSpace, TransNASMacro, TransNASMicro

# Which operations each vertex feeds. The cell has the edges 0→1, 0→2, 1→2, 0→3, 1→3, 2→3.
BY_HAND = {
    "input": ["0→1", "0→2", "0→3"],
    "0→1": ["1→2", "1→3"],
    "0→2": ["2→3"],
    "1→2": ["2→3"],
    "0→3": ["output"],
    "1→3": ["output"],
    "2→3": ["output"],
    "output": [],
}
NAMES = ["input", "0→1", "0→2", "1→2", "0→3", "1→3", "2→3", "output"]


def test_adjacency_equals_connections_by_hand() -> None:
    fed = {NAMES[v]: [NAMES[t] for t in row.nonzero()[0]] for v, row in enumerate(adjacency())}
    assert fed == BY_HAND


def test_graph_vertices_have_the_operations_of_the_string() -> None:
    space = NASBench201()
    cell = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|avg_pool_3x3~1|none~2|"
    rows = Graph(space=space).fit_transform(space.from_strings([cell])).reshape(8, 8 + 7)
    operations = {name: int(row[8:].argmax()) for name, row in zip(NAMES, rows, strict=True)}
    words = (*space.operations, "input", "output")
    assert {name: words[operation] for name, operation in operations.items()} == {
        "input": "input",
        "0→1": "nor_conv_3x3",
        "0→2": "none",
        "1→2": "skip_connect",
        "0→3": "nor_conv_1x1",
        "1→3": "avg_pool_3x3",
        "2→3": "none",
        "output": "output",
    }
    np.testing.assert_array_equal(rows[:, :8], adjacency())
    assert (rows[:, 8:].sum(axis=1) == 1).all()


def test_graph_live_describes_dead_operation_as_none() -> None:
    space = TransNASMicro()
    # The operation of 0→1 is dead, because both edges that leave node 1 are `none`.
    rows = Graph(live=True, space=space).fit_transform(np.array([[3, 0, 0, 1, 0, 2]]))
    edge, chosen, live = np.split(rows.reshape(8, -1)[1], [8, 14])
    assert edge.nonzero()[0].tolist() == [3, 5]
    assert chosen.tolist() == [0, 0, 0, 1, 0, 0]
    assert live.tolist() == [1, 0, 0, 0, 0, 0]


def test_tokens_with_adjacency_equal_sequence_by_hand() -> None:
    cells = np.array([[3, 1, 2, 4, 0, 1]])
    tokens = Tokens(adjacency=True, space=NASBench201()).fit_transform(cells)[0].tolist()
    no, yes, operation = 1, 2, 3
    assert tokens == [
        *[yes, operation + 3],  # 0→1, from the input
        *[yes, no, operation + 1],  # 0→2, from the input
        *[no, yes, no, operation + 2],  # 1→2, from 0→1
        *[yes, no, no, no, operation + 4],  # 0→3, from the input
        *[no, yes, no, no, no, operation + 0],  # 1→3, from 0→1
        *[no, no, yes, yes, no, no, operation + 1],  # 2→3, from 0→2 and 1→2
        *[no, no, no, no, yes, yes, yes, operation + 5],  # output, from 0→3, 1→3 and 2→3
    ]


def test_tokens_live_dead_operation_gets_another_token() -> None:
    # In the first cell both edges to node 2 are `none`, so operation 4 on edge 2→3 is dead.
    cells = np.array([[1, 0, 0, 2, 3, 4], [1, 2, 0, 2, 3, 4]])
    tokens = Tokens(live=True, space=NASBench201()).fit_transform(cells)
    assert tokens.tolist() == [[1, 0, 0, 2, 3, 5 + 4], [1, 2, 0, 2, 3, 4]]


@pytest.mark.parametrize("encoding", [Graph, Tokens])
@pytest.mark.parametrize("space", [TransNASMacro(), FBNet()])
def test_graph_and_tokens_space_without_cells_raises(
    encoding: type[Encoding], space: SearchSpace
) -> None:
    with pytest.raises(UserError, match=f"{space.name}, only on nasbench201, transnas_micro"):
        encoding(space=space).fit(np.zeros((1, space.n_positions), dtype=np.int8))
