"""Plotly figures as plain mappings. The page's script fills in colours and shared values.

A colour is a token, such as ``@p5`` or ``@ink``. The script replaces it with the colour of the
theme, so that a chart is drawn again when the page turns dark. Plotly reads a small part of HTML in
all its texts, so that names from files are escaped here.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hwnas.figures import BLUE, GREEN, GREY, INK, ORANGE, PALETTE, Color, predictor_style

Trace = dict[str, Any]
#: Colours that charts name, besides those of predictors.
NAMED = {"ink": INK, "grey": GREY, "blue": BLUE, "orange": ORANGE, "green": GREEN}
_PLAIN = {"grid": Color("#e3e7eb", "#343b44"), "paper": Color("#ffffff", "#15181c")}


@dataclass(frozen=True)
class Chart:
    """A chart with its caption.

    Parameters
    ----------
    key : str
        Its id in the page.
    title : str
    finding : str
        The caption: what the chart shows, in a sentence. Names of predictors are between backticks.
    figure : mapping
        Plotly's ``data`` and ``layout``.
    note : str
        A remark on what was left out.
    wide : bool
        Whether it takes a row of its own.
    findings : mapping of int to str
        The caption for each number of training measurements, if it depends on it. Then `finding`
        is empty.
    """

    key: str
    title: str
    finding: str
    figure: Mapping[str, Any]
    note: str = ""
    wide: bool = False
    findings: Mapping[int, str] = field(default_factory=dict)


def colors() -> dict[str, dict[str, str]]:
    """Return the colour of each token in the light and in the dark theme."""
    named = {f"@{name}": color for name, color in (NAMED | _PLAIN).items()}
    named |= {f"@p{place}": color for place, color in enumerate(PALETTE)}
    themes = {}
    for theme in ("light", "dark"):
        full = {token: str(getattr(color, theme)) for token, color in named.items()}
        faint = {f"{token}~": _faint(value) for token, value in full.items()}
        themes[theme] = full | faint
    return themes


def _faint(color: str) -> str:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.18)"


def text(value: object) -> str:
    """Return a text that Plotly shows as it is."""
    return html.escape(str(value), quote=False)


def numbers(values: Iterable[float]) -> list[float | None]:
    """Return numbers with five digits, and None for what is not a number."""
    return [float(f"{v:.5g}") if np.isfinite(v) else None for v in map(float, values)]


def token(label: str) -> str:
    """Return the colour of a predictor as a token."""
    return f"@p{PALETTE.index(predictor_style(label).color)}"


def curve(
    label: str,
    x: Sequence[float],
    mean: Sequence[float],
    spread: Sequence[float] | None,
    hover: str,
    details: Sequence[str],
    lowest: float = -np.inf,
) -> Trace:
    """Return a predictor's line, with the band of its spread.

    Parameters
    ----------
    label : str
        The predictor.
    x, mean : sequence of float, shape (n,)
    spread : sequence of float, shape (n,), optional
    hover : str
        Plotly's template for one point. ``%{text}`` is its part of `details`.
    details : sequence of str, shape (n,)
    lowest : float
        Smallest possible value, at which the band ends.
    """
    style = predictor_style(label)
    line: Trace = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": text(label),
        "x": numbers(x),
        "y": numbers(mean),
        "text": list(map(text, details)),
        "hovertemplate": f"<b>%{{fullData.name}}</b><br>%{{text}}<br>{hover}<extra></extra>",
        "line": {"color": token(label), "dash": style.plotly_dash},
        "marker": {"color": token(label), "symbol": style.symbol},
    }
    if spread is not None:
        low, high = (
            np.maximum(np.asarray(mean) + sign * np.asarray(spread), lowest) for sign in (-1, 1)
        )
        # The script draws it as a trace of its own.
        line["band"] = [numbers(low), numbers(high)]
    return line


def layout(x: str, y: str, **more: Any) -> dict[str, Any]:
    """Return a layout whose axes have titles, which name the unit."""
    return {"xaxis": {"title": {"text": text(x)}}, "yaxis": {"title": {"text": text(y)}}} | more


def size_axis(sizes: Sequence[int]) -> dict[str, Any]:
    """Return a horizontal axis of numbers of training measurements."""
    return {
        "title": {"text": "networks measured to train the predictor"},
        "type": "log",
        "tickvals": list(sizes),
        "ticktext": [f"{size:,}" for size in sizes],
    }
