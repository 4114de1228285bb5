"""Recording results with a tracker after they are finished."""

from hwnas.track._track import Tracked, track

__all__ = ["Tracked", "track"]
