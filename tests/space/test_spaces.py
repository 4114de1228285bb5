"""Search spaces: sizes, strings, order of operations and edges, live cells, classes."""

from __future__ import annotations

import numpy as np
import pytest
from omegaconf import OmegaConf

from hwnas.composition import CONF, options, targets
from hwnas.image_set import ImageSet
from hwnas.network import count_layers
from hwnas.space import (
    LISTABLE,
    CellSpace,
    FBNet,
    NASBench201,
    SearchSpace,
    TransNASMacro,
    TransNASMicro,
    space_classes,
    spaces,
)

#: All search spaces, including those that a contributor adds.
SPACES = [each() for each in space_classes().values()]
ENUMERABLE = [space for space in SPACES if space.size <= LISTABLE]


def some_architectures(space: SearchSpace, n: int = 50) -> np.ndarray:
    rng = np.random.default_rng(0)
    if space not in ENUMERABLE:
        return rng.integers(len(space.operations), size=(n, space.n_positions)).astype(np.int8)
    every = space.enumerate()
    return every[rng.choice(len(every), n, replace=False)]


@pytest.fixture(params=SPACES, ids=lambda space: space.name)
def space(request: pytest.FixtureRequest) -> SearchSpace:
    found: SearchSpace = request.param
    return found


class TestEverySpace:
    def test_parse_formatted_architectures_equal(self, space: SearchSpace) -> None:
        architectures = some_architectures(space)
        strings = space.to_strings(architectures)
        assert len(set(strings)) == len(strings)
        np.testing.assert_array_equal(space.from_strings(strings), architectures)

    def test_rank_different_architectures_differ(self, space: SearchSpace) -> None:
        assert len(np.unique(space.rank(some_architectures(space)))) == 50

    @pytest.mark.parametrize("damaged", ["", "|conv~0|", "64-9999-basic", "64-41414-9_99_999"])
    def test_parse_other_string_raises(self, space: SearchSpace, damaged: str) -> None:
        with pytest.raises(ValueError, match="not a"):
            space.parse(damaged)

    def test_validate_wrong_rows_raises(self, space: SearchSpace) -> None:
        architectures = some_architectures(space)
        np.testing.assert_array_equal(space.validate(architectures.astype(float)), architectures)
        for damaged in (
            architectures[:, 1:],
            architectures + len(space.operations),
            np.full((1, space.n_positions), np.nan),
            np.full((1, space.n_positions), 0.5),
        ):
            with pytest.raises(ValueError, match=space.name):
                space.validate(damaged)


@pytest.mark.parametrize("space", ENUMERABLE, ids=lambda space: space.name)
def test_enumerate_is_complete_and_sorted(space: SearchSpace) -> None:
    every = space.enumerate()
    rank = space.rank(every)
    assert every.shape == (space.size, space.n_positions)
    assert (np.diff(rank) > 0).all()


@pytest.mark.parametrize("modules", ["1111", "2111", "3111", "222231", "333333", "444411"])
def test_parse_macro_string_outside_rule_raises(modules: str) -> None:
    with pytest.raises(ValueError, match="not a TransNAS macro"):
        TransNASMacro().parse(f"64-{modules}-basic")


def test_enumerate_macro_follows_rule() -> None:
    """1 to 3 modules double the channels, 1 to 4 halve the resolution."""
    every = TransNASMacro().enumerate()
    doubled = np.isin(every, (2, 4)).sum(axis=1)
    halved = np.isin(every, (3, 4)).sum(axis=1)
    assert {*doubled} == {1, 2, 3}
    assert {*halved} == {1, 2, 3, 4}
    assert {*(every > 0).sum(axis=1)} == {4, 5, 6}


def test_parse_nasbench201_edge_and_operation_order() -> None:
    """Edges 0→1, 0→2, 1→2, 0→3, 1→3, 2→3; the 3rd is 1→2 and the 4th is 0→3."""
    space = NASBench201()
    string = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_1x1~1|none~2|"
    assert space.parse(string) == (3, 0, 1, 4, 2, 0)
    with pytest.raises(ValueError, match="not a NAS-Bench-201"):
        space.parse(string.replace("skip_connect~1", "skip_connect~0"))
    for junk in (f"x{string}", f"{string}|", f"{string}\n", string.replace("+", "&")):
        with pytest.raises(ValueError, match="not a NAS-Bench-201"):
            space.parse(junk)


class TestLiveCell:
    space = NASBench201()

    def live(self, *cell: int) -> list[int]:
        live: list[int] = self.space.live(np.array([cell], dtype=np.int8))[0].tolist()
        return live

    def test_live_edge_from_unreached_node_is_dead(self) -> None:
        # The input does not reach node 1 (0→1 is none), so 1→2 and 1→3 are dead.
        assert self.live(0, 3, 3, 3, 3, 3) == [0, 3, 0, 3, 0, 3]

    def test_live_edge_without_path_to_output_is_dead(self) -> None:
        # Node 2 does not reach the output (2→3 is none), so 0→2 and 1→2 are dead.
        assert self.live(3, 3, 3, 3, 3, 0) == [3, 0, 0, 3, 3, 0]

    def test_live_chain_without_path_to_output_is_dead(self) -> None:
        # 0→1→2 does not reach the output, because 1→3 and 2→3 are none.
        assert self.live(3, 0, 3, 1, 0, 0) == [0, 0, 0, 1, 0, 0]

    def test_live_applied_twice_changes_nothing_more(self) -> None:
        every = self.space.enumerate()
        live = self.space.live(every)
        np.testing.assert_array_equal(self.space.live(live), live)
        assert 0.39 < (live != every).any(axis=1).mean() < 0.40


class TestRepresentative:
    def test_representative_nasbench201_has_published_number_of_classes(self) -> None:
        space = NASBench201()
        every = space.enumerate()
        key = space.representative(every)
        assert len(np.unique(key)) == 6466
        # The key is the lowest rank of a member of the class.
        np.testing.assert_array_equal(key[np.unique(key)], np.unique(key))
        assert (key <= space.rank(every)).all()

    def test_representative_identity_equals_its_input(self) -> None:
        space = NASBench201()
        # 0→3 by a convolution; and 0→1 by an identity, then 1→3 by the same convolution.
        pair = np.array([[1, 0, 0, 3, 0, 0], [1, 0, 0, 0, 3, 0]], dtype=np.int8)
        assert len(set(space.representative(pair).tolist())) == 1

    def test_representative_different_functions_differ(self) -> None:
        space = NASBench201()
        pair = np.array([[0, 0, 0, 3, 0, 0], [0, 0, 0, 2, 0, 0]], dtype=np.int8)
        assert len(set(space.representative(pair).tolist())) == 2

    def test_network_representative_one_class_several_networks(self) -> None:
        space = NASBench201()
        every = space.enumerate()
        key = space.network_representative(every)
        assert len(np.unique(key)) == 7122
        np.testing.assert_array_equal(key[np.unique(key)], np.unique(key))
        # A network computes one function.
        function = space.representative(every)
        np.testing.assert_array_equal(function, function[key])
        # One convolution whose output goes two ways, and a convolution on each of two ways.
        once = [3, 0, 1, 0, 1, 1]
        twice = [3, 3, 0, 0, 1, 1]
        pair = np.array([once, twice], dtype=np.int8)
        assert len(set(space.representative(pair).tolist())) == 1
        assert len(set(space.network_representative(pair).tolist())) == 2

    @pytest.mark.parametrize("space", [NASBench201(), TransNASMicro()], ids=lambda s: s.name)
    def test_network_representative_equal_networks_equal_layers(self, space: CellSpace) -> None:
        every = space.enumerate()
        key = space.network_representative(every)
        resolution = 256 if space.strided else 32
        counts = count_layers(space, every, ImageSet("any", resolution, 10))
        own = space.rank(every)
        first = np.searchsorted(own, key)
        np.testing.assert_array_equal(counts.macs, counts.macs[first])
        np.testing.assert_array_equal(counts.params, counts.params[first])


def test_enumerate_fbnet_raises() -> None:
    with pytest.raises(ValueError, match="9\\^22"):
        FBNet().enumerate()


def test_space_with_skeleton_names_existing_image_set(space: SearchSpace) -> None:
    if space.skeleton is None:
        pytest.skip("it has no network")
    config = OmegaConf.load(CONF / "image_set" / f"{space.image_set}.yaml")
    assert config.name == space.image_set


def test_space_classes_include_published_spaces() -> None:
    published = [NASBench201(), TransNASMacro(), TransNASMicro(), FBNet()]
    assert all(space in SPACES for space in published)


@pytest.mark.parametrize("name", options("space"))
def test_space_option_builds_space_of_that_name(name: str) -> None:
    built = {each.name: each for each in spaces().values()}
    assert {name, f"transnas_{name}"} & set(built)
    assert name in targets("space")
