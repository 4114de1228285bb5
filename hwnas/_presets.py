"""Named settings of a predictor; imports nothing numerical."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf

from hwnas.errors import check_choice


def with_preset(cfg: DictConfig | Mapping[str, Any]) -> DictConfig:
    """Return a predictor's config with its chosen preset applied.

    ``preset: default`` is the config itself. Another one is laid over it: an ``encoding`` or
    ``model`` with a ``_target_`` of its own replaces the default's, one without changes single
    parameters, and ``search_space`` replaces the default's. The result has neither ``preset`` nor
    ``presets`` left, so that applying it twice changes nothing.

    What a preset names wins over the same key above it. On the command line
    ``predictor.presets.paper.model.alpha=2`` is the override to give: one that the preset would
    replace is refused.

    Raises
    ------
    UserError
        If there is no preset of that name.

    Examples
    --------
    >>> cfg = {"preset": "paper", "model": {"_target_": "A", "x": 1, "y": 1}, "search_space": {},
    ...        "presets": {"paper": {"model": {"x": 2}}}}
    >>> with_preset(cfg).model
    {'_target_': 'A', 'x': 2, 'y': 1}
    """
    # Not through OmegaConf.create alone: that would cut the node's interpolations off their root.
    plain = OmegaConf.to_container(cfg, resolve=True) if isinstance(cfg, DictConfig) else cfg
    config = DictConfig(plain)
    presets = {"default": {}, **(config.pop("presets", None) or {})}
    name = config.pop("preset", None) or "default"
    check_choice("predictor.preset", name, presets)
    for key, node in presets[name].items():
        config[key] = node if replaces(key, node) else OmegaConf.merge(config[key], node)
    return config


def replaces(key: str, node: Any) -> bool:
    """Tell whether a preset's node takes the default's place, or is laid over it."""
    return key == "search_space" or not isinstance(node, DictConfig) or "_target_" in node
