"""One table that compares results: a line for what was run, its scores over the seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hwnas.console import Column, Line, Section, TextTable
from hwnas.experiment import Result
from hwnas.results._fields import DATA, SIZE, Fields, fields_of, natural
from hwnas.results._find import Finished

Labels = Mapping[str, str | int]
SEED, N_TRAIN = "seed", "n_train"


@dataclass(frozen=True)
class Measure:
    """A column of scores.

    Parameters
    ----------
    name : str
        The name on the command line.
    heading : str
    value : callable
        Returns the score of a result, or None if it has none.
    digits : int or None
        Decimal places. None: as many as numbers of this size need.
    highest_is_best : bool
    has_spread : bool
        Whether the standard deviation over the seeds is shown.
    """

    name: str
    heading: str
    value: Callable[[Result], float | None]
    digits: int | None
    highest_is_best: bool = False
    has_spread: bool = True

    def text(self, values: Sequence[float]) -> str:
        """Return mean ± standard deviation of its values as text."""
        digits = _digits(values) if self.digits is None else self.digits
        shown = values if self.has_spread or not values else [statistics.fmean(values)]
        return spread(shown, digits)


def _digits(values: Sequence[float]) -> int:
    """Return how many decimal places show two or three digits of the mean of some numbers."""
    mean = abs(statistics.fmean(values)) if values else 0.0
    return 0 if mean >= 100 else 1 if mean >= 10 else 2 if mean >= 1 else 3


def _mra(result: Result) -> float | None:
    return None if result.selection is None else result.selection["mra_all_percent"]


def _verified_mra(result: Result) -> float | None:
    return None if result.selection is None else result.selection["mra_pareto_percent"]


def _seconds(result: Result) -> float:
    return result.timings.tune_seconds + result.timings.fit_seconds


MEASURES: Mapping[str, Measure] = {
    each.name: each
    for each in (
        Measure("tau", "τ", lambda r: r.scores["kendall_tau"], 3, highest_is_best=True),
        Measure("mra", "MRA", _mra, 2),
        Measure("verified", "verified", _verified_mra, 2),
        Measure("seconds", "seconds", _seconds, None, has_spread=False),
    )
}
_NOTE = """
* best of its block. Means ± standard deviation over seeds.
τ: Kendall's rank correlation on the test set. seconds: tuning and fit.""".strip()
_MRA_NOTE = """
MRA: accuracy that the selected architectures lose, in percentage points. verified: the
same after verification.""".rstrip()


@dataclass(frozen=True)
class Entry:
    """A result with what is said about it in a table.

    Parameters
    ----------
    labels : mapping
        What was asked for, by name: the fields of the result, or the overrides of a job.
    finished : Finished
    """

    labels: Labels
    finished: Finished


@dataclass(frozen=True)
class _Group:
    """The results that differ in the seed alone.

    Parameters
    ----------
    n_train : str
    labels : tuple of str
    results : list of Result
    """

    n_train: str
    labels: tuple[str, ...]
    results: list[Result]

    def values(self, measure: Measure) -> list[float]:
        found = [measure.value(result) for result in self.results]
        return [value for value in found if value is not None and math.isfinite(value)]

    def mean(self, measure: Measure) -> float:
        values = self.values(measure)
        return statistics.fmean(values) if values else math.nan


@dataclass(frozen=True)
class _Block:
    """Groups that can be compared.

    Parameters
    ----------
    data : str
        What was predicted, for the title.
    size : str
        The number of training measurements, for the title. Empty: the lines state it.
    groups : list of _Group
    """

    data: str
    size: str
    groups: list[_Group]

    @property
    def title(self) -> str:
        return f"{self.data}, {self.size}" if self.size else self.data


def by_fields(found: Sequence[Finished]) -> list[Entry]:
    """Return results, each labelled with the settings that tell its predictor apart."""
    fields = [fields_of(each) for each in found]
    variants = [_variant(each) for each in fields]
    shared = set.intersection(*map(set, variants)) if variants else set()
    entries = []
    for each, own, variant in zip(found, fields, variants, strict=True):
        words = [own["predictor"], *(part for part in variant if part not in shared)]
        labels = {"predictor": ", ".join(map(str, words)), "train": own["train"]}
        entries.append(Entry(labels, each))
    return entries


def _variant(fields: Fields) -> list[str]:
    """Return how the configuration differs from the defaults, in parts."""
    if fields["variant"]:
        return str(fields["variant"]).split(",")
    return [] if fields["preset"] == "default" else [f"preset={fields['preset']}"]


def compare(entries: Sequence[Entry], by: str = "tau") -> TextTable:
    """Return a table with one line for all results that differ in the seed alone.

    A block of the table has results on the same data with equally many training measurements. The
    best value of each column is marked in each block, and nothing is compared between blocks. If
    each block of the same data has only one line, they are one block.

    Parameters
    ----------
    entries : sequence of Entry
        At least one. Labels that all of them share are left out, except for the predictor.
    by : str
        A key of `MEASURES`. The lines of a block are sorted by it, the best first.
    """
    names = _varying(entries)
    measures = [each for each in MEASURES.values() if _is_known(each, entries)]
    blocks = _blocks(entries, names)
    sizes = [] if all(block.size for block in blocks) else [N_TRAIN]
    columns = [
        *(Column(name, numbers=name in SIZE) for name in [*sizes, *names]),
        Column("seeds", numbers=True),
        *(Column(each.heading, numbers=True) for each in measures),
    ]
    sections = [
        Section(block.title, _lines(block, MEASURES[by], measures, bool(sizes))) for block in blocks
    ]
    return TextTable(columns, sections)


def note_on(table: TextTable) -> str:
    """Return the explanation of a table of `compare`."""
    has_mra = any(column.heading == "MRA" for column in table.columns)
    return _NOTE + _MRA_NOTE if has_mra else _NOTE


def _varying(entries: Sequence[Entry]) -> list[str]:
    """Return the labels to show: the predictor, and those that differ within a block.

    The title of a block shows the data and the number of training measurements.
    """
    names = dict.fromkeys(name for entry in entries for name in entry.labels)
    hidden = {SEED, *DATA, *SIZE}
    values = {name: {entry.labels.get(name) for entry in entries} for name in names}
    return [n for n in names if n == "predictor" or (n not in hidden and len(values[n]) > 1)]


def _is_known(measure: Measure, entries: Iterable[Entry]) -> bool:
    return any(measure.value(entry.finished.result) is not None for entry in entries)


def _blocks(entries: Sequence[Entry], names: Sequence[str]) -> list[_Block]:
    n_test = {entry.finished.result.identity["n_test"] for entry in entries}
    groups: dict[tuple[str, str, str, tuple[str, ...]], _Group] = {}
    for entry in entries:
        identity = entry.finished.result.identity
        size = f"{N_TRAIN}={identity[N_TRAIN]}"
        if len(n_test) > 1:
            size += f" n_test={identity['n_test']}"
        labels = tuple(str(entry.labels.get(name, "")) for name in names)
        data = _data(entry.finished)
        group = _Group(str(identity[N_TRAIN]), labels, [])
        group = groups.setdefault((*data, size, labels), group)
        group.results.append(entry.finished.result)
    blocks: dict[tuple[str, str, str], _Block] = {}
    for key in sorted(groups, key=lambda key: [natural(part) for part in (*key[:3], *key[3])]):
        block = blocks.setdefault(key[:3], _Block(key[0] + key[1], key[2], []))
        block.groups.append(groups[key])
    one_size_each = len({block.data for block in blocks.values()}) == len(blocks)
    if one_size_each or any(len(block.groups) > 1 for block in blocks.values()):
        return list(blocks.values())
    whole: dict[str, _Block] = {}
    for block in blocks.values():
        whole.setdefault(block.data, _Block(block.data, "", [])).groups.extend(block.groups)
    return list(whole.values())


def _data(finished: Finished) -> tuple[str, str]:
    """Return what was predicted, and a remark on the values; both are shown in titles."""
    fields, unit = fields_of(finished), finished.result.identity["unit"]
    # Most datasets name the image set in their own name.
    images = str(fields["image_set"])
    images = "" if images in str(fields["dataset"]) else f" ({images})"
    names = f"{fields['space']} / {fields['dataset']}{images} / {fields['device']}"
    remark = ", ESTIMATED" if fields["values"] == "estimated" else ""
    return f"{names} {fields['metric']} [{unit}]", remark


def _lines(
    block: _Block, by: Measure, measures: Sequence[Measure], states_size: bool
) -> list[Line]:
    best = {each.name: _best(block.groups, each) for each in measures}

    def place(group: _Group) -> float:
        mean = group.mean(by)
        return math.inf if math.isnan(mean) else -mean if by.highest_is_best else mean

    lines = []
    # Blocks of several sizes have the order of the sizes.
    for group in block.groups if states_size else sorted(block.groups, key=place):
        labels = [group.n_train, *group.labels] if states_size else [*group.labels]
        cells, marked = [*labels, str(len(group.results))], []
        for each in measures:
            if group.mean(each) == best[each.name]:
                marked.append(len(cells))
            cells.append(each.text(group.values(each)))
        lines.append(Line(cells, marked))
    return lines


def _best(block: Sequence[_Group], measure: Measure) -> float | None:
    """Return the best mean of a block; None if its lines do not differ or there is only one."""
    means = {mean for group in block if not math.isnan(mean := group.mean(measure))}
    if len(means) < 2:
        return None
    return max(means) if measure.highest_is_best else min(means)


def spread(values: Sequence[float], digits: int) -> str:
    """Return mean ± standard deviation as text; without the latter for a single value.

    Examples
    --------
    >>> spread([0.5, 0.7], 3), spread([0.5], 3), spread([], 3)
    ('0.600 ±0.141', '0.500', '')
    """
    if not values:
        return ""
    mean = f"{statistics.fmean(values):.{digits}f}"
    return mean if len(values) < 2 else f"{mean} ±{statistics.stdev(values):.{digits}f}"
