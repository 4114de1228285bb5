"""Train many perceptrons of one shape at once: every weight has a leading member axis."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

#: Of a layer's own result, so in place where the gradient does not need it.
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
    """How members are built and trained; the fields are :class:`hwnas.predictor.nn._mlp.MLP`'s."""

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

    def shapes(self, n_features: int) -> list[tuple[int, int]]:
        """Return the shapes of one member's weights and biases in turn."""
        units = [n_features, *[self.width] * self.n_layers, 1]
        return [shape for n_in, n_out in pairwise(units) for shape in ((n_in, n_out), (1, n_out))]


def forward(weights: Sequence[Tensor], X: Tensor, activation: str) -> Tensor:
    """Return every member's output.

    Parameters
    ----------
    weights : sequence of tensor, shapes (n_members, n_in, n_out) and (n_members, 1, n_out)
        Weights and biases in turn, from the first layer to the output.
    X : tensor, shape (n_members, n, n_features)
        What each member sees.
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


def train(X: Tensor, y: Tensor, seeds: Sequence[int], recipe: Recipe) -> list[Tensor]:
    """Train one member a seed.

    Parameters
    ----------
    X : tensor, shape (n_members, n, n_features)
        What each member is trained on; expanded views will do.
    y : tensor, shape (n_members, n)
        Standardised values.
    seeds : sequence of int
        Each member draws its first weights and its batches from its own generator, so that a
        member does not depend on those it is trained with.

    Returns
    -------
    list of tensor
        Weights and biases, see :func:`forward`.
    """
    n_members, n, n_features = X.shape
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    shapes = recipe.shapes(n_features)
    firsts = [_first_weights(shapes, recipe.first_weights, g) for g in generators]
    # All members' first layers, then all their second ones: each layer lies in one piece.
    flat = torch.cat([torch.stack(layer).flatten() for layer in zip(*firsts, strict=True)])
    # Views of the flat parameter: the optimiser's steps reach them, autograd does not reach it.
    weights = [part.requires_grad_() for part in _unpack(flat, n_members, shapes)]

    n_batches = math.ceil(n / recipe.batch_size)
    epochs = max(recipe.epochs, math.ceil(recipe.min_steps / n_batches))
    optimiser = _AdamW(flat, recipe, n_steps=epochs * n_batches)
    rows_X, rows_y = X.reshape(n_members * n, n_features), y.flatten()
    first_row = torch.arange(n_members)[:, None] * n
    for _ in range(epochs):
        order = first_row + torch.stack([torch.randperm(n, generator=g) for g in generators])
        for batch in order.tensor_split(n_batches, dim=1):
            rows = batch.flatten()
            batch_X = rows_X.index_select(0, rows).view(*batch.shape, n_features)
            batch_y = rows_y.index_select(0, rows).view(batch.shape)
            loss = _loss(forward(weights, batch_X, recipe.activation), batch_y, recipe.loss)
            if recipe.l1_output:
                loss = loss + recipe.l1_output * weights[-2].abs().sum()
            optimiser.step(torch.autograd.grad(loss, weights))
    return [part.detach().clone() for part in weights]


def _first_weights(
    shapes: Sequence[tuple[int, int]], kind: FirstWeights, generator: torch.Generator
) -> list[Tensor]:
    """Draw one member's weights and biases, uniformly."""
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
    """Return the sum over members: none feels the others."""
    deviation = predicted - y
    losses = deviation.abs() if kind == "l1" else deviation.square()
    return losses.mean(dim=1).sum()


class _AdamW:
    """AdamW on one flat parameter: `torch.optim` takes a second to import and more a step.

    The weight decay is normalised as in Loshchilov & Hutter (ICLR 2019, appendix B.1): divided by
    the square root of the number of steps, so that one value serves all training sizes.
    """

    beta1, beta2, epsilon = 0.9, 0.99, 1e-8

    def __init__(self, flat: Tensor, recipe: Recipe, n_steps: int) -> None:
        self.flat = flat
        self.recipe = recipe
        self.n_steps = n_steps
        self.taken = 0
        self.mean = torch.zeros_like(self.flat)
        self.square = torch.zeros_like(self.flat)
        self.scale = torch.empty_like(self.flat)
        self.gradient = torch.empty_like(self.flat)
        self.decay = recipe.weight_decay / math.sqrt(n_steps)

    def step(self, gradients: Sequence[Tensor]) -> None:
        """Take one step against the gradients of weights and biases, in place."""
        torch.cat([gradient.flatten() for gradient in gradients], out=self.gradient)
        rate = self._rate()
        self.taken += 1
        self.mean.lerp_(self.gradient, 1 - self.beta1)
        self.square.mul_(self.beta2).addcmul_(self.gradient, self.gradient, value=1 - self.beta2)
        self.flat.mul_(1 - rate * self.decay)
        # The bias corrections go into the scalars, to save passes over the parameters; epsilon goes
        # under the root, as the root of the zeros that idle units have is 30 times slower.
        correction = 1 - self.beta2**self.taken
        torch.add(self.square, self.epsilon**2 * correction, out=self.scale).sqrt_()
        rate *= math.sqrt(correction) / (1 - self.beta1**self.taken)
        self.flat.addcdiv_(self.mean, self.scale, value=-rate)

    def _rate(self) -> float:
        """Cosine after a linear warm-up over the first tenth of the steps."""
        if self.recipe.schedule == "constant":
            return self.recipe.learning_rate
        done = (self.taken + 0.5) / self.n_steps
        return self.recipe.learning_rate * min(1.0, 10 * done) * (1 + math.cos(math.pi * done)) / 2
