"""Charts of the tuning of one experiment: its history, and which hyperparameters matter."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from hwnas.page._chart import Chart, layout, numbers, text, token
from hwnas.page._gather import Run
from hwnas.tuning import read_search_space

if TYPE_CHECKING:
    import optuna

_COLUMNS = ("trial", "state", "kendall_tau", "fit_seconds")
#: With fewer trials, the importance of hyperparameters is not computed.
_FEWEST = 8


def tuning_charts(run: Run, key: str) -> list[Chart]:
    """Return the charts of the tuning; none if the predictor was not tuned.

    Parameters
    ----------
    run : Run
    key : str
        Its id in the page.
    """
    file = run.finished.folder / "tuning.csv"
    if not file.is_file():
        return []
    trials = pd.read_csv(file)
    complete = trials.dropna(subset="kendall_tau")
    if complete.empty:
        return []
    return [_history(run, trials, key), *_importance(run, trials, key)]


def _history(run: Run, trials: pd.DataFrame, key: str) -> Chart:
    color = token(run.predictor)
    # τ of a short training cannot be compared with τ of a whole one. Of the trials in full, which
    # are the last ones, the first has the defaults.
    in_full = trials["trial"][trials["state"] == "complete"].min()
    short = (trials["trial"] < in_full) & (trials["state"] == "short").any()
    full = trials[~short]
    names = [name for name in trials.columns if name not in _COLUMNS]
    hover = [
        "<br>".join(
            f"{text(name)} = {text(f'{value:.4g}' if isinstance(value, float) else value)}"
            for name in names
            if pd.notna(value := line[name])
        )
        for _, line in trials.iterrows()
    ]
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter", "mode": "markers", "name": "trial",
            "x": [int(n) + 1 for n in trials["trial"]], "y": numbers(trials["kendall_tau"]),
            "text": hover,
            "hovertemplate": "<b>trial %{x}</b>, τ = %{y:.4f}<br>%{text}<extra></extra>",
            "marker": {
                "color": color, "size": 8,
                "symbol": ["circle-open" if each else "circle" for each in short],
            },
        },
        {
            "type": "scatter", "mode": "lines", "name": "best so far",
            "x": [int(n) + 1 for n in full["trial"]],
            "y": numbers(full["kendall_tau"].cummax()),
            "hoverinfo": "skip", "line": {"color": color, "shape": "hv", "width": 2},
        },
    ]  # fmt: skip
    best = full.iloc[int(full["kendall_tau"].fillna(float("-inf")).argmax())]
    default = full["kendall_tau"].iloc[0]
    failed = int((trials["state"] == "failed").sum())
    finding = (
        f"The best of {len(trials)} trials is number {best['trial'] + 1:.0f}, with τ = "
        f"{best['kendall_tau']:.3f} on held-out training measurements; the predictor's "
        f"default {'failed' if pd.isna(default) else f'had {default:.3f}'}."
        f"{f' {failed} trials failed.' if failed else ''}"
    )
    if short.any():
        finding += (
            f" The first {int(short.sum())} trials (open circles) trained for a short time, and "
            "the others train the best hyperparameters of these in full."
        )
    figure = {
        "data": traces,
        "layout": layout("trial", "Kendall's τ, cross-validated", showlegend=True),
    }
    return Chart(f"{key}-tuning", "Tuning", finding, figure)


def _importance(run: Run, trials: pd.DataFrame, key: str) -> list[Chart]:
    found = importance(trials, run.finished.config()["predictor"]["search_space"])
    if not found:
        return []
    names = sorted(found, key=lambda name: found[name])
    bars = {
        "type": "bar", "orientation": "h",
        "x": numbers(found[name] for name in names), "y": [text(name) for name in names],
        "marker": {"color": token(run.predictor)},
        "hovertemplate": "%{y}: %{x:.2f}<extra></extra>", "showlegend": False,
    }  # fmt: skip
    finding = (
        f"{names[-1]} matters most: {100 * found[names[-1]]:.0f} % of the total importance "
        "(PED-ANOVA of Optuna, on the trials that ended)."
    )
    axes = layout("share of the importance", "", yaxis={"automargin": True})
    figure = {"data": [bars], "layout": axes}
    return [Chart(f"{key}-importance", "Importance of hyperparameters", finding, figure)]


def importance(trials: pd.DataFrame, search_space: Any) -> dict[str, float]:
    """Return the share of each hyperparameter in the differences between trials.

    Parameters
    ----------
    trials : pandas.DataFrame
        The rows of ``tuning.csv``.
    search_space : mapping
        The search space of the predictor's configuration.

    Returns
    -------
    dict of str to float
        They sum to 1. Empty with fewer than two hyperparameters, too few trials, or equal scores.
    """
    parameters = [p for p in read_search_space(search_space) if p.name in trials]
    # Short trainings are compared with each other, and not with the few in full.
    state = "short" if (trials["state"] == "short").any() else "complete"
    ended = [_trial(line, parameters) for _, line in trials[trials["state"] == state].iterrows()]
    known = [trial for trial in ended if trial is not None]
    if len(parameters) < 2 or len(known) < _FEWEST or len({trial.value for trial in known}) < 2:
        return {}
    import optuna
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    with warnings.catch_warnings():
        # Optuna calls the evaluator experimental.
        warnings.simplefilter("ignore")
        before = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        try:
            study = optuna.create_study(direction="maximize")
            study.add_trials(known)
            return dict(get_param_importances(study, evaluator=PedAnovaImportanceEvaluator()))
        finally:
            optuna.logging.set_verbosity(before)


def _trial(line: pd.Series, parameters: Sequence[Any]) -> optuna.trial.FrozenTrial | None:
    """Return a row of ``tuning.csv`` as a trial of Optuna; None if it has no score."""
    from optuna.trial import create_trial

    if pd.isna(line["kendall_tau"]):
        return None
    values, distributions = {}, {}
    for parameter in parameters:
        if pd.isna(line[parameter.name]):
            continue
        value = _value(line[parameter.name], parameter.distribution)
        if value is not None:
            values[parameter.name] = value
            distributions[parameter.name] = parameter.distribution
    return create_trial(
        params=values, distributions=distributions, value=float(line["kendall_tau"])
    )


def _value(cell: Any, distribution: Any) -> Any:
    """Return a cell of ``tuning.csv`` as Optuna stores it, or None if the range lacks it."""
    if hasattr(distribution, "choices"):
        return next((c for c in distribution.choices if str(c) == str(cell)), None)
    number = float(cell)
    if not distribution.low <= number <= distribution.high:
        return None
    return int(number) if isinstance(distribution.low, int) else number
