"""Writing a record into a run of Weights & Biases: summary, history, tables and artifacts."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwnas.tracking._record import Artifact, Record

if TYPE_CHECKING:
    import pandas as pd
    import wandb

#: Prefix of what the history says about the trials of tuning.
TUNING = "tuning"
#: W&B shows at most this many rows of a table.
_MOST_ROWS = 10_000
#: Most characters in the name of an artifact.
_LONGEST_NAME = 128


def upload(run: wandb.Run, record: Record) -> None:
    """Write a record into a run."""
    import wandb

    run.summary.update(dict(record.summary))
    _log_trials(run, record.trials)
    logged: dict[str, Any] = {
        name: _table(_shown(_read(path))) for name, path in record.tables.items()
    }
    if record.trials:
        logged["trials"] = _table(_frame(record.trials))
    for name, lines in record.lines.items():
        table = _table(lines.rows)
        logged[name] = wandb.plot.line(table, lines.x, lines.y, lines.line, lines.title)
    logged |= {plot.stem: wandb.Image(str(plot)) for plot in record.plots}
    if logged:
        run.log(logged)
    for artifact in record.artifacts:
        _log_artifact(run, artifact)


def _log_trials(run: wandb.Run, trials: Sequence[Mapping[str, Any]]) -> None:
    """Write the trials of tuning into the history, with the best score so far."""
    # A resumed run has the trials already. Tuning is seeded, so they are the same.
    if not trials or run.step > 0:
        return
    step = f"{TUNING}/trial"
    # Without a summary, because the summary is that of result.json.
    run.define_metric(step, hidden=True, summary="none")
    run.define_metric(f"{TUNING}/*", step_metric=step, summary="none")
    best = -np.inf
    for trial in trials:
        if trial["state"] == "complete":
            best = max(best, trial["kendall_tau"])
        names = ("trial", "kendall_tau", "fit_seconds")
        # A failed trial has no scores.
        values = {key: trial[key] for key in names if trial[key] is not None}
        if np.isfinite(best):
            values["best_kendall_tau"] = best
        run.log({f"{TUNING}/{key}": value for key, value in values.items()})


def _log_artifact(run: wandb.Run, artifact: Artifact) -> None:
    import wandb

    name, facts = _plain_name(artifact.name), dict(artifact.facts)
    made = wandb.Artifact(name, type=artifact.kind, metadata=facts)
    for path in artifact.files:
        # Without a copy, because nothing changes a file in a result folder.
        made.add_file(str(path), policy="immutable")
    if not artifact.files:
        with made.new_file("facts.json") as file:
            json.dump(facts, file, indent=1, sort_keys=True, default=str)
    if not artifact.used:
        run.log_artifact(made)
    elif run.offline:
        # `use_artifact` asks the server. This is the part of it that is possible offline:
        # `wandb sync` then marks the artifact as used.
        run._log_artifact(made, is_user_created=True, use_after_commit=True)
    else:
        run.use_artifact(made)


def _plain_name(name: str) -> str:
    """Return a name with the characters and the length that W&B allows for an artifact.

    Examples
    --------
    >>> _plain_name("predictor-nasbench201/ridge,tuning=none/n55")
    'predictor-nasbench201-ridge-tuning-none-n55'
    """
    plain = re.sub(r"[^\w.-]", "-", name, flags=re.ASCII)
    if len(plain) <= _LONGEST_NAME:
        return plain
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"{plain[: _LONGEST_NAME - 17]}-{digest}"


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)


def _shown(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table, or rows at even distances if there are too many to be shown.

    Of a table with the column ``part``, the rows of the training and of the test set are kept.
    """
    if len(rows) <= _MOST_ROWS:
        return rows
    import pandas as pd

    is_kept = rows["part"] != "rest" if "part" in rows else pd.Series(False, index=rows.index)
    kept, rest = rows[is_kept], rows[~is_kept]
    n = max(_MOST_ROWS - len(kept), 0)
    places = np.linspace(0, len(rest) - 1, n).astype(int)
    return pd.concat([kept, rest.iloc[places]]).sort_index()[:_MOST_ROWS]


def _frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([dict(row) for row in rows])


def _table(rows: pd.DataFrame) -> wandb.Table:
    """Return a table of W&B. Cells that are lists become text, and missing ones None."""
    import wandb

    cells = rows.astype(object).where(rows.notna(), None)
    data: list[Iterable[Any]] = [
        [_cell(value) for value in row] for row in cells.itertuples(index=False, name=None)
    ]
    return wandb.Table([str(name) for name in rows.columns], data, allow_mixed_types=True)


def _cell(value: Any) -> Any:
    return str(value) if isinstance(value, list | tuple | dict | np.ndarray) else value
