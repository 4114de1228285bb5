"""Getting official files and looking at them: ``python -m hwnas.data fetch|doctor``."""

from hwnas.data._doctor import doctor
from hwnas.data._fetch import fetch

__all__ = ["doctor", "fetch"]
