"""Image sets that the architectures of a search space are trained and measured on."""

from hwnas.image_set._image_set import ImageSet

__all__ = ["ImageSet"]
