"""Where trials are kept: in memory, in a journal file, or in a database."""

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

#: Every record of an Optuna journal has these keys.
_KEYS = {"op_code", "worker_id"}
_RECORD = b'{"'
_SQLITE = b"SQLite format 3\x00"

#: A record that creates a study is far shorter; a longer first line is none.
_LONGEST_FIRST_LINE = 1 << 16

CREATE_ATTEMPTS = 4


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """Keep Optuna's log lines and its notes on experimental arguments off the screen."""
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
    """Open the place of the trials.

    Parameters
    ----------
    storage : str or None
        None keeps trials in memory; a URL (``sqlite:///tuning.db``,
        ``postgresql+psycopg://host/name``) is a database; anything else is a journal file, made
        with its folder where it is missing. A path that ends in ``/`` is a folder with a journal
        file for each study: every worker reads a journal from its start, so that one file for
        thousands of studies would be slow.
    name : str
        The study's name.

    Raises
    ------
    UserError
        If the journal cannot be written or is damaged, the database does not answer, or its
        driver is not installed.
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
            remedy="tuning.storage=outputs/tuning/, or another place that can be written",
        ) from reason


def _open_journal(path: Path) -> optuna.storages.BaseStorage:
    import optuna
    from optuna.storages.journal import JournalFileBackend

    path.parent.mkdir(parents=True, exist_ok=True)
    # Before Optuna touches it: it would append to any file.
    _check_journal(path)
    backend = JournalFileBackend(str(path))
    damaged = UserError(
        f"tuning.storage: the journal {path} is damaged",
        remedy=f"tuning.storage={path.with_stem(f'{path.stem}-2')}, or another new file",
    )
    if not _made_whole(path):
        raise damaged
    try:
        # It replays the whole file. What a line that Optuna never wrote makes it raise is not
        # documented: of no key, of another type, of an unknown operation.
        return optuna.storages.JournalStorage(backend)
    except (ValueError, LookupError, TypeError, AssertionError) as reason:
        raise damaged from reason


def _check_journal(path: Path) -> None:
    """Refuse a file that is no journal of Optuna; it is left as it is.

    Raises
    ------
    UserError
        If the path is no file, or its first line is no record of a journal.
    """
    if not path.exists() or path.is_dir():
        # Made by Optuna, or refused by the system.
        return
    other = f"tuning.storage={path.with_suffix('.journal')}, or another new file"
    if not path.is_file():
        raise UserError(f"tuning.storage={path}: not a regular file", remedy=other)
    with path.open("rb") as file:
        first = file.readline(_LONGEST_FIRST_LINE)
    if first.startswith(_SQLITE):
        raise UserError(
            f"tuning.storage={path}: it is an SQLite database",
            remedy=f"tuning.storage=sqlite:///{path}",
        )
    if not _is_record(first):
        raise UserError(f"tuning.storage={path}: it is not a journal of Optuna", remedy=other)


def _made_whole(path: Path) -> bool:
    """Drop the rest of a record that was cut off; tell whether the last line is whole now.

    Optuna would append to such a rest, and then read neither. `_check_journal` has made sure that
    records come before it.
    """
    from optuna.storages.journal import JournalFileSymlinkLock

    if _is_record(_last_line(path)):
        return True
    # Another process may be writing it just now.
    lock = JournalFileSymlinkLock(str(path))
    lock.acquire()
    try:
        rest = _last_line(path)
        if not rest.endswith(b"\n") and _RECORD.startswith(rest[: len(_RECORD)]):
            log.warning("%s: dropped %d bytes of a record that was cut off", path, len(rest))
            os.truncate(path, path.stat().st_size - len(rest))
        return _is_record(_last_line(path))
    finally:
        lock.release()


def _last_line(path: Path) -> bytes:
    content = path.read_bytes()
    return content[content.rfind(b"\n", 0, -1) + 1 :]


def _is_record(line: bytes) -> bool:
    if not line:
        # Of a file that nothing was written to.
        return True
    try:
        record = json.loads(line)
    except ValueError:
        return False
    return line.endswith(b"\n") and isinstance(record, dict) and record.keys() >= _KEYS


def _open_database(url: str) -> optuna.storages.BaseStorage:
    import optuna
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    shown = url
    try:
        shown = make_url(url).render_as_string(hide_password=True)
        # Two processes that create the tables at once collide; the later finds them made.
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
            remedy="start the database, or give a journal file",
        ) from reason
    raise AssertionError("unreachable")


def open_study(
    storage: optuna.storages.BaseStorage,
    name: str,
    directions: Sequence[Direction],
    pruner: optuna.pruners.BasePruner | None,
) -> tuple[optuna.Study, bool]:
    """Create a study, or load it where it is already there.

    Returns
    -------
    study : optuna.Study
    created : bool
        True in exactly one of the processes that open a study for the first time.

    Raises
    ------
    UserError
        If the stored study has other objectives.
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
            f"tuning study {name!r} was made with other tuning.objectives",
            remedy="tuning.force=true tunes it anew",
        )
    return study, created
