"""Names of FBNet's blocks in the lookup tables of HW-NAS-Bench.

The blocks are those of Wu et al., CVPR 2019, table 1. The names are those that the API of
HW-NAS-Bench (Li et al., ICLR 2021) builds.
"""

from __future__ import annotations

import re

from hwnas.image_set import ImageSet
from hwnas.network import STEM_CHANNELS, FBNetSkeleton, positions, stem_stride
from hwnas.space import FBNet

_CANDIDATE = re.compile(r"k(\d)_e(\d)(?:_g(\d))?")

#: The image sets that HW-NAS-Bench has FBNet tables for.
IMAGE_SETS = {
    each.name: each for each in (ImageSet("cifar100", 32, 100), ImageSet("ImageNet", 224, 1000))
}


def block_names(image_set: str) -> tuple[list[list[str]], list[str]]:
    """Return the names that the lookup tables have for the parts of a network.

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
    images = IMAGE_SETS[image_set]
    size, stride = images.resolution, stem_stride(images)
    fixed = [_conv(size, 3, STEM_CHANNELS, kernel=3, stride=stride)]
    size //= stride
    channels = STEM_CHANNELS
    searchable = []
    for width, stride in positions(images):
        at = f"H{size}_W{size}_Cin{channels}_Cout{width}"
        searchable.append([_block(name, at, stride) for name in FBNet.operations])
        size //= stride
        channels = width
    last = FBNetSkeleton().last_channels(images)
    fixed += [
        _conv(size, channels, last, kernel=1, stride=1),
        f"AvgP_H{size}_W{size}_Cin{last}_Cout{last}_kernel{size}_stride1",
        f"FC_Cin{last}_Cout{images.classes}",
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
