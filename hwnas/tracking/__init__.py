"""Tracking: where a finished experiment is told besides its result folder."""

from hwnas.tracking._tracker import NoTracker, Tracker
from hwnas.tracking._wandb import WandbTracker

__all__ = ["NoTracker", "Tracker", "WandbTracker"]
