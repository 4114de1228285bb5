"""The report that an experiment prints: its scores as a short table."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hwnas.experiment._result import Result
from hwnas.scores import SCORES
from hwnas.selection import SELECTION_SCORES


def report(result: Result, folder: Path, note: str = "") -> str:
    """Return the report of a result as text.

    Parameters
    ----------
    result : Result
    folder : Path
        The result folder. The last line names it.
    note : str
        A remark after the folder.
    """
    lines = ["", *_heading(result), ""]
    lines += [
        *_score_rows(result),
        *_interval_rows(result),
        *_remarks(result),
        "",
        *_selection_rows(result),
        "",
        _timings(result),
    ]
    lines.append(f"{folder}" + (f"  ({note})" if note else ""))
    return "\n".join(lines)


def print_report(result: Result, folder: Path, note: str = "") -> None:
    """Print the report of a result, see `report`."""
    print(report(result, folder, note), flush=True)  # noqa: T201 - the command's output


def banner(text: str) -> str:
    """Return a text in a frame of exclamation marks, for warnings."""
    width = min(92, shutil.get_terminal_size(fallback=(92, 24)).columns) - 4
    lines = textwrap.wrap(text, width=width, break_long_words=False, break_on_hyphens=False)
    rule = "!" * (width + 4)
    return "\n".join([rule, *(f"! {line:<{width}} !" for line in lines), rule])


def on_images(details: Mapping[str, Any]) -> str:
    """Return " on <image set>" if a provenance's details name an image set, otherwise ""."""
    image_set = details.get("image_set")
    return f" on {image_set}" if image_set else ""


def _heading(result: Result) -> list[str]:
    identity, values, predictor = result.identity, result.provenance.values, result.predictor
    kind = values.kind.upper() if values.kind == "estimated" else values.kind
    tuned = f"tuned in {predictor.n_trials} trials" if predictor.n_trials else "not tuned"
    if predictor.best_params and not predictor.n_trials:
        tuned = "tuned before"
    if predictor.best_params:
        parameters = (f"{k}={_short(v)}" for k, v in predictor.best_params.items())
        tuned += f": {', '.join(parameters)}"
    restarts = [] if not predictor.n_restarts else [_restarts(predictor.n_restarts)]
    trained = f"{identity['n_train']:,} training measurements{_chosen(identity)}"
    if not identity["n_train"]:
        trained = "fitted before, without training measurements of this table"
    return [
        f"{identity['predictor']} on {identity['space']} / {identity['dataset']} / "
        f"{identity['device']} {identity['metric']} [{identity['unit']}]",
        f"{kind} values: {values.source} (sha256 {values.sha256[:12]})",
        *_inferred(values.details),
        f"{trained}, seed {identity['seed']}, {tuned}",
        *restarts,
    ]


def _chosen(identity: Mapping[str, Any]) -> str:
    """Say that training measurements are a design. Results of older versions do not state it."""
    return ", chosen (train=design)" if identity.get("train", "random") == "design" else ""


def _restarts(n: int) -> str:
    times = "once" if n == 1 else f"{n} times"
    return (
        f"trained again {times} from other first weights, because the network had predicted one "
        "value for all training measurements"
    )


def _inferred(details: Mapping[str, Any]) -> list[str]:
    """Return a line on the dimensions of the space, if they come from the table's columns."""
    found = details.get("inferred")
    return [f"dimensions, from the columns: {'; '.join(found)}"] if found else []


def _score_rows(result: Result) -> list[str]:
    test, whole = result.scores, result.scores_all
    unit = result.identity["unit"]
    rows = [_row("", f"test ({test['n']:,})", f"all ({whole['n']:,})")]
    for each in SCORES:
        label = f"{each.title} [{unit}]" if each.in_unit else each.title
        rows.append(_row(label, _short(test[each.name]), _short(whole[each.name])))
    return rows


def _interval_rows(result: Result) -> list[str]:
    """Return the scores of the predictor's intervals, and where the intervals come from."""
    interval = result.interval
    if interval is None:
        return []
    name = f"{100 * interval['nominal']:.0f} % interval"
    if interval["skipped"] is not None:
        return [f"  no {name}: {interval['skipped']}"]
    return [
        _row(f"{name}, coverage", _short(interval["coverage"]), ""),
        _row(f"{name}, width [{result.identity['unit']}]", _short(interval["mean_width"]), ""),
        f"  {name} from: {interval['source']}",
    ]


def _remarks(result: Result) -> list[str]:
    """Return the predictor's remarks. A result that was loaded from disk has none."""
    if result.details is None:
        return []
    return [f"note: {remark}" for remark in result.details.predictor.remarks]


def _selection_rows(result: Result) -> list[str]:
    selection = result.selection
    if selection is None:
        return [f"no selection: {result.selection_skipped}"]
    accuracy = result.provenance.accuracy
    assert accuracy is not None
    rows = [
        f"selection by {accuracy.kind} accuracy{on_images(accuracy.details)} ({accuracy.source}):",
        f"  {_bound(selection['min_accuracy'], accuracy.details)}",
        *_objectives(result),
        _row("", "selected", "verified"),
        *_selection_score_rows(selection),
    ]
    if "device" in selection:
        device = selection["device"]
        rows.append(
            f"  verified on the device: {device['n_measured']} measured on this machine; median "
            f"ratio of measured value and table's value: {_short(device['median_ratio'])}"
        )
    if "constraint" in selection:
        rows.append(_constraint_row(selection["constraint"], result.identity["unit"]))
    if selection.get("unmeasured") is not None:
        rows += _unmeasured_rows(selection["unmeasured"], result.identity["unit"])
    return rows


def _objectives(result: Result) -> list[str]:
    """Return a line on the metrics of a selection with several; results of one have none."""
    assert result.selection is not None
    further = result.selection.get("further_metrics")
    if not further:
        return []
    others = (
        f"{each['metric']} [{each['unit']}] (Kendall's tau {_short(each['scores']['kendall_tau'])} "
        f"on {each['scores']['n']:,})"
        for each in further
    )
    own = f"{result.identity['metric']} [{result.identity['unit']}]"
    return [f"  objectives: accuracy, {own}, {', '.join(others)}"]


def _unmeasured_rows(found: Mapping[str, Any], unit: str) -> list[str]:
    """Return what is predicted of the candidates that were not measured."""
    n, n_measured, front = found["n"], found["n_measured"], found["front"]
    rows = [
        f"candidates={found['candidates']}: {n:,} networks, {n_measured:,} of them measured. The "
        "scores above are those of the measured ones.",
        f"  predicted front: {len(front)} networks, in candidates.csv; the most accurate:",
        *(f"  {_candidate(line, unit)}" for line in front[:3]),
    ]
    if "chosen" in found:
        chosen = found["chosen"]
        rows.append(
            "  within the limit: no candidate has the required probability"
            if chosen is None
            else f"  within the limit: {_candidate(chosen, unit)}, with probability "
            f"{_short(chosen['probability'])}"
        )
    return rows


def _candidate(line: Mapping[str, Any], unit: str) -> str:
    bounds = ""
    if line["lower"] is not None and line["upper"] is not None:
        bounds = f" ({_short(line['lower'])} to {_short(line['upper'])})"
    measured = "" if line["measured"] is None else f", measured {_short(line['measured'])}"
    return (
        f"{line['architecture']}, accuracy {line['accuracy_percent']:.4g} %, predicted "
        f"{_short(line['predicted'])}{bounds} {unit}{measured}"
    )


def _bound(min_accuracy: float | None, details: Mapping[str, Any]) -> str:
    if min_accuracy is not None:
        return f"candidates with an accuracy of at least {min_accuracy:.4g} %"
    unknown = "" if "classes" in details else ", because this score has no known chance level"
    return f"candidates of any accuracy{unknown}"


def _selection_score_rows(selection: Mapping[str, Any]) -> list[str]:
    """Return one row for each score, with a column for the selected and one for the verified set.

    Scores with the same title share a row.
    """
    rows: dict[str, dict[str, str]] = {}
    for score in SELECTION_SCORES:
        if score.reported:
            rows.setdefault(score.title, {})[score.of] = _short(selection[score.name])
    return [
        _row(title, of.get("selected", ""), of.get("verified", "")) for title, of in rows.items()
    ]


def _constraint_row(constraint: Mapping[str, Any], unit: str) -> str:
    """Return a line about the architecture that was chosen under a limit."""
    if constraint["architecture"] is None:
        return "  within the limit: no architecture, because none has the required probability"
    remarks = {
        "violated": "its true value violates the limit",
        "dominated": "another architecture, as certain, is as accurate and cheaper, or better",
        "below_twice_chance": "its accuracy is below twice that of a random guess",
    }
    remark = "".join(f"; {text}" for name, text in remarks.items() if constraint[name])
    return (
        f"  within the limit: {constraint['architecture']}, accuracy "
        f"{_short(constraint['accuracy_percent'])} %, predicted {_short(constraint['predicted'])}, "
        f"true {_short(constraint['true'])} {unit}; within the limit with probability "
        f"{_short(constraint['probability'])}{remark}"
    )


def _timings(result: Result) -> str:
    timings = result.timings
    query = timings.query_seconds_per_architecture * 1e6
    return (
        f"tuning {timings.tune_seconds:.2f} s, fit {timings.fit_seconds:.3f} s, "
        f"prediction {query:.1f} µs per architecture"
    )


def _row(title: str, first: str, second: str) -> str:
    return f"  {title:<38}{first:>14}{second:>16}".rstrip()


def _short(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1e4 or value == 0 else f"{value:.3g}"
