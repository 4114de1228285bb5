"""Storage of trials: in memory, in an Optuna journal file, or in a database."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwnas.errors import UserError
from hwnas.files import unwritable
from hwnas.metric import Direction

if TYPE_CHECKING:
    import optuna

#: Attempts to open a database whose tables another process may be creating.
CREATE_ATTEMPTS = 4


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """Silence Optuna's information messages and its warnings about experimental arguments."""
    import optuna

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        try:
            yield
        finally:
            optuna.logging.set_verbosity(level)


def open_storage(storage: str | None, name: str) -> optuna.storages.BaseStorage:
    """Open the storage of trials, and create it if it is missing.

    Parameters
    ----------
    storage : str or None
        None: memory. A URL such as ``sqlite:///tuning.db`` or ``postgresql+psycopg://host/name``:
        a database. A path: a journal file, which can hold many Optuna studies. A path that ends in
        ``/``: a folder with a journal file for each Optuna study.
    name : str
        Name of the Optuna study.

    Raises
    ------
    UserError
        If the journal cannot be written, is damaged or is another kind of file, if the database
        does not answer, or if its driver is not installed.
    """
    import optuna

    if storage is None:
        return optuna.storages.InMemoryStorage()
    if "://" in storage:
        return _open_database(storage)
    from hwnas.tuning._journal import open_journal

    try:
        return open_journal(_journal_of(storage, name))
    except IsADirectoryError as reason:
        raise UserError(
            f"tuning.storage={storage}: it is a folder", remedy=f"tuning.storage={storage}/"
        ) from reason
    except OSError as reason:
        place = f"tuning.storage={storage}"
        raise unwritable(place, reason, "tuning.storage=$HOME/hwnas-tuning/") from reason


def _journal_of(storage: str, name: str) -> Path:
    """Return the path of the journal that holds, or will hold, an Optuna study.

    Older versions of hwnas kept the tunings of a study in a folder ``tuning/`` with a journal for
    each, in place of one ``tuning.journal``. A tuning in such a folder goes on there.
    """
    path, file = Path(storage), f"{name}.journal"
    if storage.endswith("/"):
        return path / file
    older = path.with_suffix("") / file
    return older if path.suffix == ".journal" and older.is_file() else path


def _open_database(url: str) -> optuna.storages.BaseStorage:
    """Connect to a database, and create Optuna's tables if they are missing."""
    import optuna
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    from hwnas.tuning._patient import OPENING_SECONDS, call_patiently, patient

    shown = url
    try:
        shown = make_url(url).render_as_string(hide_password=True)
        # If two processes create the tables at the same time, one of them fails. It then tries
        # again and finds the tables.
        for attempt in range(CREATE_ATTEMPTS):
            try:
                if make_url(url).get_backend_name() == "sqlite":
                    return optuna.storages.RDBStorage(url)
                # A connection that broke meanwhile is replaced before it is used.
                opened = call_patiently(optuna.storages.RDBStorage, OPENING_SECONDS)
                storage = opened(url, engine_kwargs={"pool_pre_ping": True})
                return patient(optuna.storages.get_storage(storage))
            except DBAPIError:
                if attempt == CREATE_ATTEMPTS - 1:
                    raise
                time.sleep(0.1 * (attempt + 1))
    except ImportError as reason:
        raise UserError(
            f"tuning.storage={shown}: its database driver is not installed",
            remedy="pip install 'psycopg[binary]' (PostgreSQL, postgresql+psycopg://...)",
        ) from reason
    except SQLAlchemyError as reason:
        first_line = str(reason).splitlines()[0]
        raise UserError(
            f"tuning.storage={shown}: {first_line}",
            remedy="start the database, or use a journal file: tuning.storage=outputs/tuning/",
        ) from reason
    raise AssertionError("unreachable")


def claim_lock(storage: str | None) -> AbstractContextManager[Any]:
    """Return what a worker holds while it takes a waiting trial.

    Optuna gives a waiting trial to one worker only, except in SQLite, which has no lock on a row:
    two workers would run one trial, and the slower one would fail. There, a lock on a file beside
    the database keeps the other workers of this machine out.
    """
    if storage is None or not storage.startswith("sqlite"):
        return nullcontext()
    from filelock import FileLock
    from sqlalchemy.engine import make_url

    database = make_url(storage).database
    in_memory = database is None or database in ("", ":memory:")
    return nullcontext() if in_memory else FileLock(f"{database}.lock")


def describe(study: optuna.Study, attributes: Mapping[str, Any], objectives: Sequence[str]) -> None:
    """Store what an Optuna study is about, for programs that show its trials.

    Only what is not stored yet is written. A worker that was killed while it wrote this, or an
    older version of hwnas, may have left some of it out.

    Parameters
    ----------
    study : optuna.Study
    attributes : mapping
        User attributes of the Optuna study.
    objectives : sequence of str
        Name of each objective.
    """
    stored = study.user_attrs
    for key, value in attributes.items():
        if key not in stored:
            study.set_user_attr(key, value)
    if study.metric_names is None:
        study.set_metric_names(list(objectives))


def open_optuna_study(
    storage: optuna.storages.BaseStorage,
    name: str,
    directions: Sequence[Direction],
    pruner: optuna.pruners.BasePruner | None,
) -> optuna.Study:
    """Create an Optuna study, or load it if it exists.

    Parameters
    ----------
    storage : optuna.storages.BaseStorage
    name : str
        Name of the Optuna study.
    directions : sequence of {"maximize", "minimize"}
        Direction of each objective.
    pruner : optuna.pruners.BasePruner or None
        None: no pruning.

    Raises
    ------
    UserError
        If the stored Optuna study has other directions.
    """
    import optuna

    pruner = pruner or optuna.pruners.NopPruner()
    try:
        study = optuna.create_study(
            storage=storage, study_name=name, directions=list(directions), pruner=pruner
        )
    except optuna.exceptions.DuplicatedStudyError:
        study = optuna.load_study(storage=storage, study_name=name, pruner=pruner)
    if [d.name.lower() for d in study.directions] != list(directions):
        raise UserError(
            f"the stored Optuna study {name!r} has other tuning.objectives",
            remedy="tuning.force=true, which deletes its trials",
        )
    return study
