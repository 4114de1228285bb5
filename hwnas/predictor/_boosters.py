"""Checks of the texts in which XGBoost and LightGBM save their boosters.

The compiled code of both libraries follows the links between tree nodes without checking them. A
malicious text could make it read outside of its memory or loop for ever. The functions here parse a
text, check it and write it anew, so that the library reads exactly what was checked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


def checked_xgboost(text: str) -> str:
    """Check an XGBoost booster of regression trees, and return its JSON.

    Raises
    ------
    ValueError
        If the trees are broken, split on categories, or predict several values.
    """
    model = json.loads(text)
    learner = model["learner"]
    booster = learner["gradient_booster"]
    trees = booster.get("gbtree", booster)["model"]  # the booster "dart" has a "gbtree" inside
    n_trees = len(trees["trees"])
    shape = learner["learner_model_param"]
    if int(shape["num_class"]) > 1 or int(shape["num_target"]) != 1 or any(trees["tree_info"]):
        raise ValueError("a booster predicts several values")
    counts = (len(trees["tree_info"]), int(trees["gbtree_model_param"]["num_trees"]))
    if counts != (n_trees, n_trees) or max(trees["iteration_indptr"], default=0) > n_trees:
        raise ValueError("a booster does not have the number of trees that it declares")
    if len(booster.get("weight_drop", trees["trees"])) != n_trees:
        raise ValueError("a booster does not have one weight per tree")
    for tree in trees["trees"]:
        n_nodes = int(tree["tree_param"]["num_nodes"])
        names = ("left_children", "right_children", "split_indices", "split_conditions")
        if any(len(tree[name]) != n_nodes for name in (*names, "default_left", "base_weights")):
            raise ValueError("a tree does not have the number of nodes that it declares")
        if tree["categories"] or any(tree["split_type"]):
            raise ValueError("a tree splits on categories")
        left, right, feature = (np.array(tree[name], dtype=np.int64) for name in names[:3])
        leaf = left == -1
        _check_links(np.concatenate([left[~leaf], right[~leaf]]), n_nodes)
        _check_within(feature, int(shape["num_feature"]))
        _check_within(np.array(tree["parents"][1:], dtype=np.int64), n_nodes)
    return json.dumps(model)


def checked_lightgbm(text: str) -> str:
    """Check a LightGBM booster of regression trees, and return its text.

    The returned text does not hold the parameters and feature importances of the training.

    Raises
    ------
    ValueError
        If the trees are broken, split on categories, hold linear models, or predict several values.
    """
    body = text.partition("\nend of trees")[0]
    head, *trees = body.split("\nTree=")
    header = _pairs(head.removeprefix("tree\n"))
    # The text of a tree may have another length after this function. LightGBM needs no lengths.
    header.pop("tree_sizes", None)
    if (header["num_class"], header["num_tree_per_iteration"]) != ("1", "1"):
        raise ValueError("a booster predicts several values")
    parts = ["tree", *_lines(header), ""]
    for i, tree in enumerate(trees):
        number, _, block = tree.partition("\n")
        pairs = _pairs(block)
        if int(number) != i:
            raise ValueError("the trees are not numbered from 0")
        _check_lightgbm_tree(pairs, n_features=int(header["max_feature_idx"]) + 1)
        parts += [f"Tree={i}", *_lines(pairs), "", ""]
    return "\n".join([*parts, "end of trees", "", "pandas_categorical:null", ""])


def _check_lightgbm_tree(tree: Mapping[str, str], n_features: int) -> None:
    if tree["num_cat"] != "0" or tree.get("is_linear", "0") != "0":
        raise ValueError("a tree splits on categories or holds linear models")
    n_leaves = int(tree["num_leaves"])
    names = ("left_child", "right_child", "split_feature", "threshold", "decision_type")
    if any(len(tree.get(name, "").split()) != n_leaves - 1 for name in names):
        raise ValueError("a tree does not have the number of splits that it declares")
    if len(tree["leaf_value"].split()) != n_leaves:
        raise ValueError("a tree does not have the number of leaves that it declares")
    left, right, feature = (
        np.array(tree.get(name, "").split(), dtype=np.int64) for name in names[:3]
    )
    children = np.concatenate([left, right])
    # LightGBM numbers nodes 0, 1, 2, ... and leaves -1, -2, -3, ...
    _check_links(children[children >= 0], n_leaves - 1)
    _check_within(-1 - children[children < 0], n_leaves)
    _check_within(feature, n_features)


def _check_links(children: Integers, n_nodes: int) -> None:
    """Check that no node is the child of two, and that the root is the child of none.

    Then no path from the root can be a loop.
    """
    _check_within(children - 1, n_nodes - 1)
    if len(np.unique(children)) < len(children):
        raise ValueError("a tree has a node with two parents")


def _check_within(indices: Integers, size: int) -> None:
    if len(indices) and not 0 <= indices.min() <= indices.max() < size:
        raise ValueError("a tree has a link to a node or feature that does not exist")


def _pairs(text: str) -> dict[str, str]:
    pairs = [line.partition("=")[::2] for line in text.splitlines() if line]
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a booster holds a key twice")
    return dict(pairs)


def _lines(pairs: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in pairs.items()]
