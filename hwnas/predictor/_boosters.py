"""The texts of XGBoost and LightGBM, checked before their libraries read them.

Both libraries are compiled and follow the links from node to node without looking. A text from a
stranger could send them outside of their memory, or in circles. The texts are taken apart here,
checked and put together again, so that a library reads exactly what was checked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


def checked_xgboost(text: str) -> str:
    """Return the JSON of a booster of regression trees.

    Raises
    ------
    ValueError
        If its trees are broken, split on categories, or predict several values.
    """
    model = json.loads(text)
    learner = model["learner"]
    booster = learner["gradient_booster"]
    trees = booster.get("gbtree", booster)["model"]  # "dart" wraps one
    n_trees = len(trees["trees"])
    shape = learner["learner_model_param"]
    if int(shape["num_class"]) > 1 or int(shape["num_target"]) != 1 or any(trees["tree_info"]):
        raise ValueError("a booster that predicts several values")
    counts = (len(trees["tree_info"]), int(trees["gbtree_model_param"]["num_trees"]))
    if counts != (n_trees, n_trees) or max(trees["iteration_indptr"], default=0) > n_trees:
        raise ValueError("a booster of another number of trees than it says")
    if len(booster.get("weight_drop", trees["trees"])) != n_trees:
        raise ValueError("a booster of another number of weights than trees")
    for tree in trees["trees"]:
        n_nodes = int(tree["tree_param"]["num_nodes"])
        names = ("left_children", "right_children", "split_indices", "split_conditions")
        if any(len(tree[name]) != n_nodes for name in (*names, "default_left", "base_weights")):
            raise ValueError("a tree with another number of nodes than it says")
        if tree["categories"] or any(tree["split_type"]):
            raise ValueError("a tree that splits on categories")
        left, right, feature = (np.array(tree[name], dtype=np.int64) for name in names[:3])
        leaf = left == -1
        _check_links(np.concatenate([left[~leaf], right[~leaf]]), n_nodes)
        _check_within(feature, int(shape["num_feature"]))
        _check_within(np.array(tree["parents"][1:], dtype=np.int64), n_nodes)
    return json.dumps(model)


def checked_lightgbm(text: str) -> str:
    """Return the text of a booster of regression trees, without what was known of its training.

    Raises
    ------
    ValueError
        If its trees are broken, split on categories, hold linear models, or predict several values.
    """
    body = text.partition("\nend of trees")[0]
    head, *trees = body.split("\nTree=")
    header = _pairs(head.removeprefix("tree\n"))
    # Where each tree starts in the text: without it, LightGBM reads one after another.
    header.pop("tree_sizes", None)
    if (header["num_class"], header["num_tree_per_iteration"]) != ("1", "1"):
        raise ValueError("a booster that predicts several values")
    parts = ["tree", *_lines(header), ""]
    for i, tree in enumerate(trees):
        number, _, block = tree.partition("\n")
        pairs = _pairs(block)
        if int(number) != i:
            raise ValueError("trees that are not numbered from 0")
        _check_lightgbm_tree(pairs, n_features=int(header["max_feature_idx"]) + 1)
        parts += [f"Tree={i}", *_lines(pairs), "", ""]
    return "\n".join([*parts, "end of trees", "", "pandas_categorical:null", ""])


def _check_lightgbm_tree(tree: Mapping[str, str], n_features: int) -> None:
    if tree["num_cat"] != "0" or tree.get("is_linear", "0") != "0":
        raise ValueError("a tree that splits on categories, or holds linear models")
    n_leaves = int(tree["num_leaves"])
    names = ("left_child", "right_child", "split_feature", "threshold", "decision_type")
    if any(len(tree.get(name, "").split()) != n_leaves - 1 for name in names):
        raise ValueError("a tree with another number of splits than it says")
    if len(tree["leaf_value"].split()) != n_leaves:
        raise ValueError("a tree with another number of leaves than it says")
    left, right, feature = (
        np.array(tree.get(name, "").split(), dtype=np.int64) for name in names[:3]
    )
    children = np.concatenate([left, right])
    # Nodes are counted from 0, leaves down from -1.
    _check_links(children[children >= 0], n_leaves - 1)
    _check_within(-1 - children[children < 0], n_leaves)
    _check_within(feature, n_features)


def _check_links(children: Integers, n_nodes: int) -> None:
    """Check that every node but the first has at most one parent: no way from it is a circle."""
    _check_within(children - 1, n_nodes - 1)
    if len(np.unique(children)) < len(children):
        raise ValueError("a tree with a node of two parents")


def _check_within(indices: Integers, size: int) -> None:
    if len(indices) and not 0 <= indices.min() <= indices.max() < size:
        raise ValueError("a tree that points outside of itself")


def _pairs(text: str) -> dict[str, str]:
    pairs = [line.partition("=")[::2] for line in text.splitlines() if line]
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a booster that says one thing twice")
    return dict(pairs)


def _lines(pairs: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in pairs.items()]
