"""Build a predictor from the configuration of an encoding and a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from hydra.utils import instantiate
from omegaconf import DictConfig
from sklearn.base import clone

from hwnas.errors import UserError
from hwnas.predictor._predictor import Predictor, set_space
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
    """Build an unfitted predictor from a configuration.

    Parameters
    ----------
    encoding : mapping
        A file of ``conf/encoding/``: a ``_target_`` and its arguments.
    model : mapping
        The node ``model`` of a file of ``conf/predictor/``.
    space : SearchSpace
        The search space of the architectures.
    seed : int
        The experiment's seed. Every parameter named ``random_state`` gets a seed derived from it.
    search_space : mapping, optional
        The ranges that tuning searches, as in ``conf/predictor/*.yaml``.

    Raises
    ------
    UserError
        If the encoding does not work on the space, or the model rejects it or a parameter.

    Examples
    --------
    >>> from hwnas.space import NASBench201
    >>> build({"_target_": "hwnas.encoding.OneHot"},
    ...       {"_target_": "sklearn.linear_model.Ridge", "alpha": 2.0},
    ...       NASBench201(), seed=0).get_params()["model__alpha"]
    2.0
    """
    transformer = instantiate(encoding, _convert_="all")
    set_space(clone(transformer), space).fit(np.zeros((1, space.n_positions), dtype=np.int8))
    regressor = instantiate(model, _convert_="all")
    if not hasattr(regressor, "get_params"):
        raise UserError(
            f"predictor.model: {'null' if regressor is None else repr(regressor)[:60]} is not a "
            "regressor of scikit-learn's kind",
            remedy="leave predictor.model out",
        )
    _check_encoding(regressor, transformer)
    _check_parameters(regressor)
    predictor = Predictor(space, transformer, regressor, search_space)
    states = [key for key in predictor.get_params() if key.rpartition("__")[2] == "random_state"]
    seeds = {key: integer_seed(seed, "predictor", key) for key in states}
    built: Predictor = predictor.set_params(**seeds)
    return built


def _check_encoding(model: Any, encoding: Any) -> None:
    """Reject an encoding that the model cannot read."""
    wanted = getattr(model, "input_encoding", None)
    if wanted is not None and not isinstance(encoding, wanted):
        raise UserError(
            f"encoding: {type(model).__name__} reads the encoding {wanted.__name__} only, not "
            f"{type(encoding).__name__}",
            remedy="leave encoding out",
        )


def _check_parameters(model: Any) -> None:
    """Reject a parameter before the data are loaded.

    scikit-learn's own models check their parameters only when they are fitted.
    """
    if not hasattr(model, "_parameter_constraints"):
        return
    try:
        model._validate_params()
    except ValueError as reason:
        raise UserError(f"predictor.model: {reason}") from reason
