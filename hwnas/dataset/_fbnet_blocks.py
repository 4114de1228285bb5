"""How HW-NAS-Bench names the blocks of an FBNet in its lookup tables.

Layout: Wu et al., CVPR 2019, table 1, and HW-NAS-Bench (Li et al., ICLR 2021), whose API builds
the same names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hwnas.space import FBNet

_STEM_CHANNELS = 16
#: (blocks, channels) of every stage.
_STAGES = ((1, 16), (4, 24), (4, 32), (4, 64), (4, 112), (4, 184), (1, 352))
_CANDIDATE = re.compile(r"k(\d)_e(\d)(?:_g(\d))?")


@dataclass(frozen=True)
class Head:
    """What differs between the image sets.

    Parameters
    ----------
    resolution, classes : int
    stem_stride : int
    strides : tuple of int
        Of the first block of every stage.
    channels : int
        Of the last convolution.
    """

    resolution: int
    classes: int
    stem_stride: int
    strides: tuple[int, ...]
    channels: int


#: The image sets that HW-NAS-Bench has FBNet tables for.
IMAGE_SETS = {
    "cifar100": Head(32, 100, 1, (1, 1, 2, 2, 1, 2, 1), 1504),
    "ImageNet": Head(224, 1000, 2, (1, 2, 2, 2, 1, 2, 1), 1984),
}


def block_names(image_set: str) -> tuple[list[list[str]], list[str]]:
    """Return the names under which the lookup tables keep a network's parts.

    Parameters
    ----------
    image_set : str
        One of `IMAGE_SETS`.

    Returns
    -------
    searchable : list of list of str
        For each of the 22 positions, the name of each of the 9 candidates.
    fixed : list of str
        The parts that every network has: stem, last convolution, pooling, classifier.

    Examples
    --------
    >>> searchable, fixed = block_names("cifar100")
    >>> searchable[1][1]
    'ConvBlock_H32_W32_Cin16_Cout24_exp1_kernel3_stride1_group2'
    >>> fixed[-1]
    'FC_Cin1504_Cout100'
    """
    head = IMAGE_SETS[image_set]
    size = head.resolution
    fixed = [_conv(size, 3, _STEM_CHANNELS, kernel=3, stride=head.stem_stride)]
    size //= head.stem_stride
    channels = _STEM_CHANNELS
    searchable = []
    for (n_blocks, width), first_stride in zip(_STAGES, head.strides, strict=True):
        for stride in (first_stride, *[1] * (n_blocks - 1)):
            at = f"H{size}_W{size}_Cin{channels}_Cout{width}"
            searchable.append([_block(name, at, stride) for name in FBNet.operations])
            size //= stride
            channels = width
    fixed += [
        _conv(size, channels, head.channels, kernel=1, stride=1),
        f"AvgP_H{size}_W{size}_Cin{head.channels}_Cout{head.channels}_kernel{size}_stride1",
        f"FC_Cin{head.channels}_Cout{head.classes}",
    ]
    return searchable, fixed


def _conv(size: int, inputs: int, outputs: int, kernel: int, stride: int) -> str:
    return (
        f"ConvNorm_H{size}_W{size}_Cin{inputs}_Cout{outputs}_kernel{kernel}_stride{stride}_group1"
    )


def _block(candidate: str, at: str, stride: int) -> str:
    match = _CANDIDATE.fullmatch(candidate)
    if match is None:
        return f"Skip_{at}_stride{stride}"
    kernel, expansion, group = match.groups(default="1")
    return f"ConvBlock_{at}_exp{expansion}_kernel{kernel}_stride{stride}_group{group}"
