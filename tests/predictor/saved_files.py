"""Saved predictors: loaded in a process of their own, and kept for later versions.

``python -m tests.predictor.saved_files predict FOLDER FILE.npz`` loads every file of a folder and
saves what it predicts on `HELD_OUT`.

``python -m tests.predictor.saved_files keep`` adds a file of each of `KEPT` for this version of
hwnas to `tests/predictor/saved`; what it predicts is in its metadata. A file that is there already
is never replaced: later versions must read what users have.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hwnas
from hwnas.predictor import Predictor, load_predictor
from tests.predictor.members import HELD_OUT, Member, training

FOLDER = Path(__file__).parent / "saved"

#: Predictors of the kept files: parameters that make the file small.
KEPT: dict[str, dict[str, Any]] = {
    "best": {},
    "bohamiann": {"width": 8, "keep_every": 50},
    "gcn": {"hidden": 8},
    "gp": {},
    "lgb": {"n_estimators": 10},
    "lut": {},
    "mlp_small": {"width": 8},
    "nao": {"hidden": 8},
    "ngb": {},
    "rf": {"n_estimators": 5},
    "ridge": {},
    "sparse_gp": {"n_inducing": 8},
    "svr": {},
    "xgb": {"n_estimators": 10},
}


def predicted(predictor: Predictor, X: Any) -> NDArray[np.float64]:
    """Return predictions, and below them standard deviations if the predictor knows them."""
    if predictor.knows_uncertainty:
        return np.stack(predictor.predict(X, return_std=True))
    return predictor.predict(X)[None]


def predict(folder: Path, result: Path) -> None:
    """Save what every file of a folder predicts."""
    # mypy takes the keys for np.savez's own options.
    arrays: dict[str, Any] = {
        file.stem: predicted(load_predictor(file), HELD_OUT) for file in folder.glob("*.hwnas")
    }
    np.savez(result, **arrays)


def keep() -> None:
    """Add the files of this version that are not there yet."""
    cells = HELD_OUT[:20]
    for name, parameters in KEPT.items():
        file = FOLDER / f"{hwnas.__version__}-{name}.hwnas"
        if file.exists():
            continue
        predictor = Member(name, "default").build()
        predictor.model.set_params(**parameters)
        predictor.fit(*training(predictor, n=40))
        metadata = {
            "architectures": predictor.space.to_strings(cells),
            "predicted": predicted(predictor, cells).tolist(),
        }
        predictor.save(file, metadata)


if __name__ == "__main__":
    if sys.argv[1] == "keep":
        keep()
    else:
        predict(Path(sys.argv[2]), Path(sys.argv[3]))
