"""The dashboard: a workspace of Weights & Biases that compares experiments and studies, as code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwnas.errors import UserError, command
from hwnas.extras import is_installed, not_installed
from hwnas.files import write_text
from hwnas.tracking._settings import has_key, rejections
from hwnas.tracking._upload import TUNING
from hwnas.tracking._wandb import WandbTracker

if TYPE_CHECKING:
    import wandb_workspaces.workspaces as ws

NAME = "hwnas"
_TAU = "scores.kendall_tau"
_BEFORE, _AFTER = "selection.mra_all_percent", "selection.mra_pareto_percent"
#: Columns that the list of runs shows first.
_COLUMNS = ("space", "dataset", "device", "metric", "predictor", "n_train", "seed")


def dashboard(tracker: WandbTracker, file: Path | None, fallback: Path) -> str:
    """Create the dashboard of a project, or write a file with what would be created.

    Parameters
    ----------
    tracker : WandbTracker
        Its project and entity are those of the dashboard.
    file : Path, optional
        Where to write the dashboard. Nothing is created then.
    fallback : Path
        Where to write the dashboard if there is no W&B key.

    Returns
    -------
    str
        What was done, in one or two lines.

    Raises
    ------
    UserError
        If W&B or wandb-workspaces is not installed, or the server refuses the dashboard.
    """
    for library in ("wandb", "wandb_workspaces"):
        if not is_installed(library):
            raise not_installed(library, "dashboard")
    with rejections():
        if file is None and has_key():
            return f"dashboard  {_create(tracker)}"
    path = file or fallback
    content = specification(workspace(tracker.project, tracker.entity or ""))
    text = json.dumps(content, indent=1, sort_keys=True)
    write_text(path, text + "\n", f"--file $HOME/{path.name}")
    if file is not None:
        return f"dashboard  {path}"
    return (
        f"no W&B key is found, so what would be created is written to {path}\n"
        f"to create it: wandb login, and then {command('dashboard')}"
    )


def _create(tracker: WandbTracker) -> str:
    """Create the dashboard, and return its address."""
    import requests
    import wandb

    try:
        entity = tracker.entity or wandb.Api().default_entity
        made = workspace(tracker.project, entity or "")
        made.save()
    except (wandb.Error, requests.RequestException, ValueError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise UserError(
            f"dashboard: W&B did not create it: {reason}",
            remedy=command("dashboard --file dashboard.json"),
        ) from error
    return str(made.url)


def specification(made: ws.Workspace) -> dict[str, Any]:
    """Return a workspace as the content that W&B stores."""
    # wandb-workspaces has no public function for this. pyproject.toml bounds its version.
    view = made._to_model()
    spec: dict[str, Any] = json.loads(view.spec.model_dump_json(by_alias=True, exclude_none=True))
    return {"project": view.project, "entity": view.entity, "name": view.display_name, "spec": spec}


def workspace(project: str, entity: str) -> ws.Workspace:
    """Return the workspace. Its panels show what `WandbTracker` records.

    Parameters
    ----------
    project : str
    entity : str
        The user or the team that the project belongs to.
    """
    import wandb_workspaces.reports.v2 as wr
    import wandb_workspaces.workspaces as ws
    from wandb_workspaces import expr

    def section(name: str, *panels: Any) -> ws.Section:
        return ws.Section(name=name, panels=list(panels), is_open=True)

    def scatter(title: str, x: Any, y: str, log_x: bool = False) -> Any:
        return wr.ScatterPlot(title=title, x=x, y=wr.SummaryMetric(y), log_x=log_x)

    def table(name: str) -> Any:
        return wr.WeavePanelSummaryTable(table_name=name, layout=wr.Layout(w=24, h=12))

    n_train = wr.Config("n_train")
    return ws.Workspace(
        name=NAME,
        project=project,
        entity=entity,
        auto_generate_panels=False,
        sections=[
            section(
                "Training measurements",
                scatter("Kendall's τ by training measurements", n_train, _TAU, log_x=True),
                wr.CustomChart(
                    query={"summaryTable": {"tableKey": "curves_table"}},
                    chart_name="wandb/line/v0",
                    chart_fields={"x": "n_train", "y": "kendall_tau", "stroke": "line"},
                    chart_strings={"title": "Studies: mean Kendall's τ over the seeds"},
                    layout=wr.Layout(w=16, h=10),
                ),
            ),
            section(
                "Kendall's τ against time",
                *(
                    scatter(title, wr.SummaryMetric(f"timings.{key}"), _TAU, log_x=True)
                    for key, title in (
                        ("fit_seconds", "Seconds of a fit"),
                        ("tune_seconds", "Seconds of tuning"),
                        ("query_seconds_per_architecture", "Seconds of a prediction"),
                    )
                ),
            ),
            section(
                "Accuracy that a selection loses",
                *(
                    wr.BarPlot(
                        title=f"MRA {when} verification [percentage points]",
                        metrics=[key],
                        groupby=wr.Config("predictor"),
                        groupby_aggfunc="mean",
                        groupby_rangefunc="stddev",
                    )
                    for when, key in (("before", _BEFORE), ("after", _AFTER))
                ),
                scatter("MRA before and after verification", wr.SummaryMetric(_BEFORE), _AFTER),
                scatter("MRA before verification, by training measurements", n_train, _BEFORE),
            ),
            section(
                "Tuning",
                wr.LinePlot(
                    title="Best Kendall's τ on the held-out folds",
                    x=f"{TUNING}/trial",
                    y=[f"{TUNING}/best_kendall_tau"],
                ),
                wr.ScatterPlot(
                    title="Kendall's τ on the held-out folds, and on the test set",
                    x=wr.SummaryMetric("predictor.cross_validated_kendall_tau"),
                    y=wr.SummaryMetric(_TAU),
                ),
            ),
            section("Tables", *map(table, ("results", "selected", "predictions", "trials"))),
        ],
        settings=ws.WorkspaceSettings(max_runs=100),
        runset_settings=ws.RunsetSettings(
            groupby=[expr.Config("predictor")],
            pinned_columns=[
                *(f"config:{name}" for name in _COLUMNS),
                *(f"summary:{name}" for name in (_TAU, _BEFORE, _AFTER)),
            ],
        ),
    )
