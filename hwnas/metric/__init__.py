"""Hardware metrics: what is predicted, in which unit, and which direction is better."""

from hwnas.metric._metric import Direction, Metric

__all__ = ["Direction", "Metric"]
