"""Reading the journals of tunings."""

from __future__ import annotations

from pathlib import Path

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend


def studies(path: Path) -> dict[str, optuna.Study]:
    """Return the Optuna studies of a journal by name, as a program without hwnas reads them."""
    storage = JournalStorage(JournalFileBackend(str(path)))
    names = optuna.get_all_study_names(storage)
    return {name: optuna.load_study(study_name=name, storage=storage) for name in names}
