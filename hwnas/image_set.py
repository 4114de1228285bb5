"""Image sets: the resolution and number of classes that networks are built for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ImageSet:
    """A set of images, which determines the input and output shapes of a network.

    Parameters
    ----------
    name : str
        The name that the published tables use, e.g. ``"ImageNet16-120"``.
    resolution : int
        Height and width of the square input, in pixels.
    classes : int
        Number of classes, which is the number of the network's outputs.
    """

    name: str
    resolution: int
    classes: int
