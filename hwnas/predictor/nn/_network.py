"""What graph and sequence networks have in common: seeded weights, fitting, batched prediction."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from hwnas.predictor._torch import one_thread, seeded_generator
from hwnas.predictor._training import Adam, differ, one_cycle, train, train_until_alive

PREDICT_BATCH = 2048


def glorot(*shape: int, generator: torch.Generator) -> nn.Parameter:
    """Return a weight, shape (..., n_in, n_out), drawn by Glorot & Bengio's rule.

    torch's own modules draw their weights from torch's global generator, which must stay as it is.
    """
    bound = math.sqrt(6 / (shape[-2] + shape[-1]))
    return uniform(*shape, bound=bound, generator=generator)


def uniform(*shape: int, bound: float, generator: torch.Generator) -> nn.Parameter:
    """Return a weight drawn from U(-bound, bound)."""
    return nn.Parameter(torch.empty(*shape).uniform_(-bound, bound, generator=generator))


def dropout(x: Tensor, rate: float, generator: torch.Generator | None) -> Tensor:
    """Set a share `rate` of the elements to 0 and scale up the others.

    Without a generator, as in a prediction, nothing changes.
    """
    if generator is None or rate == 0:
        return x
    kept = torch.empty_like(x).bernoulli_(1 - rate, generator=generator)
    return x * kept / (1 - rate)


class NetworkRegressor(RegressorMixin, BaseEstimator, ABC):
    """Base class of regressors that train one torch network, in single precision.

    A subclass's constructor takes and stores the following parameters, and others of its own.

    Parameters
    ----------
    epochs, min_steps : int
        Length of the training: so many epochs, or so many steps if that is longer.
    batch_size : int
        Largest size of a batch. An epoch is cut into batches of nearly equal size.
    learning_rate : float
        Adam's highest learning rate.
    weight_decay : float
        Adam's L2 penalty.
    warmup : float or None
        Share of the training in which the learning rate rises; it then falls to 0. None keeps the
        learning rate constant.
    random_state : int, RandomState or None
        Seed of the first weights and of the batches.
    max_norm : float or None
        Largest norm of a gradient. A larger one is scaled down to it.

    Attributes
    ----------
    network_ : torch.nn.Module
        The trained network.
    n_steps_ : int
        Number of training steps taken, without those of trainings that died.
    n_restarts_ : int
        How many times the network was trained again from other first weights, because it had
        predicted one value for all training rows.
    """

    epochs: int
    min_steps: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    warmup: float | None
    random_state: Any
    max_norm: float | None = None
    network_: nn.Module

    @abstractmethod
    def _network(self, inputs: tuple[Tensor, ...], generator: torch.Generator) -> nn.Module:
        """Return a network for such inputs, with weights drawn from the generator."""

    @abstractmethod
    def _inputs(self, X: NDArray[Any]) -> tuple[Tensor, ...]:
        """Return the network's inputs; each has one row per architecture."""

    @abstractmethod
    def _loss(
        self, inputs: tuple[Tensor, ...], target: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Return the loss of one batch."""

    def shortened(self, share: float) -> dict[str, Any]:
        """Return the parameters of a training that takes a share of this one's steps."""
        return {
            "epochs": math.ceil(share * self.epochs),
            "min_steps": math.ceil(share * self.min_steps),
        }

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit to encoded architectures, shape (n, n_features), and standardised values, (n,)."""
        rows = np.asarray(X)
        self.n_features_in_ = rows.shape[1]
        generator = seeded_generator(self.random_state)
        inputs = self._inputs(rows)
        target = torch.as_tensor(np.asarray(y, dtype=np.float32))

        def attempt(_: list[int]) -> Tensor:
            self.network_ = self._network(inputs, generator)
            self._train(inputs, target, generator)
            return torch.from_numpy(self.predict(rows)).unsqueeze(0)

        learnable = any(differ(part) for part in inputs) and differ(target)
        (self.n_restarts_,) = train_until_alive(attempt, [learnable])
        return self

    def _train(
        self, inputs: tuple[Tensor, ...], target: Tensor, generator: torch.Generator
    ) -> None:
        """Train `network_` from its first weights."""
        n_batches = math.ceil(len(target) / self.batch_size)
        self.n_steps_ = max(self.epochs * n_batches, self.min_steps)

        def batches() -> Iterator[Tensor]:
            order = torch.randperm(len(target), generator=generator)
            return reversed(order.tensor_split(n_batches))

        def loss(batch: Tensor) -> Tensor:
            return self._loss(tuple(part[batch] for part in inputs), target[batch], generator)

        def rate(step: int) -> float:
            return self.learning_rate * one_cycle(step / self.n_steps_, self.warmup)

        weights = list(self.network_.parameters())
        optimiser = Adam(weights, weight_decay=self.weight_decay, decoupled=False, beta2=0.999)
        train(optimiser, loss, batches, rate, self.n_steps_, self.max_norm)
        self.network_.eval()

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Predict standardised values, shape (n,)."""
        check_is_fitted(self, "network_")
        rows = np.asarray(X)
        predicted = [np.empty(0)]
        with one_thread(), torch.no_grad():
            for start in range(0, len(rows), PREDICT_BATCH):
                inputs = self._inputs(rows[start : start + PREDICT_BATCH])
                predicted.append(self.network_(*inputs).double().numpy())
        return np.concatenate(predicted)

    def saved_state(self) -> dict[str, Any]:
        """Return the network's weights by name, and what its shape depends on."""
        weights = {name: weight.numpy() for name, weight in self.network_.state_dict().items()}
        return {
            "n_features": self.n_features_in_,
            "n_steps": self.n_steps_,
            "n_restarts": self.n_restarts_,
            "weights": weights,
        }

    def restore_state(self, state: dict[str, Any]) -> None:
        """Fit this model from what `saved_state` returned."""
        self.n_features_in_, self.n_steps_ = state["n_features"], state["n_steps"]
        # The networks in files of the first versions of hwnas were never trained again.
        self.n_restarts_ = state.get("n_restarts", 0)
        inputs = self._inputs(np.zeros((1, self.n_features_in_)))
        self.network_ = self._network(inputs, torch.Generator())
        weights = {name: torch.from_numpy(array) for name, array in state["weights"].items()}
        self.network_.load_state_dict(weights)
        self.network_.eval()
