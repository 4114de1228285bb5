"""The macro and the micro search space of TransNAS-Bench-101 (Duan et al., CVPR 2021)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product

import numpy as np

from hwnas.space._base import Architectures, SearchSpace
from hwnas.space._cell import CellSpace

_MACRO = re.compile(r"64-([1-4]{4,6})-basic")
_MICRO = re.compile(r"64-41414-([0-3])_([0-3]{2})_([0-3]{3})")


class TransNASMacro(SearchSpace):
    """Sequences of 4 to 6 modules, padded with 0 on the right.

    Module 1 is plain, module 2 doubles the channels, module 3 halves the resolution, and module 4
    does both. In every architecture 1 to 3 modules double the channels and 1 to 4 modules halve
    the resolution.

    Examples
    --------
    >>> space = TransNASMacro()
    >>> space.parse("64-4111-basic")
    (4, 1, 1, 1, 0, 0)
    >>> len(space.enumerate()) == space.size == 3256
    True
    """

    name = "transnas_macro"
    skeleton = "hwnas.network.TransNASMacroSkeleton"
    image_set = "taskonomy"
    notation = (
        "64 channels at the start; then a digit for each module: 1 is plain, 2 doubles the "
        "channels, 3 halves the resolution, 4 does both."
    )
    operations = ("absent", "plain", "double_channels", "halve_resolution", "both")
    n_positions = 6

    @property
    def size(self) -> int:
        """Number of architectures."""
        return 3256

    def parse(self, string: str) -> tuple[int, ...]:
        """Read ``64-4111-basic``."""
        match = _MACRO.fullmatch(string)
        modules = [int(digit) for digit in match.group(1)] if match else []
        if not _follows_rule(modules):
            raise ValueError(f"not a TransNAS macro architecture string: {string!r}")
        return (*modules, *[0] * (self.n_positions - len(modules)))

    def format(self, architecture: Sequence[int]) -> str:
        """Write the string TransNAS-Bench-101 uses."""
        return f"64-{''.join(str(module) for module in architecture if module)}-basic"

    def enumerate(self) -> Architectures:
        """Return every allowed sequence in lexicographic order, shape (3256, 6)."""
        rows = []
        for length in (4, 5, 6):
            for modules in product((1, 2, 3, 4), repeat=length):
                if _follows_rule(modules):
                    rows.append((*modules, *[0] * (self.n_positions - length)))
        return np.array(sorted(rows), dtype=np.int8)


def _follows_rule(modules: Sequence[int]) -> bool:
    doubled = sum(module in (2, 4) for module in modules)
    halved = sum(module in (3, 4) for module in modules)
    return 1 <= doubled <= 3 and 1 <= halved <= 4


class TransNASMicro(CellSpace):
    """NAS-Bench-201's cell with four operations: 4,096 cells.

    Examples
    --------
    >>> space = TransNASMicro()
    >>> space.parse("64-41414-1_23_012")
    (1, 2, 3, 0, 1, 2)
    >>> space.format((1, 2, 3, 0, 1, 2))
    '64-41414-1_23_012'
    """

    name = "transnas_micro"
    skeleton = "hwnas.network.TransNASMicroSkeleton"
    image_set = "taskonomy"
    notation = (
        "After 64-41414, a digit for each edge into nodes 1, 2 and 3 of the cell: 0 is none, 1 a "
        "skip connection, 2 a 1×1 convolution, 3 a 3×3 convolution."
    )
    operations = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3")
    none = 0
    skip = 1
    strided = True

    def parse(self, string: str) -> tuple[int, ...]:
        """Read ``64-41414-a_bc_def``, which has one digit for each edge."""
        match = _MICRO.fullmatch(string)
        if match is None:
            raise ValueError(f"not a TransNAS micro architecture string: {string!r}")
        return tuple(int(digit) for digit in "".join(match.groups()))

    def format(self, architecture: Sequence[int]) -> str:
        """Write the string TransNAS-Bench-101 uses."""
        a, b, c, d, e, f = architecture
        return f"64-41414-{a}_{b}{c}_{d}{e}{f}"
