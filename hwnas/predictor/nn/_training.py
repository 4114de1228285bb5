"""What the networks of torch share: seeded weights, one training loop, batched prediction."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from hwnas.predictor._torch import denormals_flushed, one_thread, seeded_generator

PREDICT_BATCH = 2048


def glorot(*shape: int, generator: torch.Generator) -> nn.Parameter:
    """Return a weight, (…, in, out), drawn by Glorot & Bengio's rule.

    torch's own modules draw from the global generator when they are built; these do not.
    """
    bound = math.sqrt(6 / (shape[-2] + shape[-1]))
    return uniform(*shape, bound=bound, generator=generator)


def uniform(*shape: int, bound: float, generator: torch.Generator) -> nn.Parameter:
    """Return a weight drawn from U(-bound, bound)."""
    return nn.Parameter(torch.empty(*shape).uniform_(-bound, bound, generator=generator))


def dropout(x: Tensor, rate: float, generator: torch.Generator | None) -> Tensor:
    """Drop elements at `rate` and scale up the rest; without a generator, do nothing."""
    if generator is None or rate == 0:
        return x
    kept = torch.empty_like(x).bernoulli_(1 - rate, generator=generator)
    return x * kept / (1 - rate)


def schedule(progress: float, warmup: float | None) -> float:
    """Return the factor on the learning rate: a cosine up, then a cosine down to 0.

    Parameters
    ----------
    progress : float
        Part of the training that is done, in [0, 1).
    warmup : float or None
        Part of the training that the way up takes, from 1/25 (Smith & Topin, "Super-convergence",
        2018); 0 is plain cosine annealing, None a constant rate.

    Examples
    --------
    >>> [round(schedule(p, warmup=0.5), 2) for p in (0, 0.25, 0.5, 0.75)]
    [0.04, 0.52, 1.0, 0.5]
    >>> schedule(0, warmup=0)
    1.0
    """
    if warmup is None:
        return 1.0
    if progress < warmup:
        return 1 - 0.96 * (1 + math.cos(math.pi * progress / warmup)) / 2
    return (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup))) / 2


@one_thread()
@denormals_flushed()
def train(
    parameters: Iterable[nn.Parameter],
    loss: Callable[[Tensor], Tensor],
    n: int,
    *,
    epochs: int,
    min_steps: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    warmup: float | None,
    generator: torch.Generator,
    max_norm: float | None = None,
) -> int:
    """Minimise a loss by Adam, on batches in an order drawn anew every epoch.

    Parameters
    ----------
    parameters : iterable of nn.Parameter
    loss : callable
        From the indices of a batch to its loss.
    n : int
        Number of training measurements.
    epochs, min_steps : int
        Length of the training: that many epochs, or that many steps if those are more.
    batch_size : int
        At most that many in a batch; an epoch is cut into batches of nearly equal size.
    learning_rate, weight_decay : float
        Highest learning rate, and Adam's L2 penalty.
    warmup : float or None
        See :func:`schedule`.
    generator : torch.Generator
        Draws the order.
    max_norm : float, optional
        The gradient is clipped to this norm.

    Returns
    -------
    int
        Number of steps taken.
    """
    weights = list(parameters)
    optimizer = torch.optim.Adam(weights, lr=learning_rate, weight_decay=weight_decay, fused=True)
    n_batches = math.ceil(n / batch_size)
    n_steps = max(epochs * n_batches, min_steps)
    batches: list[Tensor] = []
    for step in range(n_steps):
        if not batches:
            batches = list(torch.randperm(n, generator=generator).tensor_split(n_batches))
        optimizer.param_groups[0]["lr"] = learning_rate * schedule(step / n_steps, warmup)
        optimizer.zero_grad()
        torch.autograd.backward(loss(batches.pop()))
        if max_norm is not None:
            nn.utils.clip_grad_norm_(weights, max_norm)
        optimizer.step()
    return n_steps


class NetworkRegressor(RegressorMixin, BaseEstimator, ABC):
    """Base class of the graph and sequence networks: fits one network of torch, float32.

    A subclass stores what its constructor takes, among it `epochs`, `min_steps`, `batch_size`,
    `learning_rate`, `weight_decay`, `warmup` and `random_state`.

    Attributes
    ----------
    network_ : torch.nn.Module
    n_steps_ : int
        Number of training steps taken.
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
        """Return a network for such inputs, its weights drawn by the generator."""

    @abstractmethod
    def _inputs(self, X: NDArray[Any]) -> tuple[Tensor, ...]:
        """Return the network's inputs, one row an architecture."""

    @abstractmethod
    def _loss(
        self, inputs: tuple[Tensor, ...], target: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Return the loss of one batch."""

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit to encoded architectures, shape (n, n_features), and standardised values, (n,)."""
        rows = np.asarray(X)
        self.n_features_in_ = rows.shape[1]
        generator = seeded_generator(self.random_state)
        inputs = self._inputs(rows)
        target = torch.as_tensor(np.asarray(y, dtype=np.float32))
        self.network_ = self._network(inputs, generator)

        def loss(batch: Tensor) -> Tensor:
            return self._loss(tuple(part[batch] for part in inputs), target[batch], generator)

        self.n_steps_ = train(
            self.network_.parameters(),
            loss,
            len(target),
            epochs=self.epochs,
            min_steps=self.min_steps,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            warmup=self.warmup,
            generator=generator,
            max_norm=self.max_norm,
        )
        self.network_.eval()
        return self

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
        return {"n_features": self.n_features_in_, "n_steps": self.n_steps_, "weights": weights}

    def restore_state(self, state: dict[str, Any]) -> None:
        """Fit this model from what `saved_state` returned."""
        self.n_features_in_, self.n_steps_ = state["n_features"], state["n_steps"]
        inputs = self._inputs(np.zeros((1, self.n_features_in_)))
        self.network_ = self._network(inputs, torch.Generator())
        weights = {name: torch.from_numpy(array) for name, array in state["weights"].items()}
        self.network_.load_state_dict(weights)
        self.network_.eval()
