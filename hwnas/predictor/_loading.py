"""Load a saved predictor safely; `_saving.py` describes the format."""

from __future__ import annotations

import os
import re
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from sklearn.utils.validation import check_is_fitted

import hwnas
from hwnas.errors import UserError
from hwnas.files import reason_of
from hwnas.predictor._archive import Archive, printable
from hwnas.predictor._predictor import Predictor
from hwnas.predictor._restoring import Decoder
from hwnas.predictor._saveable_types import LIBRARY_CLASSES, Trusted, trusted_classes
from hwnas.predictor._saving import FORMAT, VERSION, library_version

#: Names of packages for pip, where they differ from the name to import.
_PIP_NAMES = {"sklearn": "scikit-learn"}

#: Name of the fitted predictor in the result folder of an experiment.
PREDICTOR_FILE = "predictor.hwnas"


def load_predictor(path: str | os.PathLike[str], trusted: Iterable[str] = ()) -> Predictor:
    """Load a predictor that :meth:`Predictor.save` wrote.

    A file cannot run code. It can only name search spaces and estimators of hwnas, and some
    estimators of scikit-learn, XGBoost and LightGBM.

    Parameters
    ----------
    path : str or path
        The file, or the result folder of an experiment that holds it.
    trusted : iterable of str
        Full names of further classes that the file may use, such as ``my_models.Median``. Loading
        the file runs their constructors. Also the full name of the function that builds the
        networks of the predictor's search space, if it is not one of hwnas.

    Returns
    -------
    Predictor
        The fitted predictor, with the saved ``metadata_``.

    Raises
    ------
    UserError
        If the file is missing, damaged, not a saved predictor or in a newer format, or if it names
        a class that is not allowed.
    ModuleNotFoundError
        If the model's library is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.linear_model import Ridge
    >>> from hwnas.encoding import OneHot
    >>> from hwnas.space import NASBench201
    >>> X = NASBench201().enumerate()[::500]
    >>> predictor = Predictor(NASBench201(), OneHot(), Ridge()).fit(X, X.sum(axis=1))
    >>> file = tempfile.NamedTemporaryFile(suffix=".hwnas")
    >>> predictor.save(file.name, metadata={"unit": "ms"})
    >>> loaded = load_predictor(file.name)
    >>> loaded.metadata_
    {'unit': 'ms'}
    >>> bool((loaded.predict(X) == predictor.predict(X)).all())
    True
    """
    file = Path(path).expanduser()
    if (file / PREDICTOR_FILE).is_file():
        file = file / PREDICTOR_FILE
    classes = trusted_classes(trusted)
    try:
        _check_kind(file)
        with zipfile.ZipFile(file) as opened:
            return _load(Archive(opened), classes)
    except UserError as error:
        raise UserError(f"{file}: {error.problem}", remedy=error.remedy) from error
    except ImportError:
        raise
    except (zipfile.BadZipFile, EOFError) as error:
        raise UserError(
            f"{file}: is incomplete or damaged", remedy="download or copy the file again"
        ) from error
    except OSError as error:
        raise UserError(
            f"{file}: cannot be read ({reason_of(error)})",
            remedy="a file that this user may read",
        ) from error
    # A broken file can make NumPy, scikit-learn, XGBoost or LightGBM raise any exception. The file
    # is the cause of all of them.
    except Exception as error:
        raise UserError(
            f"{file}: does not hold a predictor that can be restored "
            f"({type(error).__name__}: {printable(error)})",
            remedy="save the predictor again with this version of hwnas",
        ) from error


def option_in(predictor: Predictor) -> str:
    """Return the option of ``predictor=`` that a loaded predictor was made with.

    It is ``NAME`` if the file does not say. The option becomes part of commands that the user may
    run. A file may come from a stranger, so unusual characters are left out.
    """
    name = str(predictor.metadata_.get("predictor", "NAME"))
    return "".join(re.findall(r"[\w/]", name))[:40]


def _check_kind(file: Path) -> None:
    """Raise `UserError` if the file is not a zip file; the message says what it is."""
    if file.is_dir() or not file.exists():
        what = "is a folder" if file.is_dir() else "no such file"
        raise UserError(what, remedy="the path of a file written by Predictor.save")
    if zipfile.is_zipfile(file):
        return
    with file.open("rb") as opened:
        start = opened.read(512).lstrip()
    if start[:1] == b"<":
        raise UserError(
            "is a web page, not a saved predictor",
            remedy="download the file itself (on GitHub with the button Raw)",
        )
    if start[:2] == b"PK":
        raise zipfile.BadZipFile
    raise UserError(
        "is not a saved predictor", remedy="the path of a file written by Predictor.save"
    )


def _load(archive: Archive, trusted: Trusted) -> Predictor:
    document = archive.document()
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UserError(
            "is a zip file of another format, not a saved predictor",
            remedy="the path of a file written by Predictor.save",
        )
    version = document["version"]
    if type(version) is not int or version > VERSION:
        raise UserError(
            f"was saved by hwnas {printable(document.get('hwnas'))} in format version "
            f"{printable(version)}, but hwnas {hwnas.__version__} reads versions up to {VERSION}",
            remedy="pip install --upgrade hwnas",
        )
    archive.check_names()
    try:
        decoder = Decoder(archive, trusted, document["trees"])
        predictor = decoder.decode(document["predictor"])
        metadata = decoder.decode(document["metadata"])
        if not isinstance(predictor, Predictor) or not isinstance(metadata, dict):
            raise ValueError("something other than a predictor and its metadata")
        check_is_fitted(predictor, "pipeline_")
        _predict_two(predictor)
    except (UserError, ImportError):
        raise
    except Exception as error:
        other = _other_versions(document["libraries"])
        if not other:
            raise
        raise UserError(
            "was saved with other versions of libraries, and cannot be restored with the installed "
            f"ones ({type(error).__name__}: {printable(error)})",
            remedy=f"pip install {' '.join(other)}",
        ) from error
    predictor.metadata_ = metadata
    return predictor


def _predict_two(predictor: Predictor) -> None:
    """Predict two architectures.

    A model can be restored from arrays that do not belong together. It fails when it predicts, or
    does not return a number for each architecture. With one architecture, NumPy's broadcasting
    would hide this.
    """
    rows = predictor.space.sample(2, np.random.default_rng(0))
    returned = [predictor.predict(rows)]
    if predictor.knows_uncertainty:
        returned += predictor.predict(rows, return_std=True)
    if predictor.interval_source_ is not None:
        returned += predictor.predict_interval(rows, 0.9)
    if any(np.shape(each) != (2,) for each in returned):
        raise ValueError("it does not predict one number for each architecture")


def _other_versions(libraries: dict[str, str]) -> list[str]:
    """Return pip's ``name==version`` of each library of which another version is installed.

    The result becomes part of a command that the user may run. So the file may add nothing but
    known names and version numbers.
    """
    known = {name.partition(".")[0] for name in LIBRARY_CLASSES}
    return [
        f"{_PIP_NAMES.get(name, name)}=={version}"
        for name, version in libraries.items()
        if name in known
        and name in sys.modules
        and re.fullmatch(r"\d+(\.\w+){1,4}", version)
        and library_version(name) != version
    ]
