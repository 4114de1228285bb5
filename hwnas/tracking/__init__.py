"""Trackers, which record finished experiments in a service such as Weights & Biases."""

from hwnas.tracking._dashboard import dashboard
from hwnas.tracking._record import Artifact, Lines, Record, RunInfo
from hwnas.tracking._tracker import NoTracker, Run, Tracker
from hwnas.tracking._wandb import WandbTracker

__all__ = [
    "Artifact",
    "Lines",
    "NoTracker",
    "Record",
    "Run",
    "RunInfo",
    "Tracker",
    "WandbTracker",
    "dashboard",
]
