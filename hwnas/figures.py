"""Drawing Matplotlib figures into files."""

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
    """Create a figure, let `draw` fill it, and save it.

    If drawing or saving fails, the function logs a warning and leaves no file. A failed plot must
    not stop the command, because other files hold the plotted numbers.

    Parameters
    ----------
    path : Path
        The picture to write. Its suffix selects the format.
    draw : callable
        Takes the empty figure and draws into it.
    dpi : int
        Dots per inch.
    **settings
        Arguments of `matplotlib.figure.Figure`, e.g. ``figsize``.
    """
    try:
        # pyplot is avoided: it keeps global state and may need a display.
        from matplotlib.figure import Figure

        figure = Figure(layout="constrained", **settings)
        draw(figure)
        figure.savefig(path, dpi=dpi)
    except Exception as error:
        _LOG.warning("could not draw %s: %s: %s", path.name, type(error).__name__, error)
        path.unlink(missing_ok=True)
