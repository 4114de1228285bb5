"""Regression trees of scikit-learn as a few arrays: all trees of a file one after another.

Each tree by itself, with eight bytes a number, would take three times the space, and a forest
hundreds of small arrays.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = dict[str, NDArray[Any]]

_CHILDREN = ("left_child", "right_child")
#: Half of a forest's size, and in no prediction: only feature importances are made of it.
_LEFT_OUT = "impurity"
_PER_TREE = ("n_features", "max_depth", "n_nodes")


def is_tree(value: object) -> bool:
    """Return whether a value is the fitted part (``tree_``) of a tree of scikit-learn."""
    return f"{type(value).__module__}.{type(value).__name__}" == "sklearn.tree._tree.Tree"


def columns_of(trees: list[Any]) -> Columns:
    """Return trees as arrays: three with a number a tree, the others with a number a node.

    Children are counted from their parent, 0 for none. What takes part in no prediction is left
    out: the values of nodes that are no leaves, and impurities.

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
    place = _places(columns["n_nodes"])
    for field in sorted(set(nodes.dtype.fields or {}) - {_LEFT_OUT}):
        column = nodes[field]
        if field in _CHILDREN:
            column = np.where(leaf, 0, column - place)
        columns[field] = column
    return {name: _narrowed(column) for name, column in columns.items()}


def trees_of(columns: Columns) -> list[Any]:
    """Return the trees that :func:`columns_of` took apart; what was left out is NaN.

    Raises
    ------
    ValueError
        If these are no trees: scikit-learn would read outside of its memory, or walk in circles.
    """
    _check(columns)
    n_nodes = columns["n_nodes"].astype(np.int64)
    leaf = columns["left_child"] == 0
    place = _places(n_nodes)
    make, (_, *outputs), state = _stump()
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
        raise ValueError("trees with nodes that are not numbered by whole numbers")
    n_nodes = columns["n_nodes"].astype(np.int64)
    if not len(n_nodes) or n_nodes.min() < 1:
        raise ValueError("a tree without nodes")
    # Python's integers: a sum of NumPy's may overflow, and then look right.
    total = sum(n_nodes.tolist())
    for name, column in columns.items():
        expected = len(n_nodes) if name in _PER_TREE else total
        if name == "leaf_value":
            expected = np.count_nonzero(columns["left_child"] == 0)
        if column.shape != (expected,):
            raise ValueError(f"trees with {column.shape} numbers of {name} for {expected}")
    left, right = (columns[name].astype(np.int64) for name in _CHILDREN)
    leaf = left == 0
    after = np.repeat(n_nodes, n_nodes) - _places(n_nodes)
    if not np.array_equal(leaf, right == 0) or min(left.min(), right.min()) < 0:
        raise ValueError("a tree with a node of one child, or above its parent")
    if (left >= after).any() or (right >= after).any():
        raise ValueError("a tree with a child that is not in it")
    feature = columns["feature"][~leaf].astype(np.int64)
    known = np.repeat(columns["n_features"].astype(np.int64), n_nodes)[~leaf]
    if (feature < 0).any() or (feature >= known).any():
        raise ValueError("a tree that asks for a feature that is not there")


def _places(n_nodes: NDArray[Any]) -> NDArray[np.int64]:
    """Return every node's index in its own tree."""
    ends = np.cumsum(n_nodes.astype(np.int64))
    places: NDArray[np.int64] = np.arange(ends[-1]) - np.repeat(ends - n_nodes, n_nodes)
    return places


def _narrowed(column: NDArray[Any]) -> NDArray[Any]:
    """Return whole numbers in the smallest type that holds them all."""
    if column.dtype.kind not in "iu" or not len(column):
        return column
    bounds = (np.min_scalar_type(bound) for bound in (column.min(), column.max()))
    return column.astype(np.result_type(*bounds))


@cache
def _stump() -> tuple[Any, Any, dict[str, Any]]:
    """Return what makes a tree, by the protocol of pickle: a constructor, arguments, a state."""
    from sklearn.tree import DecisionTreeRegressor

    tree = DecisionTreeRegressor().fit(np.zeros((1, 1)), np.zeros(1)).tree_
    make, arguments, state = tree.__reduce__()
    return make, arguments, state
