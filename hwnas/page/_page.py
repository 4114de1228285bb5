"""Writing the report page: from finished results to one HTML file of limited size."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwnas import __version__
from hwnas.errors import UserError
from hwnas.files import write_atomically
from hwnas.page._answer import Answer, answer, override, simulation_sentences
from hwnas.page._chart import Chart, colors
from hwnas.page._curves import curves
from hwnas.page._detail import Detail, detail, predictions
from hwnas.page._gather import DataSet, Material, Run, gather
from hwnas.page._provenance import origins
from hwnas.page._shared import Store
from hwnas.page._simulation import simulations
from hwnas.page._summary import (
    NO_BREAK,
    SELECTION_COLUMNS,
    Cell,
    at_size,
    cells,
    digits_of,
    most_useful_size,
)
from hwnas.space import space_classes

if TYPE_CHECKING:
    from markupsafe import Markup

#: Largest size of a page in bytes. Plotly's bundle takes 1.9 million of them.
LIMIT = 6_000_000
_TEMPLATE = Path(__file__).parent / "template"
#: Networks that charts of a whole table show, and experiments shown in detail: the first pair
#: with which the page is small enough is used.
_LEVELS = ((2000, 40), (1000, 40), (500, 40), (500, 12), (200, 6), (0, 0))


@dataclass(frozen=True)
class _Panel:
    """A data set on the page. `first` is the id of the experiment that is shown at first."""

    data: DataSet
    sizes: Sequence[int]
    opens_with: int
    answers: Sequence[Answer]
    charts: Sequence[Chart]
    cells: Sequence[Cell]
    details: Sequence[Detail]
    first: str
    note: str
    notation: str

    @property
    def mae_digits(self) -> int:
        """The digits behind the point of every mean absolute error."""
        means = [cell.mean("mae") for cell in self.cells]
        return digits_of(mean.mean for mean in means if mean is not None)

    @property
    def selects(self) -> bool:
        """Whether an experiment on these data made a selection."""
        return any(cell.mean("mra_all_percent") for cell in self.cells)

    def ranked(self, n_train: int) -> list[Cell]:
        """Return the cells with so many measurements, by descending τ."""
        return at_size(list(self.cells), n_train)


def write_page(paths: Sequence[Path], out: Path) -> Path:
    """Write the report page of finished results.

    Parameters
    ----------
    paths : sequence of Path
        Result folders, folders of studies, or folders above result folders.
    out : Path
        The HTML file.

    Returns
    -------
    Path
        The HTML file.

    Raises
    ------
    UserError
        If a path does not exist or holds no finished result, a file is damaged, or the file cannot
        be written.
    ModuleNotFoundError
        If jinja2 or plotly is not installed; the extra ``report`` brings them.
    """
    # Before the results are read, so that a missing library is reported at once.
    import jinja2
    from plotly.offline import get_plotlyjs

    material = gather(paths)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"coded": _coded, "override": override}
    template = environment.get_template("page.html")
    plotly = get_plotlyjs()
    # The bundle takes 1.9 MB of the page like this, and 4.8 MB as it is.
    packed = base64.b64encode(gzip.compress(plotly.encode(), 9, mtime=0)).decode()
    for n_sampled, n_details in _LEVELS:
        page = template.render(
            _content(material, n_sampled, n_details), plotly=_hash(plotly), packed=packed
        )
        data = page.encode()
        if len(data) <= LIMIT:
            write_atomically(out, partial(_write, data), f"--out $HOME/{out.name}")
            return out
    raise UserError(
        f"the page of {sum(len(d.runs) for d in material.sets):,} experiments is larger than "
        f"{LIMIT / 1e6:.0f} MB",
        remedy="give the folders of fewer experiments",
    )


def _content(material: Material, n_sampled: int, n_details: int) -> dict[str, Any]:
    """Return the variables of the template."""
    shared: dict[str, Any] = {}
    every = {data.short: cells(data) for data in material.sets}
    tables: dict[str, Any] = {}
    share = min(n_details, max(1, n_details // max(1, len(material.sets))))
    panels = [_panel(data, every, shared, tables, n_sampled, share) for data in material.sets]
    simulated = simulations(material.simulations)
    charts = [chart for panel in panels for chart in panel.charts]
    charts += [chart for panel in panels for one in panel.details for chart in one.charts]
    charts += [chart for one in simulated for chart in one.charts]
    figures = {
        "figures": {chart.key: chart.figure for chart in charts},
        "shared": shared,
        "tables": tables,
        "colors": colors(),
    }
    script = (_TEMPLATE / "page.js").read_text(encoding="utf-8")
    return {
        "title": material.title,
        "panels": panels,
        "simulated": simulated,
        "simulation_sentences": simulation_sentences(material.simulations) if simulated else [],
        "origins": origins(material),
        "commands": material.commands,
        "n_unrecorded": material.n_unrecorded,
        "progress": material.progress,
        "predictors": material.predictors,
        "selection_columns": SELECTION_COLUMNS,
        "n_experiments": sum(len(data.runs) for data in material.sets),
        "estimated": _estimated(material),
        "figures": _json(figures),
        "script": script,
        "style": (_TEMPLATE / "page.css").read_text(encoding="utf-8"),
        "hash": _hash,
        "version": __version__,
        "made": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def _panel(
    data: DataSet,
    every: Mapping[str, list[Cell]],
    shared: dict[str, Any],
    tables: dict[str, Any],
    n_sampled: int,
    n_details: int,
) -> _Panel:
    """Return a data set on the page, and add the values that its charts name."""
    found = every[data.short]
    shown, note = _in_detail(data, n_details)
    details: list[Detail] = []
    if shown:
        store = Store(data.key, predictions(shown[0]), n_sampled)
        for place, run in enumerate(shown):
            key = f"{data.key}-r{place}"
            one, tables[key] = detail(run, store, key)
            details.append(one)
        shared[data.key] = store.values()
    return _Panel(
        data=data,
        sizes=data.sizes,
        opens_with=most_useful_size(data),
        answers=[answer(data, found, size, every) for size in data.sizes],
        charts=curves(data, found),
        cells=found,
        details=sorted(details, key=lambda one: one.n_train),
        first=details[0].key if details else "",
        note=note,
        notation=_notation(data.space) if details else "",
    )


# Reading the spaces takes 0.1 s, and a page has many data sets of one space.
@lru_cache(maxsize=16)
def _notation(space: str) -> str:
    """Return how the strings of a space's architectures are read; empty if nothing says it."""
    known = space_classes().get(space)
    return "" if known is None else known.notation


def _in_detail(data: DataSet, n_most: int) -> tuple[list[Run], str]:
    """Return the experiments that are shown in detail, and a note on those that are not."""
    with_files = [run for run in data.runs if run.has_predictions]
    opens_with = most_useful_size(data)
    # One seed of each predictor and size; the sizes near the one that the page opens with first.
    first: dict[tuple[str, int], Run] = {}
    for run in sorted(with_files, key=lambda run: run.seed):
        first.setdefault((run.predictor, run.n_train), run)
    best = {cell.predictor: i for i, cell in enumerate(at_size(cells(data), opens_with))}
    order = sorted(
        first.values(),
        key=lambda run: (abs(run.n_train - opens_with), best.get(run.predictor, len(best))),
    )
    shown = order[:n_most]
    n_all = len(data.runs)
    if not with_files:
        return [], (
            "These experiments kept no predictions, so single networks cannot be shown. A study "
            "keeps them with artifacts=all."
        )
    if len(shown) == n_all:
        return shown, ""
    return shown, (
        f"Shown: {len(shown)} of {n_all:,} experiments on these data. Each has the lowest seed of "
        f"its predictor and number of measurements; those near {opens_with:,} come first."
    )


def _estimated(material: Material) -> list[str]:
    names = [data.title for data in material.sets if data.estimated]
    rows = material.simulations
    if len(rows):
        estimated = rows.loc[rows["provenance.kind"] == "estimated", "axis.data"]
        names += [str(name) for name in dict.fromkeys(estimated)]
    return names


def _coded(sentence: str) -> Markup:
    """Return a sentence as HTML, with what is between backticks as code."""
    from markupsafe import Markup, escape

    together = sentence.replace(" = ", f"{NO_BREAK}={NO_BREAK}")
    coded = re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(together)))
    return Markup(coded)  # noqa: S704 - the sentence was escaped


def _json(content: Mapping[str, Any]) -> str:
    """Return JSON that cannot end the script element it stands in."""
    raw = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        raw = raw.replace(character, f"\\u{ord(character):04x}")
    return raw


def _hash(script: str) -> str:
    """Return what a content security policy calls a script by."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _write(data: bytes, path: Path) -> None:
    path.write_bytes(data)
