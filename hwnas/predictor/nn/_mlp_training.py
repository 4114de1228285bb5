"""Train many perceptrons of one shape at once; the first axis of a weight is the perceptron's."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from hwnas.predictor._torch import one_thread
from hwnas.predictor._training import Adam, differ, train, train_until_alive

#: In place where torch can: nothing else needs what the layer has computed.
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu_,
    "tanh": torch.tanh_,
    "hardswish": functional.hardswish,
}

FirstWeights = Literal["linear", "glorot"]
Schedule = Literal["cosine", "constant"]
Loss = Literal["l1", "l2"]


@dataclass(frozen=True)
class Recipe:
    """How perceptrons are built and trained.

    The fields are parameters of :class:`hwnas.predictor.nn.MLP`.
    """

    n_layers: int
    width: int
    activation: str
    first_weights: FirstWeights
    learning_rate: float
    schedule: Schedule
    loss: Loss
    epochs: int
    min_steps: int
    batch_size: int
    weight_decay: float
    l1_output: float

    def rate(self, progress: float) -> float:
        """Return the learning rate when a share `progress` of the training is done."""
        if self.schedule == "constant":
            return self.learning_rate
        # A linear warm-up over the first tenth of the training, times a cosine over all of it.
        return self.learning_rate * min(1.0, 10 * progress) * (1 + math.cos(math.pi * progress)) / 2

    def shapes(self, n_features: int) -> list[tuple[int, int]]:
        """Return the shapes of one perceptron's weights and biases, alternately."""
        units = [n_features, *[self.width] * self.n_layers, 1]
        return [shape for n_in, n_out in pairwise(units) for shape in ((n_in, n_out), (1, n_out))]


def forward(weights: Sequence[Tensor], X: Tensor, activation: str) -> Tensor:
    """Return every perceptron's output.

    Parameters
    ----------
    weights : sequence of tensor, shapes (n_members, n_in, n_out) and (n_members, 1, n_out)
        Weights and biases alternately, from the first layer to the output.
    X : tensor, shape (n_members, n, n_features)
        Each perceptron's own inputs.
    activation : str
        A key of :data:`ACTIVATIONS`.

    Returns
    -------
    tensor, shape (n_members, n)
    """
    activate = ACTIVATIONS[activation]
    hidden = X
    for weight, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        hidden = activate(torch.baddbmm(bias, hidden, weight))
    return torch.baddbmm(weights[-1], hidden, weights[-2]).squeeze(2)


def train_members(
    X: Tensor, y: Tensor, seeds: Sequence[int], recipe: Recipe
) -> tuple[list[Tensor], list[int]]:
    """Train one perceptron per seed, all at once, and those that died again.

    Parameters
    ----------
    X : tensor, shape (n_members, n, n_features)
        Each perceptron's own training inputs.
    y : tensor, shape (n_members, n)
        Each perceptron's own training values, standardised.
    seeds : sequence of int
        A perceptron draws its first weights and its batches from a generator of this seed, so that
        it does not depend on the others.
    recipe : Recipe

    Returns
    -------
    weights : list of tensor
        Weights and biases, see :func:`forward`.
    n_restarts : list of int
        How many times each perceptron was trained again, see
        :func:`hwnas.predictor._training.train_until_alive`.
    """
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    trained: list[Tensor] = []

    def attempt(members: list[int]) -> Tensor:
        own_X, own_y = X[members], y[members]
        weights = _train(own_X, own_y, [generators[i] for i in members], recipe)
        if trained:
            for layer, new in zip(trained, weights, strict=True):
                layer[members] = new
        else:
            trained.extend(weights)
        with one_thread(), torch.no_grad():
            return forward(weights, own_X, recipe.activation)

    learnable = [differ(own_X) and differ(own_y) for own_X, own_y in zip(X, y, strict=True)]
    return trained, train_until_alive(attempt, learnable)


def _train(
    X: Tensor, y: Tensor, generators: Sequence[torch.Generator], recipe: Recipe
) -> list[Tensor]:
    """Train one perceptron per generator from new first weights, and return all weights."""
    n_members, n, n_features = X.shape
    shapes = recipe.shapes(n_features)
    firsts = [_first_weights(shapes, recipe.first_weights, g) for g in generators]
    # One vector holds all perceptrons' first layers, then all second layers, and so on. A step of
    # the optimiser is then a single operation, however many layers there are.
    flat = torch.cat([torch.stack(layer).flatten() for layer in zip(*firsts, strict=True)])
    flat.grad = torch.zeros_like(flat)
    weights = _unpack(flat, n_members, shapes)
    for weight, gradient in zip(weights, _unpack(flat.grad, n_members, shapes), strict=True):
        weight.requires_grad_().grad = gradient
    n_batches = math.ceil(n / recipe.batch_size)
    n_steps = max(recipe.epochs, math.ceil(recipe.min_steps / n_batches)) * n_batches
    rows_X, rows_y = X.reshape(n_members * n, n_features), y.flatten()
    first_row = torch.arange(n_members)[:, None] * n

    def batches() -> Sequence[Tensor]:
        order = first_row + torch.stack([torch.randperm(n, generator=g) for g in generators])
        return order.tensor_split(n_batches, dim=1)

    def loss(batch: Tensor) -> Tensor:
        rows = batch.flatten()
        batch_X = rows_X.index_select(0, rows).view(*batch.shape, n_features)
        batch_y = rows_y.index_select(0, rows).view(batch.shape)
        deviation = _loss(forward(weights, batch_X, recipe.activation), batch_y, recipe.loss)
        if not recipe.l1_output:
            return deviation
        return deviation + recipe.l1_output * weights[-2].abs().sum()

    # Normalised as in Loshchilov & Hutter (ICLR 2019, appendix B.1): divided by the square root of
    # the number of steps, one value suits all numbers of training measurements.
    decay = recipe.weight_decay / math.sqrt(n_steps)
    optimiser = Adam([flat], weight_decay=decay, decoupled=True, beta2=0.99)
    train(optimiser, loss, batches, lambda step: recipe.rate((step + 0.5) / n_steps), n_steps)
    return [weight.detach().clone() for weight in weights]


def _first_weights(
    shapes: Sequence[tuple[int, int]], kind: FirstWeights, generator: torch.Generator
) -> list[Tensor]:
    """Draw one perceptron's weights and biases from uniform distributions."""
    parts = []
    for (n_in, n_out), bias_shape in zip(shapes[::2], shapes[1::2], strict=True):
        if kind == "glorot":
            bound, bias_bound = math.sqrt(6 / (n_in + n_out)), 0.0
        else:
            bound = bias_bound = 1 / math.sqrt(n_in)
        parts.append((torch.rand((n_in, n_out), generator=generator) * 2 - 1) * bound)
        parts.append((torch.rand(bias_shape, generator=generator) * 2 - 1) * bias_bound)
    return parts


def _unpack(flat: Tensor, n_members: int, shapes: Sequence[tuple[int, int]]) -> list[Tensor]:
    parts = torch.split(flat, [n_members * n_rows * n_out for n_rows, n_out in shapes])
    return [part.view(n_members, *shape) for part, shape in zip(parts, shapes, strict=True)]


def _loss(predicted: Tensor, y: Tensor, kind: Loss) -> Tensor:
    """Return the sum of all perceptrons' losses, so that each gets the gradient of its own."""
    deviation = predicted - y
    losses = deviation.abs() if kind == "l1" else deviation.square()
    return losses.mean(dim=1).sum()
