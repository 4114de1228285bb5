"""Advice: how to spend a time budget on measuring, predicting and verifying."""

from hwnas.advise._advisor import Advice, Advisor
from hwnas.advise._curve import LearningCurve, learn, power_law
from hwnas.advise._follow import follow
from hwnas.advise._plan import Expected, Plan, verify_within
from hwnas.advise._seconds import duration, seconds
from hwnas.advise._situation import Situation
from hwnas.advise._worlds import Outcome, World

__all__ = [
    "Advice",
    "Advisor",
    "Expected",
    "LearningCurve",
    "Outcome",
    "Plan",
    "Situation",
    "World",
    "duration",
    "follow",
    "learn",
    "power_law",
    "seconds",
    "verify_within",
]
