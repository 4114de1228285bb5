"""Storage of trials: in memory, in an Optuna journal file, or in a database."""

from __future__ import annotations

import json
import logging
import os
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hwnas.errors import UserError
from hwnas.metric import Direction

if TYPE_CHECKING:
    import optuna

log = logging.getLogger(__name__)

#: Keys that every record of an Optuna journal has.
_RECORD_KEYS = {"op_code", "worker_id"}
#: First bytes of every record.
_RECORD_START = b'{"'
#: First bytes of an SQLite file.
_SQLITE_START = b"SQLite format 3\x00"

#: The first record of a journal creates an Optuna study and is far shorter than this, in bytes.
_LONGEST_FIRST_LINE = 1 << 16

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
        a database. A path: a journal file. A path that ends in ``/``: a folder with a journal file
        for each Optuna study. Each worker reads its whole journal, so one journal for thousands
        of Optuna studies would be slow.
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
    path = Path(storage) / f"{name}.journal" if storage.endswith("/") else Path(storage)
    try:
        return _open_journal(path)
    except IsADirectoryError as reason:
        raise UserError(
            f"tuning.storage={storage}: it is a folder", remedy=f"tuning.storage={path}/"
        ) from reason
    except OSError as reason:
        raise UserError(
            f"tuning.storage={storage}: {reason.strerror}",
            remedy="tuning.storage=outputs/tuning/, or another folder that you can write to",
        ) from reason


def _open_journal(path: Path) -> optuna.storages.BaseStorage:
    """Open a journal file, and create it and its folder if they are missing.

    Raises
    ------
    UserError
        If the file is damaged, or is not a journal.
    OSError
        If the file or its folder cannot be written.
    """
    import optuna
    from optuna.storages.journal import JournalFileBackend

    path.parent.mkdir(parents=True, exist_ok=True)
    # Check first, because Optuna would append its records to any file.
    _check_journal(path)
    backend = JournalFileBackend(str(path))
    damaged = UserError(
        f"tuning.storage: the journal {path} is damaged",
        remedy=f"tuning.storage={path.with_stem(f'{path.stem}-2')}, or another new file",
    )
    if not _drop_partial_record(path):
        raise damaged
    try:
        # Optuna reads the whole file. It does not document its exceptions for lines that are not
        # its own: they may lack a key, have a value of another type or name an unknown operation.
        return optuna.storages.JournalStorage(backend)
    except (ValueError, LookupError, TypeError, AssertionError) as reason:
        raise damaged from reason


def _check_journal(path: Path) -> None:
    """Raise `UserError` if the path holds something other than an Optuna journal.

    Raises
    ------
    UserError
        If the path is not a regular file, or its first line is not a record of a journal.
    """
    if not path.exists() or path.is_dir():
        # Optuna creates a missing file. Opening a folder raises IsADirectoryError.
        return
    new_file = f"tuning.storage={path.with_suffix('.journal')}, or another new file"
    if not path.is_file():
        raise UserError(f"tuning.storage={path}: not a regular file", remedy=new_file)
    with path.open("rb") as file:
        first = file.readline(_LONGEST_FIRST_LINE)
    if first.startswith(_SQLITE_START):
        raise UserError(
            f"tuning.storage={path}: it is an SQLite database",
            remedy=f"tuning.storage=sqlite:///{path}",
        )
    if not _is_record(first):
        raise UserError(f"tuning.storage={path}: it is not a journal of Optuna", remedy=new_file)


def _drop_partial_record(path: Path) -> bool:
    """Truncate a last record that is incomplete; return whether the last line is a record now.

    A worker that is killed can leave an incomplete record. Optuna would append the next record to
    the same line and could then read neither. `_check_journal` has checked that the file begins
    with a record.
    """
    from optuna.storages.journal import JournalFileSymlinkLock

    if _is_record(_last_line(path)):
        return True
    # Another process may be writing this record now.
    lock = JournalFileSymlinkLock(str(path))
    lock.acquire()
    try:
        last = _last_line(path)
        if not last.endswith(b"\n") and _RECORD_START.startswith(last[: len(_RECORD_START)]):
            log.warning("%s: dropped %d bytes of an incomplete last record", path, len(last))
            os.truncate(path, path.stat().st_size - len(last))
        return _is_record(_last_line(path))
    finally:
        lock.release()


def _last_line(path: Path) -> bytes:
    content = path.read_bytes()
    return content[content.rfind(b"\n", 0, -1) + 1 :]


def _is_record(line: bytes) -> bool:
    """Return whether a line is a whole record, or the only line of an empty file."""
    if not line:
        return True
    try:
        record = json.loads(line)
    except ValueError:
        return False
    return line.endswith(b"\n") and isinstance(record, dict) and record.keys() >= _RECORD_KEYS


def _open_database(url: str) -> optuna.storages.BaseStorage:
    """Connect to a database, and create Optuna's tables if they are missing."""
    import optuna
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    shown = url
    try:
        shown = make_url(url).render_as_string(hide_password=True)
        # If two processes create the tables at the same time, one of them fails. It then tries
        # again and finds the tables.
        for attempt in range(CREATE_ATTEMPTS):
            try:
                return optuna.storages.RDBStorage(url)
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


def open_optuna_study(
    storage: optuna.storages.BaseStorage,
    name: str,
    directions: Sequence[Direction],
    pruner: optuna.pruners.BasePruner | None,
) -> tuple[optuna.Study, bool]:
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

    Returns
    -------
    study : optuna.Study
    created : bool
        Whether this process created it. True in exactly one of the processes that open it.

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
        created = True
    except optuna.exceptions.DuplicatedStudyError:
        study = optuna.load_study(storage=storage, study_name=name, pruner=pruner)
        created = False
    if [d.name.lower() for d in study.directions] != list(directions):
        raise UserError(
            f"the stored Optuna study {name!r} has other tuning.objectives",
            remedy="tuning.force=true, which deletes its trials",
        )
    return study, created
