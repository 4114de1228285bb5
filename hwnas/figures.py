"""The one style of all plots: colours of predictors, bands, labels, and files as PNG and PDF.

The report page (`hwnas.page`) uses the same colours as the Matplotlib plots.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwnas.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Color:
    """A colour on a light background, and its counterpart on a dark one.

    Parameters
    ----------
    light, dark : str
        As ``#rrggbb``. The contrast to a white, or nearly black, background is at least 3 to 1.
    """

    light: str
    dark: str


#: Colours of the parts of one experiment's plots.
INK, GREY = Color("#16191d", "#e8eaed"), Color("#9aa3ad", "#78828c")
BLUE, ORANGE, GREEN = (
    Color("#0072b2", "#56b4e9"),
    Color("#d55e00", "#f0894a"),
    Color("#009e73", "#2fbf92"),
)
#: Colours that people with any kind of colour blindness can tell apart. They are those of Okabe and
#: Ito (2008), darkened where their contrast to white was below 3 to 1.
PALETTE = (
    *(ORANGE, Color("#d673a8", "#f7b6d8"), Color("#332288", "#8f86f0"), BLUE),
    *(Color("#6b4c00", "#c9a45c"), GREEN, Color("#a0206a", "#e0609f")),
)
#: Markers by their names in Matplotlib, and the same ones in Plotly.
_MARKERS = {
    "o": "circle", "s": "square", "D": "diamond", "^": "triangle-up", "v": "triangle-down",
    "X": "x", "P": "cross",
}  # fmt: skip
# With this salt, the seven predictors that are compared most often have seven colours.
_SALT = "3890"


@dataclass(frozen=True)
class Style:
    """How a predictor looks in every plot.

    Parameters
    ----------
    color : Color
    marker, symbol : str
        The same marker by its name in Matplotlib and in Plotly.
    dash, plotly_dash : str
        The same line style by its name in Matplotlib and in Plotly. It is solid for the project's
        own presets.
    """

    color: Color
    marker: str
    symbol: str
    dash: str
    plotly_dash: str


def predictor_style(label: str) -> Style:
    """Return the style of a predictor.

    Colour and marker depend on the predictor's name alone. So they are the same in every plot, and
    a new predictor needs no entry anywhere. Other presets of a predictor, such as ``paper/mlp``,
    differ from it in the line style.

    Parameters
    ----------
    label : str
        The predictor's name, perhaps with its preset before a slash, and with remarks such as
        ``(train=design)`` behind it.

    Examples
    --------
    >>> predictor_style("paper/mlp").color == predictor_style("mlp").color
    True
    >>> predictor_style("paper/mlp").dash, predictor_style("mlp").dash
    ('--', '-')
    """
    base, _, remark = label.partition(" (")
    preset, _, name = base.rpartition("/")
    digest = hashlib.sha256(f"{_SALT}{name}".encode()).digest()
    marker, symbol = list(_MARKERS.items())[digest[14] % len(_MARKERS)]
    dash = ("--", "dash") if preset else (":", "dot") if remark else ("-", "solid")
    return Style(PALETTE[digest[0] % len(PALETTE)], marker, symbol, *dash)


def curve(
    axes: Axes,
    x: Sequence[float],
    mean: Sequence[float],
    band: tuple[Sequence[float], Sequence[float]] | None,
    label: str,
) -> None:
    """Draw a predictor's mean as a line, and its spread as a band around it.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    x, mean : sequence of float, shape (n,)
    band : pair of sequence of float, shape (n,), optional
        The lower and the upper end of the spread, such as the mean ± the standard deviation.
    label : str
        The predictor, see `predictor_style`.
    """
    style = predictor_style(label)
    color = style.color.light
    axes.plot(x, mean, style.dash, marker=style.marker, color=color, label=label)
    if band is not None:
        axes.fill_between(x, *band, color=color, alpha=0.15, linewidth=0)


def label_ends(axes: Axes, n_most: int = 24) -> None:
    """Write the label of each line beside its right end, in the line's colour.

    Labels are moved apart vertically until none covers another one. The scales of the axes must be
    set before.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Each line's label is what `curve` gave it.
    n_most : int
        With more lines, the font is smaller.
    """
    lines = [line for line in axes.lines if not str(line.get_label()).startswith("_")]
    if not lines:
        return
    # Matplotlib computes the limits of the axes late, but places need them.
    axes.autoscale_view()
    size = 8 if len(lines) <= n_most / 2 else 6
    figure = axes.get_figure(root=True)
    assert figure is not None
    height = axes.get_position().height * figure.get_figheight() * 72
    step = 1.15 * size / height
    ends = [axes.transLimits.transform(axes.transScale.transform(_end(line))) for line in lines]
    right = max(float(x) for x, _ in ends) + 0.03
    places = _apart([float(y) for _, y in ends], step)
    for line, (x, y), place in zip(lines, ends, places, strict=True):
        color = line.get_color()
        pointer = {"arrowstyle": "-", "color": color, "lw": 0.5, "shrinkA": 0, "shrinkB": 3}
        axes.annotate(
            str(line.get_label()),
            xy=(x, y), xycoords="axes fraction",
            xytext=(right, place), textcoords="axes fraction",
            va="center", fontsize=size, color=color, annotation_clip=False,
            arrowprops=pointer if abs(place - y) > step / 2 else None,
        )  # fmt: skip


def _end(line: Any) -> tuple[float, float]:
    return float(line.get_xdata()[-1]), float(line.get_ydata()[-1])


def _apart(places: Sequence[float], step: float) -> list[float]:
    """Return places in the same order that are at least `step` apart and close to the given ones.

    Examples
    --------
    >>> _apart([0.5, 0.5, 0.9], 0.25)
    [0.375, 0.625, 0.9]
    """
    order = sorted(range(len(places)), key=lambda i: places[i])
    # Neighbours that are too close form a block. The block is centred on the mean of its places.
    blocks: list[list[int]] = []
    for i in order:
        blocks.append([i])
        while len(blocks) > 1 and _start(blocks[-1], places, step) - _stop(
            blocks[-2], places, step
        ) < (step - 1e-12):
            last = blocks.pop()
            blocks[-1] += last
    moved = [0.0] * len(places)
    for block in blocks:
        first = _start(block, places, step)
        for rank, i in enumerate(block):
            moved[i] = first + rank * step
    return moved


def _start(block: Sequence[int], places: Sequence[float], step: float) -> float:
    """Return the lowest place of a block, which lies between 0 and 1 if it fits."""
    length = step * (len(block) - 1)
    lowest = sum(places[i] for i in block) / len(block) - length / 2
    return max(0.0, min(lowest, 1.0 - length))


def _stop(block: Sequence[int], places: Sequence[float], step: float) -> float:
    return _start(block, places, step) + step * (len(block) - 1)


def size_axis(axes: Axes, sizes: Sequence[float]) -> None:
    """Make the horizontal axis one of numbers of training measurements, on a log scale."""
    axes.set_xscale("log")
    axes.set_xticks(list(sizes), [f"{size:,.0f}" for size in sizes])
    axes.minorticks_off()
    axes.set_xlabel("training measurements")


#: Matplotlib's settings for every plot.
STYLE: Mapping[str, Any] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#5a626b",
    "axes.labelcolor": INK.light,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "figure.titlesize": 10,
    "font.size": 9,
    "grid.color": "#e3e7eb",
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.4,
    "lines.markersize": 4,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    # Editable text in the PDF files.
    "pdf.fonttype": 42,
}


def save_figure(
    path: Path, draw: Callable[[Figure], object], dpi: int = 150, **settings: Any
) -> None:
    """Create a figure, let `draw` fill it, and save it as PNG and as PDF, each whole or not at all.

    If drawing or saving fails, the function logs a warning and leaves no file. A failed plot must
    not stop the command, because other files hold the plotted numbers.

    Parameters
    ----------
    path : Path
        The picture to write, a PNG file. The PDF file is written beside it.
    draw : callable
        Takes the empty figure and draws into it.
    dpi : int
        Dots per inch of the PNG file, and of what `draw` rasterizes in the PDF file.
    **settings
        Arguments of `matplotlib.figure.Figure`, e.g. ``figsize``.
    """
    files = (path, path.with_suffix(".pdf"))
    try:
        from matplotlib import rc_context

        # pyplot is avoided: it keeps global state and may need a display.
        from matplotlib.figure import Figure

        settings_of_style: Any = dict(STYLE)
        with rc_context(settings_of_style):
            figure = Figure(layout="constrained", **settings)
            draw(figure)
            for file in files:
                # Without a date, equal data give equal files.
                metadata = {"CreationDate": None} if file.suffix == ".pdf" else None
                save = partial(figure.savefig, format=file.suffix[1:], dpi=dpi, metadata=metadata)
                write_atomically(file, save, "another folder")
                # Both files have the layout of the first, which takes half of the time.
                figure.set_layout_engine("none")
    except Exception as error:
        _LOG.warning("could not draw %s: %s: %s", path.name, type(error).__name__, error)
        for file in files:
            # Where a folder cannot be written, there may be nothing to remove.
            with suppress(OSError):
                file.unlink()
