"""The description of a saved predictor that ``hwnas show`` prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hwnas.predictor import Predictor
from hwnas.predictor import printable as safe
from hwnas.predictor.transfer import sources_of


def describe(predictor: Predictor) -> str:
    """Return what a saved predictor is, what it was fitted to, and how good it is, as text.

    Parameters
    ----------
    predictor : Predictor
        Loaded from a file. Its ``metadata_`` may come from a stranger, so texts are escaped.
    """
    rows = list(_rows(predictor, predictor.metadata_))
    width = max(len(title) for title, _ in rows)
    return "\n".join(f"{title:<{width}}  {text}" for title, text in rows)


def _rows(predictor: Predictor, known: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    model, encoding = type(predictor.model).__name__, type(predictor.encoding).__name__
    yield "predictor", f"{_text(known, 'predictor')} ({model} on the encoding {encoding})"
    yield "space", f"{predictor.space.name} ({predictor.space.n_positions} positions)"
    yield "metric", f"{_text(known, 'metric')} [{_text(known, 'unit')}]"
    yield "device", f"{_text(known, 'device')} (dataset {_text(known, 'dataset')})"
    yield (
        "data",
        f"{_text(known, 'n_train')} {_text(known, 'kind')} values from {_text(known, 'source')}, "
        f"sha256 {_text(known, 'sha256')}",
    )
    details = known.get("details")
    if isinstance(details, Mapping) and "column" in details:
        yield "column", _text(details, "column")
    for each in sources_of(predictor) or []:
        yield (
            "source",
            f"{_text(each, 'name')}: weight {_number(each, 'weight')}, {_text(each, 'n_known')} of "
            f"{_text(each, 'n_measured')} {_text(each, 'kind')} values from "
            f"{_text(each, 'source')}, sha256 {_text(each, 'sha256')}",
        )
    yield "seed", _text(known, "seed")
    if known.get("best_params"):
        yield "tuned", safe(known["best_params"])
    yield "scores", _scores(known)
    yield "intervals", predictor.interval_source_ or "none; hwnas fit keeps what they need"
    yield "saved by", f"hwnas {_text(known, 'hwnas')}"


def _scores(known: Mapping[str, Any]) -> str:
    held_out, tested = known.get("cross_validated"), known.get("scores")
    if isinstance(held_out, Mapping):
        return (
            f"cross-validated in {_text(held_out, 'folds')} folds: Kendall's tau "
            f"{_number(held_out, 'kendall_tau')}, error {_number(held_out, 'error_percent')} %, "
            f"{_number(held_out, 'coverage_percent')} % in their 90 % interval"
        )
    if isinstance(tested, Mapping):
        return f"on {_text(tested, 'n')} test architectures: Kendall's tau " + _number(
            tested, "kendall_tau"
        )
    return "unknown"


def _text(values: Mapping[str, Any], name: str) -> str:
    """Return a value as text that prints safely in one line."""
    value = values.get(name)
    return "unknown" if value is None else safe(str(value)).strip("'\"")


def _number(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return f"{value:.3g}" if isinstance(value, float | int) else "unknown"
