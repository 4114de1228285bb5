"""What to measure next: a design before anything is measured, and rounds afterwards."""

from hwnas.next._candidates import Candidates, of_space
from hwnas.next._choose import Choice, Known, improve_front, teach
from hwnas.next._command import propose

__all__ = ["Candidates", "Choice", "Known", "improve_front", "of_space", "propose", "teach"]
