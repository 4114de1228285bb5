"""The short table printed at the end of an experiment."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_SCORES = (
    ("Kendall's tau", "kendall_tau", ""),
    ("Spearman", "spearman", ""),
    ("Pearson", "pearson", ""),
    ("MAE", "mae", "unit"),
    ("RMSE", "rmse", "unit"),
    ("deviation, mean", "deviation_mean", "unit"),
    ("deviation, std", "deviation_std", "unit"),
    ("precision@10", "precision_at_10", ""),
    ("precision@20", "precision_at_20", ""),
)


def report(result: dict[str, Any], folder: Path, note: str = "") -> str:
    """Return the table of a result (see `Result`) as text."""
    lines = ["", *_heading(result), ""]
    lines += [*_score_rows(result), "", *_selection_rows(result), "", _timings(result)]
    lines.append(f"{folder}" + (f"  ({note})" if note else ""))
    return "\n".join(lines)


def print_report(result: dict[str, Any], folder: Path, note: str = "") -> None:
    """Print the table of a result: the last thing an experiment prints."""
    print(report(result, folder, note), flush=True)  # noqa: T201 - the command's output


def banner(text: str) -> str:
    """Return a text in a frame that nobody overlooks."""
    lines = textwrap.wrap(text, width=88, break_long_words=False, break_on_hyphens=False)
    rule = "!" * 92
    return "\n".join([rule, *(f"! {line:<88} !" for line in lines), rule])


def on_images(details: Mapping[str, Any]) -> str:
    """Return " on <image set>" for accuracies whose provenance has these details, else ""."""
    image_set = details.get("image_set")
    return f" on {image_set}" if image_set else ""


def _heading(result: dict[str, Any]) -> list[str]:
    identity, values = result["identity"], result["provenance"]["values"]
    kind = values["kind"].upper() if values["kind"] == "estimated" else values["kind"]
    predictor = result["predictor"]
    tuned = f"tuned in {predictor['n_trials']} trials" if predictor["n_trials"] else "not tuned"
    if predictor["best_params"]:
        chosen = (f"{k}={_short(v)}" for k, v in predictor["best_params"].items())
        tuned += f": {', '.join(chosen)}"
    return [
        f"{identity['predictor']} on {identity['space']} / {identity['dataset']} / "
        f"{identity['device']} {identity['metric']} [{identity['unit']}]",
        f"{kind} values: {values['source']} (sha256 {values['sha256'][:12]})",
        f"{identity['n_train']:,} training measurements, seed {identity['seed']}, {tuned}",
    ]


def _score_rows(result: dict[str, Any]) -> list[str]:
    test, whole = result["scores"], result["scores_all"]
    unit = result["identity"]["unit"]
    rows = [_row("", f"test ({test['n']:,})", f"all ({whole['n']:,})")]
    for title, key, has_unit in _SCORES:
        label = f"{title} [{unit}]" if has_unit else title
        rows.append(_row(label, _short(test[key]), _short(whole[key])))
    return rows


def _selection_rows(result: dict[str, Any]) -> list[str]:
    selection = result["selection"]
    if selection is None:
        return [f"no selection: {result['selection_skipped']}"]
    accuracy = result["provenance"]["accuracy"]
    rows = [
        f"selection by {accuracy['kind']} accuracy{on_images(accuracy['details'])} "
        f"({accuracy['source']}):",
        _row("", "selected", "verified"),
        _row("architectures", f"{selection['n_selected']}", f"{selection['n_after_verification']}"),
        _row(
            "MRA [percent points]",
            _short(selection["mra_all_percent"]),
            _short(selection["mra_pareto_percent"]),
        ),
        _row("hypervolume", _short(selection["hypervolume"]), ""),
        _row("retained hypervolume", _short(selection["retained_hypervolume"]), ""),
    ]
    if "live" in selection:
        live = selection["live"]
        rows.append(
            f"  verified live: {live['n_measured']} measured on this machine, in the median "
            f"{_short(live['median_ratio'])} of the table's value"
        )
    if "constraint" in selection:
        rows.append(_chosen(selection["constraint"], result["identity"]["unit"]))
    return rows


def _chosen(constraint: dict[str, Any], unit: str) -> str:
    """Name the architecture chosen under a limit, in a line."""
    if constraint["architecture"] is None:
        return "  within the limit: no architecture is sure enough to hold it"
    broken = ", and exceeds it" if constraint["violated"] else ""
    return (
        f"  within the limit: {constraint['architecture']}, accuracy "
        f"{_short(constraint['accuracy_percent'])} %, predicted {_short(constraint['predicted'])}, "
        f"true {_short(constraint['true'])} {unit}; holds with probability "
        f"{_short(constraint['probability'])}{broken}"
    )


def _timings(result: dict[str, Any]) -> str:
    timings = result["timings"]
    query = timings["query_seconds_per_architecture"] * 1e6
    return (
        f"tuning {timings['tune_seconds']:.2f} s, fit {timings['fit_seconds']:.3f} s, "
        f"query {query:.1f} µs an architecture"
    )


def _row(title: str, first: str, second: str) -> str:
    return f"  {title:<28}{first:>14}{second:>16}".rstrip()


def _short(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1e4 or value == 0 else f"{value:.3g}"
