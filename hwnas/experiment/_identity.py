"""The path of an experiment's result folder is the experiment's identity."""

from __future__ import annotations

from pathlib import Path

from hwnas.dataset import Table

#: Number of folders between the folder of all results and what a result folder contains.
_DEPTH = 6


def identity_of(folder: Path) -> str:
    """Return the identity of an experiment from the path of its result folder.

    Examples
    --------
    >>> identity_of(Path("outputs/nasbench201/hwnas/raspi4_latency/ridge/n55/seed0"))
    'nasbench201/hwnas/raspi4_latency/ridge/n55/seed0'
    """
    return "/".join(folder.absolute().parts[-_DEPTH:])


def outputs_of(folder: Path) -> Path:
    """Return the folder of all results that a result folder lies in."""
    return folder.absolute().parents[_DEPTH - 1]


def result_folder(outputs: Path, table: Table, predictor: str, n_train: int, seed: int) -> Path:
    """Return the path of the result folder of an experiment.

    It is ``<outputs>/<space>/<dataset>/<device>_<metric>/<predictor>/n<n_train>/seed<seed>``. If
    the values are estimated, ``_estimated`` follows the metric's name.

    Parameters
    ----------
    outputs : Path
        The folder of all results.
    table : Table
    predictor : str
        Name of the predictor. If the configuration differs from the defaults of its groups, a comma
        and the variant follow (`hwnas.composition.variant`).
    n_train : int
        Number of training measurements.
    seed : int
    """
    column = f"{table.device}_{table.metric.name}" + ("_estimated" if table.estimated else "")
    parts = [table.space.name, table.dataset, column, predictor, f"n{n_train}", f"seed{seed}"]
    return outputs.joinpath(*parts)
