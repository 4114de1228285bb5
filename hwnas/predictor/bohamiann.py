"""Bayesian neural network: adaptive Hamiltonian Monte Carlo samples its weights."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, Literal, Self, get_args, overload

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from hwnas.errors import UserError, check_choice
from hwnas.predictor._torch import denormals_flushed, one_thread, seeded_generator

Values = NDArray[np.float64]
MOMENTUM_DECAY = 0.05
PREDICT_BATCH = 2048

FirstWeights = Literal["normal", "linear"]


class Bohamiann(RegressorMixin, BaseEstimator):
    """Bayesian neural network (Springenberg et al., BOHAMIANN, NeurIPS 2016).

    The network is a perceptron of tanh layers; all measurements have the same noise variance.
    Stochastic-gradient Hamiltonian Monte Carlo samples weights and noise from their posterior.
    After the burn-in, it keeps a sample every `keep_every` steps. The mean of the samples'
    predictions is the prediction; their variance plus the mean noise variance is its variance.

    Parameters
    ----------
    n_layers, width : int
        Number of hidden layers, and number of units of each.
    n_steps : int
        Number of the sampler's steps, burn-in included.
    burn_in : int
        Number of first steps, which adapt the step sizes and keep no sample.
    keep_every : int
        Number of steps from one sample to the next.
    batch_size : int
        Largest number of training measurements that a step sees.
    learning_rate : float
        Square of the step size.
    weight_precision : float
        Inverse variance of the weights' normal prior, divided by the layer's number of inputs.
    first_weights : {"normal", "linear"}
        ``normal`` draws weights of variance 1 / inputs and sets biases to 0. ``linear`` draws
        both within ± 1 / sqrt(inputs), as ``torch.nn.Linear`` does: a third of that variance.
    noise : float
        Noise variance that the sampler starts with, and that is the most likely one in the prior.
        Its unit is the values' variance.
    random_state : int, RandomState or None
        Seed of the first weights, of the batches and of the sampler's noise.

    Attributes
    ----------
    samples_ : array, shape (n_samples, n_weights)
        A row holds the weights and biases of all layers, and last the noise variance's logarithm.

    Examples
    --------
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> y = X[:, 0] + np.where(np.arange(200) % 2, 0.5, -0.5)  # noise that no smooth function fits
    >>> mean, std = Bohamiann(random_state=0).fit(X, y).predict([[0.5]], return_std=True)
    >>> bool(abs(mean[0] - 0.5) < 0.2), bool(0.4 < std[0] < 0.7)
    (True, True)
    """

    def __init__(
        self,
        n_layers: int = 3,
        width: int = 50,
        n_steps: int = 2000,
        burn_in: int = 1000,
        keep_every: int = 20,
        batch_size: int = 64,
        learning_rate: float = 1e-3,
        weight_precision: float = 1.0,
        first_weights: FirstWeights = "normal",
        noise: float = 0.01,
        random_state: Any = None,
    ) -> None:
        self.n_layers = n_layers
        self.width = width
        self.n_steps = n_steps
        self.burn_in = burn_in
        self.keep_every = keep_every
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_precision = weight_precision
        self.first_weights = first_weights
        self.noise = noise
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit to encoded architectures, shape (n, n_features), and standardised values, (n,).

        Raises
        ------
        UserError
            If `first_weights` is unknown, or there are too few steps after the burn-in to keep a
            sample.
        """
        check_choice("predictor.model.first_weights", self.first_weights, get_args(FirstWeights))
        if self.n_steps - self.burn_in < self.keep_every:
            raise UserError(
                f"bohamiann: n_steps={self.n_steps}, burn_in={self.burn_in} and keep_every="
                f"{self.keep_every} keep no sample",
                remedy=f"predictor.model.n_steps={self.burn_in + self.keep_every}, or more",
            )
        features = np.asarray(X, dtype=np.float32)
        self.n_features_in_ = features.shape[1]
        self.offset_ = features.mean(axis=0)
        # Features that are constant in training cannot be scaled.
        deviation = features.std(axis=0)
        self.scale_ = np.where(deviation > 0, deviation, 1).astype(np.float32)
        with one_thread(), denormals_flushed():
            seen = torch.from_numpy((features - self.offset_) / self.scale_)
            values = torch.as_tensor(np.asarray(y, dtype=np.float32))
            self.samples_ = self._sample(seen, values).numpy()
        return self

    def _sample(self, X: Tensor, y: Tensor) -> Tensor:
        generator = seeded_generator(self.random_state)
        shapes = self._shapes()
        drawn = first_weights(shapes, self.first_weights, generator)
        log_noise = math.log(self.noise)
        weights = torch.cat([drawn, torch.tensor([log_noise])]).requires_grad_()
        precision = torch.cat([torch.full((a * b,), float(a - 1)) for a, b in shapes])
        precision *= self.weight_precision
        sampler = AdaptiveSGHMC(weights, self.learning_rate, generator)
        n_batches = math.ceil(len(y) / self.batch_size)
        batches: list[Tensor] = []
        kept = []
        for step in range(1, self.n_steps + 1):
            if not batches:
                order = torch.randperm(len(y), generator=generator)
                batches = list(order.tensor_split(n_batches))
            batch = batches.pop()
            log_variance = weights[-1]
            deviation = network(weights, shapes, X[batch]) - y[batch]
            misfit = (deviation**2 * torch.exp(-log_variance) + log_variance).mean() / 2 * len(y)
            # The noise variance's prior is log-normal: its logarithm has standard deviation 1.
            unusual = (log_variance - log_noise) ** 2 / 2
            prior = (precision * weights[:-1] ** 2).sum() / 2 + unusual
            (gradient,) = torch.autograd.grad(misfit + prior, weights)
            sampler.step(gradient, adapt=step <= self.burn_in)
            past = step - self.burn_in
            if past > 0 and past % self.keep_every == 0:
                kept.append(weights.detach().clone())
        return torch.stack(kept)

    def _shapes(self) -> list[tuple[int, int]]:
        """Return every layer's number of inputs, plus 1 for the bias, and number of outputs."""
        widths = [self.n_features_in_, *[self.width] * self.n_layers, 1]
        return [(before + 1, after) for before, after in pairwise(widths)]

    @overload
    def predict(self, X: ArrayLike, return_std: Literal[False] = False) -> Values: ...

    @overload
    def predict(self, X: ArrayLike, return_std: Literal[True]) -> tuple[Values, Values]: ...

    def predict(self, X: ArrayLike, return_std: bool = False) -> Values | tuple[Values, Values]:
        """Predict standardised values, shape (n,), and a measurement's standard deviation."""
        check_is_fitted(self, "samples_")
        features: NDArray[np.float32] = np.asarray(X, dtype=np.float32)
        features = (features - self.offset_) / self.scale_
        shapes, outputs = self._shapes(), np.empty((len(self.samples_), len(features)))
        samples = torch.from_numpy(self.samples_)
        with one_thread(), torch.no_grad():
            for start in range(0, len(features), PREDICT_BATCH):
                rows = slice(start, start + PREDICT_BATCH)
                seen = torch.from_numpy(features[rows])
                for sample, output in zip(samples, outputs, strict=True):
                    output[rows] = network(sample, shapes, seen).numpy()
        mean: Values = outputs.mean(axis=0)
        if not return_std:
            return mean
        noise = np.exp(self.samples_[:, -1].astype(np.float64)).mean()
        return mean, np.sqrt(outputs.var(axis=0) + noise)


def first_weights(
    shapes: list[tuple[int, int]], kind: FirstWeights, generator: torch.Generator
) -> Tensor:
    """Draw the weights and biases of all layers, in one vector; see :class:`Bohamiann`."""
    parts = []
    for inputs, outputs in shapes:
        scale = (inputs - 1) ** -0.5
        layer = torch.empty(inputs, outputs)
        if kind == "linear":
            layer.uniform_(-scale, scale, generator=generator)
        else:
            layer.normal_(generator=generator).mul_(scale)[-1] = 0
        parts.append(layer.flatten())
    return torch.cat(parts)


def network(weights: Tensor, shapes: list[tuple[int, int]], X: Tensor) -> Tensor:
    """Return the output of the network with these weights, shape (n,)."""
    sizes = [inputs * outputs for inputs, outputs in shapes]
    layers = torch.split(weights[:-1], sizes)
    for i, (layer, shape) in enumerate(zip(layers, shapes, strict=True)):
        matrix = layer.view(shape)
        X = torch.addmm(matrix[-1], torch.tanh(X) if i else X, matrix[:-1])
    return X.squeeze(-1)


class AdaptiveSGHMC:
    """Stochastic-gradient Hamiltonian Monte Carlo that adapts its step sizes in the burn-in.

    Springenberg et al., BOHAMIANN, NeurIPS 2016, equations 8 to 10.

    Parameters
    ----------
    weights : Tensor, shape (n_weights,)
        The sampler changes them in place.
    learning_rate : float
        Square of the step size.
    generator : torch.Generator
        Draws the sampler's noise.
    """

    def __init__(self, weights: Tensor, learning_rate: float, generator: torch.Generator) -> None:
        self.weights = weights
        self.learning_rate = learning_rate
        self.generator = generator
        self.window = torch.ones_like(weights)
        self.mean = torch.ones_like(weights)
        self.square = torch.ones_like(weights)
        self.momentum = torch.zeros_like(weights)

    @torch.no_grad()
    def step(self, gradient: Tensor, adapt: bool) -> None:
        """Take one step.

        Parameters
        ----------
        gradient : Tensor, shape (n_weights,)
            Gradient of the negative log posterior.
        adapt : bool
            Whether to adapt the step sizes, as in the burn-in.
        """
        if adapt:
            share = 1 / (self.window + 1)
            self.window += 1 - self.window * self.mean**2 / self.square
            self.mean += share * (gradient - self.mean)
            self.square += share * (gradient**2 - self.square)
        step = self.learning_rate / (self.square.sqrt() + 1e-16)
        # Batches make the gradient noisy: this noise is subtracted from what the sampler adds.
        variance = (2 * MOMENTUM_DECAY * step - self.learning_rate**2).clamp(min=0)
        noise = torch.empty_like(step).normal_(generator=self.generator) * variance.sqrt()
        self.momentum += noise - step * gradient - MOMENTUM_DECAY * self.momentum
        self.weights += self.momentum
