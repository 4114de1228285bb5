"""The files of a proposal: a CSV file to fill in, and the networks as ONNX files."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from hwnas.backend import build_onnx
from hwnas.dataset import read_delimited
from hwnas.errors import UserError
from hwnas.extras import is_installed, not_installed
from hwnas.files import write_atomically, write_text
from hwnas.image_set import ImageSet
from hwnas.network import build, skeleton
from hwnas.space import Architectures, SearchSpace


def check_out(out: Path, target: str) -> None:
    """Raise `UserError` if a file cannot be written, or holds values that would be lost.

    Parameters
    ----------
    out : Path
    target : str
        The column with the values.
    """
    if out.is_dir():
        raise UserError(f"out={out}: is a folder", remedy=f"out={out / 'next.csv'}")
    if out.exists() and any(read_delimited(out).cells.get(target, ["unknown"])):
        raise UserError(
            f"out={out}: the file exists, and a proposal would replace its values",
            remedy=f"out={out.with_name(f'{out.stem}_2.csv')}",
        )


def write_csv(out: Path, rows: Sequence[Sequence[str]], delimiter: str) -> None:
    """Write a header and rows.

    Raises
    ------
    UserError
        If the folder cannot be written.
    """
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    write_text(out, text.getvalue(), f"out=$HOME/{out.name}")


def check_onnx(space: SearchSpace) -> None:
    """Raise `UserError` if the networks of a space cannot be written as ONNX files."""
    if not is_installed("onnx"):
        raise not_installed("onnx", "onnx=FOLDER")
    skeleton(space)


def onnx_name(architecture: str) -> str:
    """Return the name of an architecture's ONNX file, which no other architecture has."""
    return f"{hashlib.sha256(architecture.encode()).hexdigest()[:12]}.onnx"


def write_onnx(
    folder: Path,
    space: SearchSpace,
    architectures: Architectures,
    image_set: ImageSet,
    batch_size: int,
    seed: int,
) -> None:
    """Write each network, with random weights, to a file named by `onnx_name`.

    The metadata of a file hold the string of the architecture.

    Parameters
    ----------
    folder : Path
    space : SearchSpace
    architectures : array, shape (n, n_positions)
    image_set : ImageSet
        Decides the size of the image and the number of classes.
    batch_size : int
    seed : int
        Seed of the weights.

    Raises
    ------
    UserError
        If the folder cannot be written.
    """
    from onnx import helper

    for row, string in zip(architectures.tolist(), space.to_strings(architectures), strict=True):
        model = build_onnx(build(space, row, image_set, dead_edges=False), batch_size, seed)
        helper.set_model_props(model, {"architecture": string})
        write = partial(_write, model.SerializeToString())
        write_atomically(folder / onnx_name(string), write, f"onnx=$HOME/{folder.name}")


def _write(content: bytes, file: Path) -> None:
    file.write_bytes(content)
