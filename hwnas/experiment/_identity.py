"""Result folders are identities: the same experiment always has the same folder."""

from __future__ import annotations

from pathlib import Path

from hwnas.dataset import Table


def result_folder(outputs: Path, table: Table, predictor: str, n_train: int, seed: int) -> Path:
    """Return ``<outputs>/<space>/<dataset>/<device>_<metric>/<predictor>/n<train>/seed<k>``.

    Estimated values say so: ``<device>_<metric>_estimated``.

    Parameters
    ----------
    outputs : Path
    table : Table
    predictor : str
        Its name, and how the experiment differs from its defaults.
    n_train, seed : int
    """
    column = f"{table.device}_{table.metric.name}" + ("_estimated" if table.estimated else "")
    parts = [table.space.name, table.dataset, column, predictor, f"n{n_train}", f"seed{seed}"]
    return outputs.joinpath(*parts)
