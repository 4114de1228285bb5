"""The front of a search as a CSV file, a picture and a report."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hwnas.figures import BLUE, GREEN, GREY, ORANGE, save_figure
from hwnas.files import write_text
from hwnas.search._archive import Archive, Rows
from hwnas.search._limits import Limits
from hwnas.search._quantities import Float, Quantity, StandIn
from hwnas.selection import hypervolume

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GREY, _BLUE, _ORANGE, _GREEN = (color.light for color in (GREY, BLUE, ORANGE, GREEN))


@dataclass(frozen=True)
class Found:
    """What a search found.

    Parameters
    ----------
    archive : Archive
    method : str
        "exact", "nsga2" or "random".
    limits : Limits
    chosen : tuple of int and float, or None
        See `Limits.choose`.
    random : Archive or None
        Random search with the same number of evaluations, for comparison.
    """

    archive: Archive
    method: str
    limits: Limits
    chosen: tuple[int, float] | None
    random: Archive | None

    def write(self, out: Path) -> None:
        """Write the CSV file, and the picture beside it."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(self._lines())
        write_text(out, text.getvalue(), f"out=$HOME/{out.name}")
        hardware = self.archive.problem.hardware
        size = (5.5 * len(hardware), 4.4)
        save_figure(out.with_suffix(".png"), self._draw, figsize=size)

    def _lines(self) -> list[list[str]]:
        archive, problem = self.archive, self.archive.problem
        rows = archive.front()
        on_front = ["yes"] * len(rows)
        if self.chosen is not None and self.chosen[0] not in rows:
            rows = np.append(rows, self.chosen[0])
            on_front.append("no")
        architectures = archive.architectures[rows]
        names, columns = ["architecture"], [problem.space.to_strings(architectures)]
        named = column_names(problem.quantities)
        for quantity, name in zip(problem.quantities, named, strict=True):
            names.append(name)
            columns.append(_texts(quantity.values(architectures)))
            bounds = quantity.interval(architectures)
            if not np.isnan(bounds).all():
                names += [f"{name}_lower", f"{name}_upper"]
                columns += [_texts(each) for each in bounds]
        if self.limits.given:
            names += ["probability_within_limit", "chosen"]
            columns.append(_texts(self.limits.probability(archive, architectures)))
            row = None if self.chosen is None else self.chosen[0]
            columns.append(["yes" if each == row else "no" for each in rows.tolist()])
        names.append("on_front")
        columns.append(on_front)
        return [names, *(list(line) for line in zip(*columns, strict=True))]

    def _draw(self, figure: Figure) -> None:
        hardware = self.archive.problem.hardware
        for axes, column in zip(
            figure.subplots(1, len(hardware), squeeze=False)[0],
            range(1, 1 + len(hardware)),
            strict=True,
        ):
            self._panel(axes, column)

    def _panel(self, axes: Axes, column: int) -> None:
        archive = self.archive
        accuracy, quantity = archive.problem.accuracy, archive.problem.hardware[column - 1]
        known, front = archive.known(), archive.front()

        def values(of: Archive, rows: Rows) -> tuple[Float, Float]:
            points = of.points[rows]
            return quantity.metric.cost(points[:, column]), accuracy.metric.cost(points[:, 0])

        axes.scatter(
            *values(archive, known),
            s=3,
            color=_GREY,
            linewidths=0,
            label="evaluated",
            rasterized=True,
        )
        marked = [values(archive, front)]
        if self.random is not None:
            marked.append(values(self.random, self.random.front()))
            axes.scatter(*marked[-1], s=14, color=_ORANGE, marker="x", label="random search")
        axes.scatter(*marked[0], s=12, color=_BLUE, label=f"front ({len(front)})")
        bound = self.limits.bounds[column - 1]
        if bound is not None:
            self._mark_limit(axes, bound, quantity.metric.unit)
        if self.chosen is not None and self.limits.given:
            at = values(archive, np.array([self.chosen[0]]))
            marked.append(at)
            axes.scatter(*at, s=90, color=_GREEN, marker="*", label="chosen")
        _from_the_marked(axes, values(archive, known)[1], np.concatenate([y for _, y in marked]))
        axes.set_xlabel(quantity.metric.label)
        stand_in = isinstance(accuracy, StandIn)
        axes.set_ylabel(f"{accuracy.metric.label}{', a stand-in for accuracy' if stand_in else ''}")
        axes.legend(fontsize=8)

    @staticmethod
    def _mark_limit(axes: Axes, bound: float, unit: str) -> None:
        """Draw the limit, or only name it if it is far from all networks."""
        lowest, highest = axes.get_xlim()
        label = f"limit, {bound:g} {unit}"
        if lowest <= bound <= highest + 0.3 * (highest - lowest):
            axes.axvline(bound, color=_GREEN, linewidth=1, label=label)
        else:
            axes.plot([], [], color=_GREEN, linewidth=1, label=f"{label} (outside the picture)")

    def report(self, out: Path) -> list[str]:
        """Return the lines that the command prints."""
        archive, problem = self.archive, self.archive.problem
        front, known = archive.front(), archive.known()
        names = [each.metric.label for each in problem.hardware]
        kind = "networks" if problem.merges_networks else "architectures"
        how = {
            "exact": f"every one of the {len(archive):,} {kind} of {problem.space.name}",
            "nsga2": f"NSGA-II and models of the front, {len(archive):,} {kind} evaluated",
            "random": f"random search, {len(archive):,} {kind} evaluated",
        }[self.method]
        lines = [
            f"front of {problem.accuracy.metric.name} and {', '.join(names)}: {len(front)} {kind}",
            f"searched: {how}",
        ]
        if len(known) < len(archive):
            lines.append(f"left out: {len(archive) - len(known):,} without a known value")
        role = "STAND-IN for accuracy" if isinstance(problem.accuracy, StandIn) else "accuracy"
        lines.append(f"{role}: {problem.accuracy.source}")
        lines += [f"{each.metric.label}: {each.source}" for each in problem.hardware]
        if self.random is not None:
            retained, shared = compared(archive, self.random)
            lines.append(
                f"random search with as many evaluations: {retained:.4f} of this hypervolume, "
                f"{shared:.0%} of these points"
            )
        return [*lines, *self._choice(), f"written: {out}, {out.with_suffix('.png')}"]

    def _choice(self) -> list[str]:
        if not self.limits.given:
            return []
        problem = self.archive.problem
        bounds = ", ".join(
            f"{each.metric.name} {'<=' if each.metric.direction == 'minimize' else '>='} "
            f"{bound:g} {each.metric.unit}"
            for each, bound in zip(problem.hardware, self.limits.bounds, strict=True)
            if bound is not None
        )
        wanted = f"{bounds} with probability {self.limits.confidence:.0%}"
        if self.chosen is None:
            return [f"{wanted}: no evaluated architecture"]
        row, probability = self.chosen
        architecture = self.archive.architectures[[row]]
        values = ", ".join(
            f"{each.metric.name} {float(each.values(architecture)[0]):.4g} {each.metric.unit}"
            for each in problem.quantities
        )
        string = problem.space.to_strings(architecture)[0]
        return [f"{wanted}: {string}", f"  {values}; within the limit with {probability:.1%}"]


def column_names(quantities: Sequence[Quantity]) -> list[str]:
    """Return a different name for each quantity: its metric and unit, and its file if needed."""
    names: list[str] = []
    for each in quantities:
        stand_in = isinstance(each, StandIn)
        name = f"{'stand_in_' if stand_in else ''}{each.metric.name}_{each.metric.unit}"
        name = f"{name}_{Path(each.source).stem}" if name in names else name
        names.append(f"{name}_{len(names)}" if name in names else name)
    return names


def compared(best: Archive, other: Archive) -> tuple[float, float]:
    """Return the share of a front's hypervolume and of its points that another search found.

    The reference point is the worst value of everything that both evaluated, plus a tenth of the
    range. Every objective is scaled to its range.
    """
    points = np.concatenate([best.points[best.known()], other.points[other.known()]])
    low, high = points.min(axis=0), points.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    reference = np.full(points.shape[1], 1.1)
    fronts = [np.unique(each.points[each.front()], axis=0) for each in (best, other)]
    volumes = [hypervolume((each - low) / span, reference) if len(each) else 0.0 for each in fronts]
    found = {tuple(point) for point in fronts[1].tolist()}
    shared = sum(tuple(point) in found for point in fronts[0].tolist()) / len(fronts[0])
    return volumes[1] / volumes[0], shared


def _texts(values: Float) -> list[str]:
    return ["" if np.isnan(value) else f"{value:.6g}" for value in values]


def _from_the_marked(axes: Axes, every: Float, marked: Float) -> None:
    """Let the vertical axis start at its lowest marked point, or at the 3 % quantile of all.

    A few networks have a very low accuracy. With an axis for all, the front would look flat.
    """
    lowest = min(float(np.nanquantile(every, 0.03)), float(marked.min()))
    highest = float(np.nanmax(every))
    margin = 0.03 * (highest - lowest) or 1.0
    axes.set_ylim(lowest - margin, highest + margin)
