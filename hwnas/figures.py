"""Figures as files."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LOG = logging.getLogger(__name__)


def save_figure(
    path: Path, draw: Callable[[Figure], object], dpi: int = 150, **settings: Any
) -> None:
    """Let `draw` fill an empty figure, and save it.

    A figure that cannot be drawn or saved is reported as a warning and left out: the numbers that
    it shows are kept elsewhere, and must not be lost with it.

    Parameters
    ----------
    path : Path
        The picture to write; its ending says the format.
    draw : callable
        Takes the figure.
    dpi : int
        Dots per inch.
    **settings
        Of `matplotlib.figure.Figure`, e.g. ``figsize``.
    """
    try:
        # Not pyplot: it keeps global state and looks for a screen.
        from matplotlib.figure import Figure

        figure = Figure(layout="constrained", **settings)
        draw(figure)
        figure.savefig(path, dpi=dpi)
    except Exception as reason:
        _LOG.warning("%s: no figure, %s: %s", path.name, type(reason).__name__, reason)
        path.unlink(missing_ok=True)
