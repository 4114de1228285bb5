"""Result folders are identities: the same experiment always has the same folder."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hydra import compose
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from hwnas.dataset import Table
from hwnas.errors import UserError

_GROUPS = ("metric", "device", "space", "image_set", "dataset", "predictor", "tuning", "selection")
#: Groups whose choice is no part of the path by itself, unless it is another than "default".
_SILENT_GROUPS = ("tuning", "selection")
#: Nodes whose values decide a result; the others say where it goes and who is told.
_DECISIVE = ("n_test", "predictor", "tuning", "selection")
_PLAIN = re.compile(r"[\w.,=+-]{1,80}")


def reference_config() -> DictConfig:
    """Compose the configuration of the chosen groups without any override of a value."""
    hydra = HydraConfig.get()
    overrides = [f"{group}={hydra.runtime.choices[group]}" for group in _GROUPS]
    return compose(hydra.job.config_name, overrides=overrides)


def check_types(cfg: DictConfig, reference: DictConfig) -> None:
    """Refuse a value of another type than the YAML's, which a ``_target_`` node lets through.

    Raises
    ------
    UserError
        Naming the key, the value and what is needed.
    """
    given = leaves(cfg)
    for key, default in leaves(reference).items():
        value = given.get(key)
        if value is not None and default is not None and not _fits(value, default):
            raise UserError(
                f"{key}={value}: a {type(default).__name__} is needed", mend=f"{key}={default}"
            )


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


def differences(cfg: DictConfig, reference: DictConfig) -> dict[str, Any]:
    """Return every decisive value that differs from the reference, by dotted key."""
    before, after = leaves(reference), leaves(cfg)
    keys = [key for key in {**before, **after} if key.split(".")[0] in _DECISIVE]
    return {key: after.get(key) for key in keys if before.get(key) != after.get(key)}


def leaves(cfg: DictConfig) -> dict[str, Any]:
    """Return the decisive and the dataset's values by dotted key, interpolations unresolved."""
    container = OmegaConf.to_container(cfg, resolve=False)
    assert isinstance(container, dict)
    return dict(_walk(container, ""))


def _walk(node: dict[Any, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        if isinstance(value, dict) and value:
            yield from _walk(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _fits(value: Any, default: Any) -> bool:
    if isinstance(default, str) and default.startswith("${"):
        return True
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    if isinstance(default, int | float):
        # A whole number is a float as well; a fraction is no count.
        return isinstance(value, int) or (isinstance(default, float) and isinstance(value, float))
    return isinstance(value, type(default))
