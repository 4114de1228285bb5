"""Advice: a plan that divides a time budget between training measurements and verification."""

from hwnas.advise._advisor import Advice, Advisor
from hwnas.advise._command import advise
from hwnas.advise._duration import duration, seconds
from hwnas.advise._learning_curve import LearningCurve, learn, power_law
from hwnas.advise._plan import Expected, Plan, spaced, unmeasured_front, verify_within
from hwnas.advise._problem import Problem
from hwnas.advise._replay import replay
from hwnas.advise._scenarios import Scenario, ScenarioOutcome

__all__ = [
    "Advice",
    "Advisor",
    "Expected",
    "LearningCurve",
    "Plan",
    "Problem",
    "Scenario",
    "ScenarioOutcome",
    "advise",
    "duration",
    "learn",
    "power_law",
    "replay",
    "seconds",
    "spaced",
    "unmeasured_front",
    "verify_within",
]
