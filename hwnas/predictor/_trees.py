"""Conversion of scikit-learn's regression trees to arrays and back.

All trees of a file share the arrays: the nodes of one tree follow those of the tree before.
Separate arrays for each tree, with eight bytes per number, would take three times the space.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = dict[str, NDArray[Any]]

_CHILDREN = ("left_child", "right_child")
#: This column would double a forest's size. Only feature importances use it, no prediction does.
_LEFT_OUT = "impurity"
_PER_TREE = ("n_features", "max_depth", "n_nodes")


def is_tree(value: object) -> bool:
    """Return whether a value is the attribute ``tree_`` of a fitted scikit-learn tree."""
    return f"{type(value).__module__}.{type(value).__name__}" == "sklearn.tree._tree.Tree"


def columns_of(trees: list[Any]) -> Columns:
    """Return trees as arrays.

    Three arrays have one number per tree, ``leaf_value`` has one per leaf, and the others have one
    per node. A child is stored as its distance to its parent in the array of nodes, and 0 means no
    child. Values of inner nodes and impurities are left out, because no prediction uses them.

    Raises
    ------
    ValueError
        If a tree predicts several values at once.
    """
    if any(tree.n_outputs != 1 for tree in trees):
        raise ValueError("a tree predicts several values at once")
    states = [tree.__getstate__() for tree in trees]
    nodes = np.concatenate([state["nodes"] for state in states])
    columns = {
        "n_features": np.array([tree.n_features for tree in trees]),
        "max_depth": np.array([state["max_depth"] for state in states]),
        "n_nodes": np.array([len(state["nodes"]) for state in states]),
        "leaf_value": np.concatenate([state["values"].reshape(-1) for state in states]),
    }
    leaf = nodes["left_child"] < 0
    columns["leaf_value"] = columns["leaf_value"][leaf]
    place = _indices_in_tree(columns["n_nodes"])
    for field in sorted(set(nodes.dtype.fields or {}) - {_LEFT_OUT}):
        column = nodes[field]
        if field in _CHILDREN:
            column = np.where(leaf, 0, column - place)
        columns[field] = column
    return {name: _narrowed(column) for name, column in columns.items()}


def trees_of(columns: Columns) -> list[Any]:
    """Return the trees of arrays that :func:`columns_of` made; numbers left out are NaN.

    Raises
    ------
    ValueError
        If the arrays are no valid trees. With them, scikit-learn would read outside of its memory
        or loop for ever.
    """
    _check(columns)
    n_nodes = columns["n_nodes"].astype(np.int64)
    leaf = columns["left_child"] == 0
    place = _indices_in_tree(n_nodes)
    make, (_, *outputs), state = _example_tree()
    nodes = np.zeros(len(leaf), dtype=state["nodes"].dtype)
    nodes[_LEFT_OUT] = np.nan
    for field in set(columns) - {*_PER_TREE, "leaf_value"}:
        nodes[field] = columns[field]
    for field in _CHILDREN:
        nodes[field] = np.where(leaf, -1, columns[field] + place)
    values = np.full((len(leaf), 1, 1), np.nan)
    values[leaf, 0, 0] = columns["leaf_value"]
    trees = []
    end = 0
    for size, n_features, depth in zip(
        n_nodes.tolist(), columns["n_features"].tolist(), columns["max_depth"].tolist(), strict=True
    ):
        start, end = end, end + size
        tree = make(n_features, *outputs)
        own = {"nodes": nodes[start:end], "values": values[start:end]}
        tree.__setstate__({**state, **own, "max_depth": depth, "node_count": size})
        trees.append(tree)
    return trees


def _check(columns: Columns) -> None:
    if any(columns[name].dtype.kind not in "iu" for name in (*_PER_TREE, *_CHILDREN, "feature")):
        raise ValueError(
            "the numbers of nodes, children and features in the trees are not integers"
        )
    n_nodes = columns["n_nodes"].astype(np.int64)
    if not len(n_nodes) or n_nodes.min() < 1:
        raise ValueError("a tree has no nodes")
    # Python's integers, because a sum in NumPy may overflow to the expected number.
    total = sum(n_nodes.tolist())
    for name, column in columns.items():
        expected = len(n_nodes) if name in _PER_TREE else total
        if name == "leaf_value":
            expected = np.count_nonzero(columns["left_child"] == 0)
        if column.shape != (expected,):
            raise ValueError(
                f"the trees need {expected} numbers of {name}, got shape {column.shape}"
            )
    left, right = (columns[name].astype(np.int64) for name in _CHILDREN)
    leaf = left == 0
    to_end = np.repeat(n_nodes, n_nodes) - _indices_in_tree(n_nodes)
    if not np.array_equal(leaf, right == 0) or min(left.min(), right.min()) < 0:
        raise ValueError("a tree has a node with a single child, or with a child before its parent")
    if (left >= to_end).any() or (right >= to_end).any():
        raise ValueError("a tree has a link to a node that does not exist")
    feature = columns["feature"][~leaf].astype(np.int64)
    n_features = np.repeat(columns["n_features"].astype(np.int64), n_nodes)[~leaf]
    if (feature < 0).any() or (feature >= n_features).any():
        raise ValueError("a tree splits on a feature that does not exist")


def _indices_in_tree(n_nodes: NDArray[Any]) -> NDArray[np.int64]:
    """Return, for the nodes of all trees, the index of each in its own tree."""
    ends = np.cumsum(n_nodes.astype(np.int64))
    indices: NDArray[np.int64] = np.arange(ends[-1]) - np.repeat(ends - n_nodes, n_nodes)
    return indices


def _narrowed(column: NDArray[Any]) -> NDArray[Any]:
    """Return an array of integers in the smallest type that holds them all."""
    if column.dtype.kind not in "iu" or not len(column):
        return column
    bounds = (np.min_scalar_type(bound) for bound in (column.min(), column.max()))
    return column.astype(np.result_type(*bounds))


@cache
def _example_tree() -> tuple[Any, Any, dict[str, Any]]:
    """Return what pickle would make a tree of: a constructor, its arguments and a state."""
    from sklearn.tree import DecisionTreeRegressor

    tree = DecisionTreeRegressor().fit(np.zeros((1, 1)), np.zeros(1)).tree_
    make, arguments, state = tree.__reduce__()
    return make, arguments, state
