"""The fields by which finished results are chosen and told apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from hwnas.errors import UserError, nearest
from hwnas.results._find import Finished

#: Fields that say on which data a predictor was scored. Scores on other data are not compared.
DATA = ("space", "dataset", "device", "metric", "image_set", "values")
#: Fields that say how many measurements a predictor got. Scores are compared for equal ones.
SIZE = ("n_train", "n_test")
#: Fields that say what was run. `variant` is the part of the folder's name that tells the
#: configuration apart from the defaults.
PREDICTOR = ("predictor", "preset", "variant", "train")
FIELDS = (*DATA, *SIZE, *PREDICTOR, "seed", "study")
_FILTER = re.compile(r"(?P<field>\w+)=(?P<values>.*)")
_SIZE_AND_SEED = re.compile(r"n\d+/seed\d+")

Fields = Mapping[str, str | int]


def fields_of(finished: Finished) -> dict[str, str | int]:
    """Return the fields of a result, in the order of `FIELDS`. Unknown ones are empty.

    Parameters
    ----------
    finished : Finished
    """
    result = finished.result
    values = result.provenance.values
    known: dict[str, str | int] = {
        # Results of older versions do not state it: their training measurements are random.
        "train": "random",
        **result.identity,
        "image_set": str(values.details.get("image_set") or ""),
        "values": values.kind,
        "preset": result.predictor.preset,
        "variant": _variant(finished),
    }
    return {name: known[name] for name in FIELDS}


def _variant(finished: Finished) -> str:
    """Return what follows the predictor's name in the path of a result folder."""
    folder = finished.folder.resolve()
    if not _SIZE_AND_SEED.fullmatch("/".join(folder.parts[-2:])):
        return ""
    return folder.parts[-3].partition(",")[2]


def is_filter(argument: str) -> bool:
    """Tell whether an argument is a filter, ``field=value``, and not a path.

    Examples
    --------
    >>> is_filter("predictor=ridge"), is_filter("outputs/ridge,preset=paper")
    (True, False)
    """
    return _FILTER.fullmatch(argument) is not None


def chosen(found: Sequence[Finished], filters: Iterable[str]) -> list[Finished]:
    """Return the results that have one of the given values in each given field.

    Parameters
    ----------
    found : sequence of Finished
    filters : iterable of str
        Each is ``field=value`` or ``field=value,value``.

    Raises
    ------
    UserError
        If there is no such field, or no result has a value besides those of the earlier filters.
    """
    table = [(each, fields_of(each)) for each in found]
    given = list(filters)
    for place, text in enumerate(given):
        match = _FILTER.fullmatch(text)
        assert match is not None
        field, values = match["field"], match["values"].split(",")
        if field not in FIELDS:
            raise UserError(f"{text}: results have no such field; {nearest(field, list(FIELDS))}")
        known = sorted({str(fields[field]) for _, fields in table}, key=natural)
        for value in values:
            if value not in known:
                others = f" with {' '.join(given[:place])}" if place else ""
                hint = nearest(value, known)
                raise UserError(f"{field}={value}: no result has it{others}; {hint}")
        table = [(each, fields) for each, fields in table if str(fields[field]) in values]
    return [each for each, _ in table]


def natural(text: str) -> list[tuple[int, str]]:
    """Return a key that sorts numbers in texts by their size.

    Examples
    --------
    >>> sorted(["n124", "n55", "n1366"], key=natural)
    ['n55', 'n124', 'n1366']
    """
    parts = re.split(r"(\d+)", text)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
