"""The image-set type."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ImageSet:
    """An image set: what decides a network's input and output shapes.

    Parameters
    ----------
    name : str
        As in the official files, e.g. ``"ImageNet16-120"``.
    resolution : int
        Height and width of the square input, in pixels.
    classes : int
        Number of outputs.
    """

    name: str
    resolution: int
    classes: int
