"""Load a saved predictor, whoever wrote it; the format is described in `_saving.py`."""

from __future__ import annotations

import os
import re
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

from sklearn.utils.validation import check_is_fitted

import hwnas
from hwnas.errors import UserError
from hwnas.predictor._archive import Archive, shown
from hwnas.predictor._predictor import Predictor
from hwnas.predictor._restoring import Decoder
from hwnas.predictor._saveable_types import LIBRARY_CLASSES, trusted_classes
from hwnas.predictor._saving import FORMAT, VERSION, library_version

#: Names under which pip knows packages.
_PIP_NAMES = {"sklearn": "scikit-learn"}


def load_predictor(path: str | os.PathLike[str], trusted: Iterable[str] = ()) -> Predictor:
    """Load a predictor that :meth:`Predictor.save` wrote.

    A file cannot run code: it can only name estimators and search spaces of hwnas, and some of
    scikit-learn, XGBoost and LightGBM.

    Parameters
    ----------
    path : str or path
    trusted : iterable of str
        Full public names of further classes that the file may use, such as
        ``my_models.Median``. Their constructor runs when the file is loaded.

    Returns
    -------
    Predictor
        Fitted, with the saved ``metadata_``.

    Raises
    ------
    UserError
        If there is no such file, it is no saved predictor, damaged, of a newer version, or names a
        class that is not allowed.
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
            f"{file}: is incomplete or damaged", remedy="download or copy it again"
        ) from error
    except OSError as error:
        raise UserError(
            f"{file}: cannot be read ({error.strerror or error})",
            remedy="a file that this user may read",
        ) from error
    # Whatever the file makes NumPy, scikit-learn or a booster's library raise, it is the file's.
    except Exception as error:
        raise UserError(
            f"{file}: does not hold a predictor that can be restored "
            f"({type(error).__name__}: {shown(error)})",
            remedy="save it again with this version of hwnas",
        ) from error


def _check_kind(file: Path) -> None:
    """Raise `UserError` unless it is a zip file, saying what it is instead."""
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
            remedy="download the file itself (on GitHub: the button Raw)",
        )
    if start[:2] == b"PK":
        raise zipfile.BadZipFile
    raise UserError(
        "is not a saved predictor", remedy="the path of a file written by Predictor.save"
    )


def _load(archive: Archive, trusted: dict[str, type]) -> Predictor:
    document = archive.document()
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UserError(
            "is a zip file of another format, not a saved predictor",
            remedy="the path of a file written by Predictor.save",
        )
    version = document["version"]
    if type(version) is not int or version > VERSION:
        raise UserError(
            f"was saved by hwnas {shown(document.get('hwnas'))} in version {shown(version)} of "
            f"the format, and hwnas {hwnas.__version__} reads versions up to {VERSION}",
            remedy="pip install --upgrade hwnas",
        )
    archive.check_names()
    try:
        decoder = Decoder(archive, trusted, document["trees"])
        predictor = decoder.decode(document["predictor"])
        metadata = decoder.decode(document["metadata"])
    except (UserError, ImportError):
        raise
    except Exception as error:
        other = _other_versions(document["libraries"])
        if not other:
            raise
        raise UserError(
            f"was saved with other versions of libraries and cannot be restored with these "
            f"({type(error).__name__}: {shown(error)})",
            remedy=f"pip install {' '.join(other)}",
        ) from error
    if not isinstance(predictor, Predictor) or not isinstance(metadata, dict):
        raise ValueError("it holds something else than a predictor and its metadata")
    check_is_fitted(predictor, "pipeline_")
    predictor.metadata_ = metadata
    return predictor


def _other_versions(libraries: dict[str, str]) -> list[str]:
    """Return the libraries of a file that are installed in another version, as pip takes them.

    These words become a command, so that nothing else that a file says may get into them.
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
