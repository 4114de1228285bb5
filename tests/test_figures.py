"""The one style of all plots: colours of predictors, files, and labels at the ends of lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.figure import Figure
from PIL import Image

from hwnas.composition import options
from hwnas.figures import (
    PALETTE,
    Color,
    curve,
    label_ends,
    predictor_style,
    save_figure,
    size_axis,
)

#: The predictors that are compared most often.
_COMPARED = ("best", "ridge", "xgb", "mlp", "lgb", "lin_reg", "rf")


def _luminance(color: str) -> float:
    parts = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("color", PALETTE)
def test_palette_stands_out_from_light_and_dark_paper(color: Color) -> None:
    assert 1.05 / (_luminance(color.light) + 0.05) >= 3
    assert (_luminance(color.dark) + 0.05) / (_luminance("#15181c") + 0.05) >= 3


def test_predictor_style_compared_predictors_have_own_colors() -> None:
    assert len({predictor_style(name).color for name in _COMPARED}) == len(_COMPARED)


def test_predictor_style_most_predictors_differ_in_color_or_marker() -> None:
    names = [name for name in options("predictor") if "/" not in name]
    styles = {(s.color, s.marker) for s in map(predictor_style, names)}
    assert len(styles) >= len(names) - 1


def test_predictor_style_remark_changes_the_line_only() -> None:
    plain, design = predictor_style("best"), predictor_style("best (train=design)")
    assert (plain.color, plain.marker) == (design.color, design.marker)
    assert plain.dash != design.dash


def test_save_figure_writes_png_and_pdf_that_are_equal_again(tmp_path: Path) -> None:
    def draw(figure: Figure) -> None:
        figure.subplots().plot([1, 2], [3, 4])

    for name in ("one.png", "two.png"):
        save_figure(tmp_path / name, draw, figsize=(3, 2))
    with Image.open(tmp_path / "one.png") as picture:
        assert picture.size == (450, 300)
    pdf = (tmp_path / "one.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    assert pdf == (tmp_path / "two.pdf").read_bytes()


def test_label_ends_names_lines_in_their_order_and_color() -> None:
    axes = Figure().subplots()
    ends = {"best": 0.9, "ridge": 0.9001, "xgb": 0.2}
    for name, end in ends.items():
        curve(axes, [31, 124], [0.1, end], ([0.0, end - 0.1], [0.2, end + 0.1]), name)
    size_axis(axes, [31, 124])
    label_ends(axes)
    labels = {text.get_text(): text for text in axes.texts}
    places = {name: label.get_position()[1] for name, label in labels.items()}
    assert sorted(places, key=lambda name: places[name]) == ["xgb", "best", "ridge"]
    assert places["ridge"] - places["best"] > 0.02
    for name, label in labels.items():
        assert label.get_color() == predictor_style(name).color.light
