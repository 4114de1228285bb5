"""What a tracker records of a study: its table of results and its report, as a run of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hwnas.study._results import RESULTS
from hwnas.study._worker import STUDIES
from hwnas.tracking import Artifact, Lines, Record, RunInfo

if TYPE_CHECKING:
    import pandas as pd

#: The folder of a report, and its text, in the folder of a study.
REPORT, TEXT = "report", "report.md"
#: Columns of the results that the learning curves are made of.
_PREDICTOR, _DATA, _SIZE = "axis.predictor", "axis.data", "axis.n_train"
_TAU = "scores.kendall_tau"


def has_experiments(folder: Path) -> bool:
    """Tell whether the grid points of a study with results are experiments, not simulations."""
    import pyarrow.parquet as pq

    return "identity.predictor" in pq.read_schema(folder / RESULTS).names


def study_record(folder: Path) -> tuple[RunInfo, Record] | None:
    """Return what a tracker records of a study; None if no grid point of it is finished.

    Parameters
    ----------
    folder : Path
        The folder of the study. Its plots and its text are recorded if its report was written.
    """
    results = folder / RESULTS
    if not results.is_file():
        return None
    import pandas as pd

    rows = pd.read_parquet(results)
    facts = {"study": folder.name, "rows": len(rows)}
    axes = [str(name) for name in rows.columns if str(name).startswith("axis.")]
    text = folder / REPORT / TEXT
    info = RunInfo(
        identity=f"{STUDIES}/{folder.name}",
        group=folder.name,
        tags=["report"],
        config={**facts, "axes": [axis.removeprefix("axis.") for axis in axes]},
        kind="report",
    )
    return info, Record(
        summary=facts,
        folder=folder,
        plots=sorted((folder / REPORT).glob("*.png")),
        tables={"results": results},
        lines=_learning_curves(rows, folder.name),
        artifacts=[
            Artifact(
                name=f"study-{folder.name}",
                kind="study",
                facts=facts,
                files=[path for path in (results, text) if path.is_file()],
            )
        ],
    )


def _learning_curves(rows: pd.DataFrame, study: str) -> dict[str, Lines]:
    """Return the diagram of Kendall's τ by the number of training measurements, if there is one.

    A point is the mean over the seeds. There is a line for each predictor on each dataset.
    """
    axes = [axis for axis in (_PREDICTOR, _DATA, _SIZE) if axis in rows]
    if not {_PREDICTOR, _SIZE} <= {*axes} or _TAU not in rows:
        return {}
    groups = rows.dropna(subset=[_TAU]).groupby(axes)[_TAU]
    means = groups.agg(["mean", "std", "count"]).reset_index()
    named = means[[axis for axis in axes if axis != _SIZE]].astype(str)
    curves = means.assign(line=named.agg(" · ".join, axis=1)).rename(
        columns={axis: axis.removeprefix("axis.") for axis in axes} | {"mean": "kendall_tau"}
    )
    title = f"{study}: Kendall's τ by training measurements"
    return {"curves": Lines(curves, "n_train", "kendall_tau", "line", title)}
