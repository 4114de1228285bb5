"""All predictors of conf/predictor with parameters for a fast fit, and a simple table for them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from hydra import compose, initialize_config_dir
from numpy.typing import NDArray
from omegaconf import DictConfig, OmegaConf

from hwnas.composition import CONF, register
from hwnas.predictor import Predictor, build
from hwnas.space import Architectures, NASBench201, SearchSpace

FOLDER = Path(__file__).parents[2] / "conf" / "predictor"
SEED = 7

#: Parameters of models for a fast fit: {(predictor, preset or None for all): parameters}.
CHEAP: dict[tuple[str, str | None], dict[str, Any]] = {
    ("rf", None): {"n_estimators": 20},
    ("xgb", None): {"n_estimators": 60, "learning_rate": 0.2},
    ("lgb", None): {"n_estimators": 60, "learning_rate": 0.2},
    ("ngb", None): {"n_estimators": 8, "learning_rate": 0.5, "max_depth": 3},
    ("mlp", None): {"n_layers": 2, "epochs": 1, "min_steps": 60, "learning_rate": 0.02},
    ("mlp_small", None): {"n_layers": 2, "epochs": 1, "min_steps": 60, "learning_rate": 0.02},
    ("bananas", None): {"n_layers": 2, "epochs": 1, "min_steps": 60, "learning_rate": 0.02},
    ("gcn", None): {
        "hidden": 24,
        "epochs": 1,
        "min_steps": 60,
        "learning_rate": 0.02,
        "batch_size": 64,
    },
    ("bonas", None): {
        "hidden": 24,
        "epochs": 1,
        "min_steps": 60,
        "learning_rate": 0.02,
        "batch_size": 64,
    },
    ("nao", None): {
        "hidden": 16,
        "epochs": 1,
        "min_steps": 40,
        "learning_rate": 0.03,
        "batch_size": 64,
        "reconstruction": 0.0,
    },
    ("bohamiann", None): {"width": 20, "n_steps": 300, "burn_in": 200, "learning_rate": 0.01},
    ("sparse_gp", None): {"n_inducing": 20, "n_steps": 30},
}


@dataclass(frozen=True)
class Member:
    """A predictor with one of its presets."""

    name: str
    preset: str

    def __str__(self) -> str:
        return f"{self.name}-{self.preset}"

    @property
    def option(self) -> str:
        """The value of ``predictor=`` on the command line."""
        return self.name if self.preset == "default" else f"{self.preset}/{self.name}"

    @property
    def config(self) -> DictConfig:
        """The configuration (``encoding`` and ``predictor``) with its own parameters."""
        return _composed(self.option)

    @property
    def needs_cells(self) -> bool:
        """Whether the encoding works on cells only."""
        return self.name in ("bananas", "bonas", "gcn", "nao")

    def build(self, space: SearchSpace | None = None) -> Predictor:
        """Return the unfitted predictor, with parameters for a fast fit."""
        config = self.config
        model = config.predictor.model
        for preset in (None, self.preset):
            model = OmegaConf.merge(model, CHEAP.get((self.name, preset), {}))
        return build(config.encoding, model, space or NASBench201(), SEED)


@cache
def _composed(option: str) -> DictConfig:
    # Composing is slow, and many tests build each member: each is composed once, and without the
    # groups of an experiment that a predictor does not use.
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose(None, ["+encoding=one_hot", f"+predictor={option}"])


def members() -> list[Member]:
    """Return all predictors of conf/predictor with all their presets."""
    found = []
    for path in sorted(FOLDER.rglob("[!_]*.yaml")):
        preset = path.parent.relative_to(FOLDER).as_posix()
        found.append(Member(path.stem, "default" if preset == "." else preset))
    return found


def additive(space: SearchSpace, X: Architectures) -> NDArray[np.float64]:
    """Return a simple metric in ms: an operation costs the same at all positions."""
    cost = np.random.default_rng(3).permutation(len(space.operations))
    summed: NDArray[np.float64] = 5.0 + cost[X].sum(axis=1)
    return summed


def draw(space: SearchSpace, n: int, seed: int) -> Architectures:
    """Return `n` random architectures."""
    rng = np.random.default_rng(seed)
    if space.size > 10**6:
        return rng.integers(len(space.operations), size=(n, space.n_positions)).astype(np.int8)
    return space.enumerate()[rng.choice(space.size, n, replace=False)]


def training(predictor: Predictor, n: int = 80, seed: int = 0) -> tuple[Any, Any]:
    """Return measurements that the predictor can be fitted to."""
    X = predictor.training_design()
    if X is None:
        X = draw(predictor.space, n, seed)
    return X, additive(predictor.space, X)


def noisy(space: SearchSpace, X: Architectures, seed: int) -> NDArray[np.float64]:
    """Return the simple metric with noise, whose standard deviation is 1 ms."""
    noise: NDArray[np.float64] = np.random.default_rng(seed).normal(0.0, 1.0, len(X))
    return additive(space, X) + noise


@cache
def fitted(member: Member) -> Predictor:
    """Return the fitted member. All tests share the object, so they must not change it."""
    predictor = member.build()
    return predictor.fit(*training(predictor))


HELD_OUT = draw(NASBench201(), 100, seed=1)
