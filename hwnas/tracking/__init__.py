"""Trackers, which record finished experiments in a service such as Weights & Biases."""

from hwnas.tracking._tracker import NoTracker, Tracker
from hwnas.tracking._wandb import WandbTracker

__all__ = ["NoTracker", "Tracker", "WandbTracker"]
