"""From a predictor's YAML to a predictor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from hydra.utils import instantiate
from omegaconf import DictConfig
from sklearn.base import clone

from hwnas._presets import with_preset
from hwnas.errors import UserError
from hwnas.predictor._predictor import Predictor, bind
from hwnas.seeding import integer_seed
from hwnas.space import SearchSpace


def build(cfg: DictConfig | Mapping[str, Any], space: SearchSpace, seed: int) -> Predictor:
    """Build the predictor of a config (see ``conf/predictor/``), not fitted yet.

    Parameters
    ----------
    cfg : mapping
        Keys ``encoding`` and ``model`` (each with a ``_target_``), optionally ``preset`` and
        ``presets``.
    space : SearchSpace
        Where the architectures come from.
    seed : int
        The run's seed; every parameter called ``random_state`` is derived from it.

    Raises
    ------
    UserError
        If there is no such preset, the encoding makes no sense on the space, or the model refuses a
        parameter.

    Examples
    --------
    >>> from hwnas.space import NASBench201
    >>> build({"encoding": {"_target_": "hwnas.predictor.OneHot"},
    ...        "model": {"_target_": "sklearn.linear_model.Ridge", "alpha": 2.0}},
    ...       NASBench201(), seed=0).get_params()["model__alpha"]
    2.0
    """
    config = with_preset(cfg)
    encoding = instantiate(config.encoding, _convert_="all")
    bind(clone(encoding), space).fit(np.zeros((1, space.n_positions), dtype=np.int8))
    model = instantiate(config.model, _convert_="all")
    _check_parameters(model)
    predictor = Predictor(space, encoding, model)
    states = [key for key in predictor.get_params() if key.rpartition("__")[2] == "random_state"]
    seeds = {key: integer_seed(seed, "predictor", key) for key in states}
    built: Predictor = predictor.set_params(**seeds)
    return built


def _check_parameters(model: Any) -> None:
    """Refuse now what scikit-learn's own models refuse only when they are fitted."""
    if not hasattr(model, "_parameter_constraints"):
        return
    try:
        model._validate_params()
    except ValueError as reason:
        raise UserError(f"predictor.model: {reason}") from reason
