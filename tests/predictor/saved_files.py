"""Commands for tests of saved predictors.

``python -m tests.predictor.saved_files predict FOLDER`` saves predictions on `HELD_OUT`: those of
every saved predictor of the folder in ``loaded.npz``, and those of all members, which it fits, in
``fitted.npz``.

``python -m tests.predictor.saved_files keep`` saves a file of each predictor of `KEPT` to
`tests/predictor/saved`, named after the version of hwnas. The metadata of a file hold predictions.
Existing files are never replaced, because later versions must read files of earlier ones.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hwnas
from hwnas.predictor import Predictor, load_predictor
from tests.predictor.members import HELD_OUT, Member, fitted, members, training

FOLDER = Path(__file__).parent / "saved"

#: Predictors of the kept files, with parameters that make a file small.
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
    """Return predictions, shape (1, n), or predictions and standard deviations, shape (2, n)."""
    if predictor.knows_uncertainty:
        return np.stack(predictor.predict(X, return_std=True))
    return predictor.predict(X)[None]


def predict(folder: Path) -> None:
    """Save the predictions of every file of a folder, and of all members."""
    # Typed as Any, because mypy checks the keys against the parameters of np.savez.
    loaded: dict[str, Any] = {
        file.stem: predicted(load_predictor(file), HELD_OUT) for file in folder.glob("*.hwnas")
    }
    np.savez(folder / "loaded.npz", **loaded)
    own: dict[str, Any] = {str(member): fitted(member).predict(HELD_OUT) for member in members()}
    np.savez(folder / "fitted.npz", **own)


def keep() -> None:
    """Save the files of this version that do not exist yet."""
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
        predict(Path(sys.argv[2]))
