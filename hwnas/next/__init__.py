"""What to measure next: a design before anything is measured, and rounds afterwards."""

from hwnas.next._choose import Choice, improve_front, teach
from hwnas.next._command import propose

__all__ = ["Choice", "improve_front", "propose", "teach"]
