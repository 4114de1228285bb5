"""One experiment: check, load, compute unless it is finished, save, log, print."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from hwnas.dataset import Dataset, EstimatedWarning, Table
from hwnas.experiment._finished import finished
from hwnas.experiment._identity import result_folder, variant
from hwnas.experiment._report import banner, print_report
from hwnas.experiment._result import check_writable, result_folder_writer
from hwnas.tracking import Tracker

if TYPE_CHECKING:
    from hwnas.experiment._pipeline import Outcome

_LOG = logging.getLogger(__name__)


def run(cfg: DictConfig, reference: DictConfig) -> float:
    """Run one experiment, unless it is finished already; return its objective.

    Parameters
    ----------
    cfg : DictConfig
        Composed from ``conf/run.yaml`` and checked.
    reference : DictConfig
        The same groups without any override of a value (see `hwnas.composition._checks`).

    Returns
    -------
    float
        Kendall's tau on the test set.

    Raises
    ------
    UserError
        If the configuration does not fit together, a data file is missing or damaged, or the
        folder holds a result of other data.
    """
    _log_to_stderr()
    # Each refuses what does not fit when it is made: before anything is fitted, most of it before
    # anything heavy is imported.
    dataset, tracker = instantiate(cfg.dataset), instantiate(cfg.tracking)
    selector = instantiate(cfg.selection)
    table, tuner = _load(dataset), instantiate(cfg.tuning)

    from hwnas.experiment import _pipeline as pipeline
    from hwnas.experiment._selecting import check_selection

    predictor, parts = pipeline.prepare(cfg, table, cfg.seed)
    check_selection(selector, dataset, table, predictor)
    if len(parts.train) != cfg.n_train:
        # A lookup table chooses what it needs measured.
        own, name = len(parts.train), cfg.predictor.name
        _LOG.info(
            "%s needs %d measurements of its own: n_train=%d does not count", name, own, cfg.n_train
        )
    folder = result_folder(cfg, table, len(parts.train), variant(cfg, reference))
    before = finished(cfg, folder, table)
    if before is not None:
        print_report(before, folder, note="finished before; force=true runs it again")
        return float(before["scores"]["kendall_tau"])

    check_writable(Path(cfg.paths.outputs).expanduser())

    def compute() -> Outcome:
        return pipeline.experiment(cfg, table, tuner, selector, predictor, parts)

    outcome = record(cfg, table, folder, tracker, compute)
    print_report(outcome.result.to_dict(), folder)
    return outcome.result.scores.kendall_tau


def record(
    cfg: DictConfig,
    table: Table,
    folder: Path,
    tracker: Tracker,
    compute: Callable[[], Outcome],
) -> Outcome:
    """Compute an outcome, save it, whole or not at all, and tell the tracker."""
    from hwnas.experiment import _pipeline as pipeline

    outputs = Path(cfg.paths.outputs).expanduser()
    config = OmegaConf.to_container(cfg, resolve=True)
    assert isinstance(config, dict)
    tracked_run = tracker.start(
        name=str(folder.relative_to(outputs)),
        group=cfg.study,
        tags=_tags(cfg, table),
        config={str(key): value for key, value in config.items()},
        folder=outputs,
    )
    with tracked_run as tracked:
        with result_folder_writer(folder) as fresh:
            outcome = compute()
            pipeline.save(outcome, cfg, fresh)
        # Only now: a tracker that fails must not cost the result.
        tracked.log(outcome.result.to_dict(), folder)
    return outcome


def _load(dataset: Dataset) -> Table:
    """Load a table; a warning about its values stands out instead of drowning in a log."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", EstimatedWarning)
        table = dataset.load().measured_rows()
    for warning in caught:
        if issubclass(warning.category, EstimatedWarning):
            print(banner(str(warning.message)), file=sys.stderr)  # noqa: T201 - must be seen
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    return table


def _log_to_stderr() -> None:
    """Show this package's messages, and of the libraries only warnings."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING, stream=sys.stderr)
    logging.getLogger("hwnas").setLevel(logging.INFO)


def _tags(cfg: DictConfig, table: Table) -> list[str]:
    return [
        cfg.predictor.name,
        table.space.name,
        table.dataset,
        table.device,
        table.metric.name,
        table.provenance.kind,
    ]
