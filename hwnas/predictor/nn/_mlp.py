"""Multi-layer perceptrons, one or an ensemble of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Self, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state

from hwnas.errors import check_choice
from hwnas.predictor._torch import one_thread
from hwnas.predictor.nn._mlp_training import (
    ACTIVATIONS,
    FirstWeights,
    Loss,
    Recipe,
    Schedule,
    forward,
    train_members,
)

Values = NDArray[np.float64]

#: Allowed values of the parameters of :class:`MLP` that are strings.
WORDS: dict[str, tuple[str, ...]] = {
    "activation": tuple(ACTIVATIONS),
    "first_weights": get_args(FirstWeights),
    "schedule": get_args(Schedule),
    "loss": get_args(Loss),
}


class MLP(RegressorMixin, BaseEstimator):
    """An ensemble of perceptrons, trained by AdamW, that predicts the mean of its members.

    One batched training on one thread fits all members, and all models given to :meth:`fit_many`.
    The same ``random_state`` gives the same weights.

    Parameters
    ----------
    n_layers : int
        Number of hidden layers.
    width : int
        Number of units of each hidden layer.
    activation : {"relu", "tanh", "hardswish"}
        Activation function of the hidden layers.
    first_weights : {"linear", "glorot"}
        ``linear`` draws weights and biases within ± 1 / sqrt(n_in), as ``torch.nn.Linear`` does.
        ``glorot`` draws weights within ± sqrt(6 / (n_in + n_out)) and sets biases to 0. It suits
        twenty layers, in which the smaller weights of ``linear`` let the signal vanish.
    n_members : int
        Number of perceptrons. They differ in their first weights and in their batches.
    learning_rate : float
        AdamW's highest learning rate.
    schedule : {"cosine", "constant"}
        How the learning rate changes. ``cosine`` raises it over a tenth of the steps, and lets it
        fall to 0 along a cosine.
    loss : {"l1", "l2"}
        Mean absolute or mean squared deviation.
    epochs : int
        Number of passes over the training measurements.
    min_steps : int
        Least number of steps. If `epochs` take fewer, there are more epochs.
    batch_size : int
        Largest size of a batch.
    weight_decay : float
        AdamW's weight decay times the square root of the number of steps.
    l1_output : float
        Factor, in the loss, of the L1 norm of the output layer's weights.
    random_state : int, RandomState or None
        Seed of the first weights and of the batches.

    Attributes
    ----------
    weights_ : list of array, shapes (n_members, n_in, n_out) and (n_members, 1, n_out)
        Weights and biases alternately, from the first layer to the output.
    n_restarts_ : int
        How many times a member was trained again from other first weights, because it had
        predicted one value for all training rows.

    Examples
    --------
    >>> X = np.eye(3)
    >>> MLP(n_layers=1, random_state=0).fit(X, np.array([-1.0, 1.0, 2.0])).predict(X).round(1)
    array([-1.,  1.,  2.], dtype=float32)
    """

    def __init__(
        self,
        n_layers: int = 3,
        width: int = 32,
        activation: str = "relu",
        first_weights: FirstWeights = "linear",
        n_members: int = 1,
        learning_rate: float = 0.01,
        schedule: Schedule = "cosine",
        loss: Loss = "l1",
        epochs: int = 60,
        min_steps: int = 200,
        batch_size: int = 64,
        weight_decay: float = 20.0,
        l1_output: float = 0.0,
        random_state: Any = None,
    ) -> None:
        self.n_layers = n_layers
        self.width = width
        self.activation = activation
        self.first_weights = first_weights
        self.n_members = n_members
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.loss = loss
        self.epochs = epochs
        self.min_steps = min_steps
        self.batch_size = batch_size
        self.weight_decay = weight_decay
        self.l1_output = l1_output
        self.random_state = random_state

    def fit(self, X: Values, y: Values) -> Self:
        """Fit to encoded architectures, shape (n, n_features), and values, shape (n,)."""
        self.fit_many([self], [X], [y])
        return self

    @staticmethod
    def fit_many(models: Sequence[MLP], X: Sequence[Values], y: Sequence[Values]) -> None:
        """Fit every model to its own data.

        Models that differ in nothing but their data and their seeds are trained together.

        Parameters
        ----------
        models : sequence of MLP
        X : sequence of array, shapes (n, n_features)
            Each model's encoded training architectures.
        y : sequence of array, shapes (n,)
            Each model's standardised values.
        """
        alike: dict[Any, list[int]] = {}
        for i, model in enumerate(models):
            alike.setdefault((model._recipe(), model.n_members, X[i].shape), []).append(i)
        for (recipe, n_members, _), group in alike.items():
            stacked_X = _tensor(np.stack([X[i] for i in group]))
            stacked_y = _tensor(np.stack([y[i] for i in group]))
            seeds = [seed for i in group for seed in models[i]._member_seeds()]
            weights, n_restarts = train_members(
                stacked_X.repeat_interleave(n_members, dim=0),
                stacked_y.repeat_interleave(n_members, dim=0),
                seeds,
                recipe,
            )
            for place, i in enumerate(group):
                own = slice(place * n_members, (place + 1) * n_members)
                models[i].weights_ = [layer[own].numpy().copy() for layer in weights]
                models[i].n_restarts_ = sum(n_restarts[own])

    def shortened(self, share: float) -> dict[str, Any]:
        """Return the parameters of a training that takes about a share of this one's time.

        An ensemble has fewer members. It keeps more of its steps than one perceptron, because a
        step of a few members takes about half as long as one of all members.

        Parameters
        ----------
        share : float
            More than 0, and at most 1.

        Examples
        --------
        >>> MLP(n_members=4, epochs=60, min_steps=200).shortened(0.25)
        {'n_members': 1, 'epochs': 30, 'min_steps': 100}
        >>> MLP(n_members=1, epochs=60, min_steps=200).shortened(0.25)
        {'n_members': 1, 'epochs': 15, 'min_steps': 50}
        """
        n_members = max(1, round(share * self.n_members))
        steps = math.sqrt(share) if n_members < self.n_members else share
        return {
            "n_members": n_members,
            "epochs": math.ceil(steps * self.epochs),
            "min_steps": math.ceil(steps * self.min_steps),
        }

    def predict(self, X: Values) -> NDArray[np.float32]:
        """Return the mean of the members' predictions, shape (n,)."""
        with one_thread(), torch.no_grad():
            weights = [torch.from_numpy(layer) for layer in self.weights_]
            seen = _tensor(X).expand(len(self.weights_[0]), *X.shape)
            predicted: NDArray[np.float32] = (
                forward(weights, seen, self.activation).mean(dim=0).numpy()
            )
        return predicted

    def _recipe(self) -> Recipe:
        for name, known in WORDS.items():
            check_choice(f"predictor.model.{name}", getattr(self, name), known)
        return Recipe(**{field.name: getattr(self, field.name) for field in fields(Recipe)})

    def _member_seeds(self) -> list[int]:
        draw = check_random_state(self.random_state)
        return [int(seed) for seed in draw.randint(2**31 - 1, size=self.n_members)]


def _tensor(array: NDArray[Any]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))
