"""From the configuration of an encoding and a model to a predictor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from hydra.utils import instantiate
from omegaconf import DictConfig
from sklearn.base import clone

from hwnas.errors import UserError
from hwnas.predictor._predictor import Predictor, bind
from hwnas.seeding import integer_seed
from hwnas.space import SearchSpace

Node = DictConfig | Mapping[str, Any]


def build(
    encoding: Node,
    model: Node,
    space: SearchSpace,
    seed: int,
    search_space: Mapping[str, Any] | None = None,
) -> Predictor:
    """Build the predictor of a configuration, not fitted yet.

    Parameters
    ----------
    encoding : mapping
        One of ``conf/encoding/``: a ``_target_`` and its arguments.
    model : mapping
        The ``model`` of one of ``conf/predictor/``.
    space : SearchSpace
        Where the architectures come from.
    seed : int
        The run's seed; every parameter called ``random_state`` is derived from it.
    search_space : mapping, optional
        What tuning searches.

    Raises
    ------
    UserError
        If the encoding makes no sense on the space, or the model refuses a parameter.

    Examples
    --------
    >>> from hwnas.space import NASBench201
    >>> build({"_target_": "hwnas.encoding.OneHot"},
    ...       {"_target_": "sklearn.linear_model.Ridge", "alpha": 2.0},
    ...       NASBench201(), seed=0).get_params()["model__alpha"]
    2.0
    """
    transformer = instantiate(encoding, _convert_="all")
    bind(clone(transformer), space).fit(np.zeros((1, space.n_positions), dtype=np.int8))
    regressor = instantiate(model, _convert_="all")
    _check_parameters(regressor)
    predictor = Predictor(space, transformer, regressor, search_space)
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
