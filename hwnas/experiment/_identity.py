"""Result folders are identities: the same experiment always has the same folder."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from hwnas._composition import differences
from hwnas.dataset import Table

#: Groups whose choice is no part of the path by itself, unless it is another than "default".
_SILENT_GROUPS = ("tuning", "selection")
_PLAIN = re.compile(r"[\w.,=+-]{1,80}")


def variant(cfg: DictConfig, reference: DictConfig) -> str:
    """Say how an experiment differs from the defaults of its predictor; "" if it does not.

    The text becomes part of the folder's name, so that no two settings share a result. It lists
    the differences as far as they make a short plain name, and is a digest of them otherwise.
    """
    choices = HydraConfig.get().runtime.choices
    parts = {
        group: choices[group] for group in _SILENT_GROUPS if choices[group] != "default"
    } | differences(cfg, reference)
    if not parts:
        return ""
    text = ",".join(f"{key.removeprefix('predictor.')}={value}" for key, value in parts.items())
    if _PLAIN.fullmatch(text):
        return text
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:10]


def result_folder(cfg: DictConfig, table: Table, n_train: int, variant: str) -> Path:
    """Return ``<outputs>/<space>/<dataset>/<device>_<metric>/<predictor>/n<train>/seed<k>``.

    Estimated values say so: ``<device>_<metric>_estimated``.
    """
    column = f"{table.device}_{table.metric.name}" + ("_estimated" if table.estimated else "")
    predictor = cfg.predictor.name + (f",{variant}" if variant else "")
    parts = [table.space.name, table.dataset, column, predictor, f"n{n_train}", f"seed{cfg.seed}"]
    return Path(cfg.paths.outputs).expanduser().joinpath(*parts)
