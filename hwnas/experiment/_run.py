"""Creating an experiment from a Hydra configuration and running it."""

from __future__ import annotations

import hashlib
import json
import logging
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from hwnas.composition import (
    Artifacts,
    check_same_configuration,
    decisive,
    key_of,
    overrides,
    variant,
)
from hwnas.console import present_stderr
from hwnas.dataset import MEASURED, Table, candidates_of, default_candidates
from hwnas.errors import command
from hwnas.experiment._loading import load_table
from hwnas.experiment._report import print_report
from hwnas.experiment._revision import REVISIONS
from hwnas.files import remove_remains
from hwnas.paths import Paths
from hwnas.tracking import Tracker

if TYPE_CHECKING:
    from hwnas.experiment._experiment import Experiment, TuningSet
    from hwnas.experiment._result import Result
    from hwnas.experiment._split import Split
    from hwnas.predictor import Predictor

_LOG = logging.getLogger(__name__)
#: Keys that affect the result but not the tuning, and keys that the tuning's name contains anyway.
_NOT_TUNING = (
    *("selection", "experiment", "seed", "n_train"),
    *("tuning.n_trials", "tuning.time_limit_seconds", "tuning.max_measurements"),
    "tuning.trial_seconds",
)


def run(
    cfg: DictConfig,
    reference: DictConfig,
    report: Callable[[Result, Path, str], None] = print_report,
) -> float:
    """Run one experiment, or print its result if it is already finished.

    Parameters
    ----------
    cfg : DictConfig
        Composed from ``conf/run.yaml`` and checked.
    reference : DictConfig
        The same groups without any override of a value (`hwnas.composition.reference_config`).
    report : callable
        Prints the result. It takes the result, its folder and a remark, which may be empty.

    Returns
    -------
    float
        Kendall's tau on the test set.

    Raises
    ------
    UserError
        If configuration values contradict each other, a data file is missing or damaged, or the
        result folder holds a result of another configuration or of other data.
    """
    _log_to_stderr()
    prepared = prepare(cfg, reference)
    _log_sizes(cfg, prepared)
    result = prepared.finished()
    if result is not None:
        report(result, prepared.folder, "finished before; force=true runs it again")
        return result.scores["kendall_tau"]
    from hwnas.experiment._folder import check_writable

    check_writable(prepared.outputs)
    result = prepared.record(prepared.experiment.run, _command())
    report(result, prepared.folder, "")
    return result.scores["kendall_tau"]


def _command() -> str:
    """Return the command of this experiment. One of a multirun is named alone."""
    dropped = ("force", "tuning.force")
    return command(shlex.join(["run", *(o for o in overrides() if key_of(o) not in dropped)]))


def _log_sizes(cfg: DictConfig, prepared: Prepared) -> None:
    """Log sizes of the split that are not those of the configuration or of most experiments."""
    from hwnas.experiment._split import N_TEST, N_TRAIN

    drawn, sizes = prepared.experiment.split, prepared.cfg
    n_train = len(drawn.train)
    if n_train == 0:
        # The predictor was fitted before, which `prepare` has logged.
        return
    if n_train != sizes.n_train:
        # The predictor has a design, as a lookup table does.
        _LOG.info(
            "%s chooses its %d training measurements itself; n_train=%d is ignored",
            *(cfg.predictor.name, n_train, sizes.n_train),
        )
    fewer_train = cfg.n_train is None and n_train < N_TRAIN
    if fewer_train or (cfg.n_test is None and len(drawn.test) < N_TEST):
        _LOG.info(
            "the table has %d measurements: n_train=%d n_test=%d",
            *(len(drawn.table), n_train, len(drawn.test)),
        )


@dataclass(frozen=True)
class Prepared:
    """An experiment that was created from a configuration, with its result folder and tracker.

    Parameters
    ----------
    cfg, reference : DictConfig
        See `run`. The values that depend on the table are resolved.
    experiment : Experiment
    tracker : Tracker
    """

    cfg: DictConfig
    reference: DictConfig
    experiment: Experiment
    tracker: Tracker

    @property
    def outputs(self) -> Path:
        """The folder that contains all result folders."""
        return Path(self.cfg.paths.outputs).expanduser()

    @cached_property
    def folder(self) -> Path:
        """The result folder of this experiment."""
        from hwnas.experiment._identity import result_folder

        name, own = self.cfg.predictor.name, variant(self.cfg, self.reference)
        return result_folder(
            self.outputs,
            self.experiment.table,
            f"{name},{own}" if own else name,
            len(self.experiment.split.train),
            self.cfg.seed,
        )

    def finished(self) -> Result | None:
        """Return the finished result, or None if the experiment must run.

        Raises
        ------
        UserError
            See `hwnas.experiment._finished.finished`.
        """
        # A process that was killed just after it had written the result has left the old one.
        remove_remains(self.folder)
        if self.cfg.force:
            return None
        from hwnas.experiment._finished import finished

        return finished(
            self.folder,
            self.experiment.table,
            partial(check_same_configuration, self.cfg),
            everything=self._everything,
            selects=self.experiment.selector is not None,
            intervals=self.cfg.intervals,
            further=self.experiment.further,
        )

    def record(self, compute: Callable[[], Result], made_by: str | None = None) -> Result:
        """Compute the result, save it in the result folder, and log it to the tracker.

        Parameters
        ----------
        compute : callable
            Runs the experiment and returns its result.
        made_by : str, optional
            The command of this experiment, which the result folder keeps.
        """
        from hwnas.experiment._folder import save
        from hwnas.experiment._record import record_of, run_info

        config = OmegaConf.to_container(self.cfg, resolve=True, enum_to_str=True)
        assert isinstance(config, dict)
        plain = {str(key): value for key, value in config.items()}
        experiment = self.experiment
        kind = experiment.table.provenance.kind
        info = run_info(self.folder, experiment.identity, experiment.preset, kind, plain)
        with self.tracker.start(info, self.outputs) as tracked:
            result = compute()
            save(result, plain, self.folder, self._everything, made_by)
            # The result is saved before it is logged, so that it exists even if logging fails.
            tracked.log(record_of(result, self.folder))
        return result

    @property
    def _everything(self) -> bool:
        return bool(self.cfg.artifacts == Artifacts.all)


def prepare(cfg: DictConfig, reference: DictConfig, table: Table | None = None) -> Prepared:
    """Create the objects of an experiment from its configuration, and check that they fit.

    Parameters
    ----------
    cfg, reference : DictConfig
        See `run`.
    table : Table, optional
        The table, if it is already loaded.

    Raises
    ------
    UserError
        See `run`.
    """
    # These come first because they are cheap: most mistakes are reported before heavy imports.
    dataset, tracker = instantiate(cfg.dataset), instantiate(cfg.tracking)
    selector = instantiate(cfg.selection)
    table, tuner = table or load_table(dataset), instantiate(cfg.tuning)

    from hwnas.experiment._candidates import Unmeasured
    from hwnas.experiment._experiment import Experiment
    from hwnas.experiment._fitted_before import check_fitted_before
    from hwnas.experiment._further import further_tables
    from hwnas.experiment._resolved import resolved, with_digests
    from hwnas.experiment._sources import digests_of
    from hwnas.measure import device_measure

    unmeasured, names, further = None, (MEASURED, MEASURED), list[Table]()
    if selector is not None:
        further = further_tables(cfg, selector.metrics, table)
        # Candidates that are not measured are predicted in one metric only.
        default = MEASURED if further else None
        name, whole = candidates_of(
            selector.candidates or default,
            dataset,
            table,
            Paths(**cfg.paths),
            "selection.candidates",
        )
        names = (name, default_candidates(dataset, table))
        unmeasured = None if whole is None else Unmeasured(name, whole)
    cfg, reference = resolved(cfg, reference, table, names)

    predictor, drawn = _predictor_and_split(cfg, table, cfg.seed)
    cfg, reference = with_digests(cfg, reference, digests_of(predictor))
    check_fitted_before(predictor, table, drawn, cfg.seed)
    tuning_seed = cfg.seed if tuner.seed is None else tuner.seed
    if tuning_seed == cfg.seed:
        tuning_set = _tuning_set(cfg, table, predictor, drawn, tuning_seed)
    else:
        own = _predictor_and_split(cfg, table, tuning_seed)
        tuning_set = _tuning_set(cfg, table, *own, tuning_seed)
    experiment = Experiment(
        table=table,
        predictor=predictor,
        split=drawn,
        tuner=tuner,
        selector=selector,
        seed=cfg.seed,
        labels={
            "predictor": cfg.predictor.name,
            "preset": cfg.predictor.preset,
            "study": cfg.study,
            "train": cfg.train,
        },
        tuning_set=tuning_set,
        measure=device_measure(dataset),
        intervals=cfg.intervals,
        unmeasured=unmeasured,
        further=further,
    )
    experiment.check()
    return Prepared(cfg, reference, experiment, tracker)


def _predictor_and_split(cfg: DictConfig, table: Table, seed: int) -> tuple[Predictor, Split]:
    from hwnas.experiment._sources import build_for
    from hwnas.experiment._split import split

    search_space = OmegaConf.to_container(cfg.predictor.search_space, resolve=True)
    assert isinstance(search_space, dict)
    searched = {str(name): entry for name, entry in search_space.items()}
    predictor = build_for(table, cfg, seed, search_space=searched)
    own = predictor.training_design()
    return predictor, split(table, cfg.n_train, cfg.n_test, seed, own, cfg.train)


def _tuning_set(
    cfg: DictConfig, table: Table, predictor: Predictor, drawn: Split, seed: int
) -> TuningSet:
    """Return the predictor and the split for tuning, with the name of the tuning.

    The tuning's name contains everything that affects its trials, but not their number. So
    experiments that share ``tuning.storage`` and ``tuning.seed`` share one tuning, and a tuning
    with more trials continues one with fewer.
    """
    from hwnas.experiment._experiment import TuningSet

    n_train = min(len(drawn.train), cfg.tuning.get("max_measurements") or len(drawn.train))
    # n_test affects tuning: the test set is drawn first, and training measurements from the rest.
    values = {k: v for k, v in decisive(cfg).items() if not k.startswith(_NOT_TUNING)}
    data = [table.provenance.sha256, table.provenance.details]
    later = ("scoring", "selection")
    stages = {stage: n for stage, n in REVISIONS.items() if stage not in later}
    text = json.dumps([values, data, stages], sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    column = f"{table.dataset}-{table.device}-{table.metric.name}"
    name = f"{cfg.predictor.name}-{table.space.name}-{column}-n{n_train}-seed{seed}-{digest}"
    attributes = {
        "space": table.space.name,
        "dataset": table.dataset,
        "device": table.device,
        "metric": table.metric.name,
        "predictor": cfg.predictor.name,
        "preset": cfg.predictor.preset,
        "n_train": n_train,
        "seed": seed,
    }
    return TuningSet(predictor, drawn, seed, name, attributes)


def _log_to_stderr() -> None:
    """Print this package's log messages, and the warnings of other libraries, to stderr."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING, stream=present_stderr())
    logging.getLogger("hwnas").setLevel(logging.INFO)
