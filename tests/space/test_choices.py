"""Spaces of choices: their YAML, strings, conditions, identities and ranges."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from hwnas.encoding import OneHot, OperationCounts
from hwnas.errors import UserError
from hwnas.image_set import ImageSet
from hwnas.network import GraphBuilder, Network, count_layers
from hwnas.space import Choices, ColumnSpace, spaces

DIMENSIONS: dict[str, Any] = {
    "resolution": [32, 64],
    "depth": [1, 2, 3],
    "kind": ["conv", "pool"],
    "block2.kernel": {"choices": [3, 5, 7], "when": "depth >= 2"},
    "block3.kernel": {"choices": [3, 5, 7], "when": "depth == 3 and kind == conv"},
}
SPACE = Choices("mobile", DIMENSIONS)
#: 32 → depth 1: 1, depth 2: 3, depth 3 of conv: 9, of pool: 3; for each of two resolutions.
SIZE = 2 * ((1 + 3 + 9) + (1 + 3 + 3))


def small_network(architecture: dict[str, Any]) -> Network:
    """Return one convolution for each block."""
    graph = GraphBuilder(3, int(architecture["resolution"]))
    x = 0
    for block in range(1, int(architecture["depth"]) + 1):
        x = graph.conv_bn(x, 8, int(architecture.get(f"block{block}.kernel", 3)), relu=True)
    graph.classifier(x, 10)
    return graph.network(int(architecture["resolution"]), 10)


def test_choices_size_counts_what_exists_once() -> None:
    every = SPACE.enumerate()
    assert SPACE.size == len(every) == len(np.unique(SPACE.identity(every))) == SIZE
    assert len(set(SPACE.to_strings(every))) == SIZE
    np.testing.assert_array_equal(SPACE.from_strings(SPACE.to_strings(every)), every)


def test_choices_string_leaves_out_what_does_not_exist() -> None:
    [row] = SPACE.from_strings(["kind=pool;resolution=64;depth=2;block2.kernel=5;block3.kernel=7"])
    assert SPACE.format(row.tolist()) == "resolution=64;depth=2;kind=pool;block2.kernel=5"
    assert row.tolist() == [1, 1, 1, 1, 0]
    other = row.copy()
    other[4] = 2
    assert (SPACE.validate(other[None]) == row).all()
    assert (SPACE.identity(other[None]) == SPACE.identity(row[None])).all()


@pytest.mark.parametrize(
    ("string", "message"),
    [
        ("", "name=value"),
        ("resolution=32;depth=1;kind=conv;width=3", "there is no dimension width"),
        ("resolution=32;depth=1", "it lacks kind"),
        ("resolution=48;depth=1;kind=conv", "resolution=48: resolution is one of 32, 64"),
        ("resolution=32;depth=1;kind=skip", "kind is one of conv, pool"),
        ("resolution=32;depth=1;depth=2;kind=conv", "name=value"),
    ],
)
def test_choices_parse_other_string_raises(string: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SPACE.parse(string)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"choices": [1, 2], "when": "__import__('os')"}, "is not a dimension, an operator"),
        ({"choices": [1, 2], "when": "depth >= two"}, "is not a number"),
        ({"choices": [1, 2], "when": "later >= 2"}, "not a dimension above it"),
        ({"choices": [1, 2], "when": "kind >= conv"}, "which >= cannot compare"),
        ({"choices": [1, 2], "when": "kind == skip"}, "kind is one of conv, pool"),
        ({"choices": []}, "at least one"),
        ([1, 1], "occurs twice"),
        ({"low": 3, "high": 1}, "is not below"),
        ({"low": 3}, "two numbers"),
        ({"values": [1]}, "neither a list of choices"),
        (3, "neither a list of choices"),
    ],
)
def test_choices_wrong_dimension_is_one_line(content: object, message: str) -> None:
    with pytest.raises(UserError, match=message) as refused:
        Choices("mobile", {"depth": [1, 2], "kind": ["conv", "pool"], "new": content})
    assert "\n" not in str(refused.value)


def test_choices_from_columns_names_row_of_wrong_value() -> None:
    columns: dict[str, Any] = {
        "resolution": [32, 64],
        "depth": ["1", "9"],
        "kind": ["conv", "pool"],
    }
    none = [float("nan")] * 2
    columns |= {"block2.kernel": none, "block3.kernel": none}
    with pytest.raises(ValueError, match="row 2: depth=9: depth is one of 1, 2, 3"):
        SPACE.from_columns(columns)
    columns["depth"] = ["1", "1"]
    assert SPACE.to_strings(SPACE.from_columns(columns))[1] == "resolution=64;depth=1;kind=pool"
    with pytest.raises(ValueError, match="there is no column kind"):
        SPACE.from_columns({name: column for name, column in columns.items() if name != "kind"})


def test_choices_large_space_has_distinct_identities_and_samples() -> None:
    large = Choices("large", {f"d{i}": [1, 2, 3] for i in range(60)})
    assert large.size == 3**60 > 2**64
    rows = large.sample(500, np.random.default_rng(0))
    # The last position alone differs, which a 64-bit rank would not notice everywhere.
    rows[1] = rows[0]
    rows[1, 0] = (rows[0, 0] + 1) % 3
    assert len(np.unique(large.identity(rows))) == 500
    with pytest.raises(ValueError, match="cannot be enumerated"):
        large.enumerate()
    with pytest.raises(ValueError, match="no rank"):
        large.rank(rows)


def test_choices_spaces_are_equal_by_content() -> None:
    same = Choices(**SPACE.parameters)
    assert same == SPACE
    assert hash(same) == hash(SPACE)
    assert Choices("mobile", {"depth": [1, 2]}) != SPACE
    assert ColumnSpace(DIMENSIONS, "mobile") != SPACE


def test_choices_network_function_gives_layers() -> None:
    space = Choices("mobile", DIMENSIONS, network=f"{__name__}.small_network")
    rows = space.from_strings(
        [
            "resolution=32;depth=1;kind=conv",
            "resolution=32;depth=2;kind=conv;block2.kernel=5",
        ]
    )
    macs = count_layers(space, rows, ImageSet("any", 32, 10)).macs
    assert macs[1] - macs[0] == 5 * 5 * 8 * 8 * 32 * 32
    missing = Choices("mobile", DIMENSIONS, network="no_such_module.network")
    with pytest.raises(UserError, match=r"no_such_module\.network cannot be imported"):
        count_layers(missing, rows, ImageSet("any", 32, 10))


def test_column_space_infers_ranges_and_words() -> None:
    space = ColumnSpace({"kernel": [3, 5]}).inferred(
        {"width": ["8", "32"], "kernel": [3, 5], "rate": [0.5, 1.25], "kind": ["b", "a"]}
    )
    assert space.described == [
        "kernel: one of 3, 5",
        "width: a whole number from 8 to 32",
        "rate: a number from 0.5 to 1.25",
        "kind: one of a, b",
    ]
    assert space.size == sys.maxsize
    rows = space.from_strings(
        ["width=16;kernel=5;rate=0.75;kind=a", "width=64;kernel=3;rate=1;kind=b"]
    )
    assert space.extrapolated(rows).tolist() == [False, True]
    assert space.to_strings(rows)[1] == "kernel=3;width=64;rate=1;kind=b"
    with pytest.raises(ValueError, match="kernel is one of 3, 5"):
        space.parse("width=16;kernel=7;rate=0.75;kind=a")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"width": [8, 16]}, "no column kernel"),
        ({"kernel": [3, 5], "width": [8, None]}, "row 2 has no value"),
    ],
)
def test_column_space_unusable_table_is_refused(columns: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        ColumnSpace({"kernel": [3, 5]}).inferred(columns)


def test_encodings_keep_numbers_in_order_and_words_apart() -> None:
    rows = SPACE.from_strings(
        ["resolution=64;depth=2;kind=pool;block2.kernel=5", "resolution=32;depth=1;kind=conv"]
    )
    # resolution, depth, kind (two words), and each kernel with whether it exists.
    expected = [[1.0, 0.5, 0, 1, 0.5, 1, 0, 0], [0.0, 0.0, 1, 0, 0, 0, 0, 0]]
    np.testing.assert_array_equal(OneHot(SPACE).fit_transform(rows), expected)
    # The kernels are alike: their sum, and how many are 3, 5 and 7.
    np.testing.assert_array_equal(
        OperationCounts(SPACE).fit_transform(rows), [[0.5, 0, 1, 0], [0, 0, 0, 0]]
    )


def test_spaces_of_yamls_have_published_sizes() -> None:
    known = spaces()
    # Each stage of OFA has 9 kinds of blocks, of which there are 2, 3 or 4; 25 resolutions.
    assert known["ofa"].size == 25 * (9**2 + 9**3 + 9**4) ** 5
    # 10, 11 or 12 layers of 9 kinds, three embeddings, with or without a bias.
    assert known["hwgpt"].size == 3 * 2 * (9**10 + 9**11 + 9**12)
