"""The predictor of NAO: a recurrent encoder, a regressor and a decoder."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from hwnas.predictor.nn._network import NetworkRegressor, dropout, glorot, uniform


class NAO(NetworkRegressor):
    """Encoder, regressor and decoder (Luo et al., "Neural Architecture Optimization", 2018).

    A bidirectional LSTM, the encoder, reads the tokens. The mean of its normalised outputs
    represents the architecture. The regressor turns it into the value by two linear layers with a
    bypass. The decoder, a second LSTM that attends to the encoder's outputs, predicts the tokens:
    this part of the loss makes the encoder represent different architectures differently.

    Parameters
    ----------
    n_tokens : int
        Number of different tokens. Tokens are integers from 0 to ``n_tokens - 1``.
    hidden : int
        Width of embedding, encoder and decoder.
    hidden_regressor : int
        Width of the regressor.
    dropout : float
        Rate of dropout after embeddings and after the regressor's layers.
    reconstruction : float
        Share of the decoder in the loss, below 1. With 0 there is no decoder.
    max_norm : float or None
        Largest norm of a gradient. A larger one is scaled down to it.
    epochs, min_steps, batch_size, learning_rate, weight_decay, warmup, random_state
        See :class:`hwnas.predictor.nn._network.NetworkRegressor`.
    """

    network_: _Network

    def __init__(
        self,
        n_tokens: int = 16,
        hidden: int = 32,
        hidden_regressor: int = 16,
        dropout: float = 0.1,
        reconstruction: float = 0.0,
        max_norm: float | None = 5.0,
        epochs: int = 70,
        min_steps: int = 100,
        batch_size: int = 128,
        learning_rate: float = 1e-2,
        weight_decay: float = 3e-4,
        warmup: float | None = 0.3,
        random_state: Any = None,
    ) -> None:
        self.n_tokens = n_tokens
        self.hidden = hidden
        self.hidden_regressor = hidden_regressor
        self.dropout = dropout
        self.reconstruction = reconstruction
        self.max_norm = max_norm
        self.epochs = epochs
        self.min_steps = min_steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.warmup = warmup
        self.random_state = random_state

    def _inputs(self, X: NDArray[Any]) -> tuple[Tensor, ...]:
        if X.size and not 0 <= X.min() <= X.max() < self.n_tokens:
            raise ValueError(f"nao: tokens must lie in 0..{self.n_tokens - 1}")
        return (torch.as_tensor(np.asarray(X, dtype=np.int64)),)

    def _network(
        self,
        inputs: tuple[Tensor, ...],  # noqa: ARG002 (no weight's shape depends on the inputs)
        generator: torch.Generator,
    ) -> nn.Module:
        return _Network(
            self.n_tokens,
            self.hidden,
            self.hidden_regressor,
            self.dropout,
            self.reconstruction > 0,
            generator,
        )

    def _loss(
        self, inputs: tuple[Tensor, ...], target: Tensor, generator: torch.Generator
    ) -> Tensor:
        (tokens,) = inputs
        outputs, found = self.network_.encode(tokens, generator)
        error = functional.mse_loss(self.network_.regress(found, generator), target)
        if not self.reconstruction:
            return error
        logits = self.network_.decode(tokens, outputs, found, generator)
        written = functional.cross_entropy(logits.flatten(0, 1), tokens.flatten())
        return (1 - self.reconstruction) * error + self.reconstruction * written


class _Network(nn.Module):
    def __init__(
        self,
        n_tokens: int,
        hidden: int,
        regressor: int,
        rate: float,
        decodes: bool,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.rate = rate
        self.embedding = _normal(n_tokens, hidden, generator)
        self.encoder = _lstm(hidden, bidirectional=True, generator=generator)
        self.projection = glorot(2 * hidden, hidden, generator=generator)
        self.regressor = nn.ParameterList(
            [
                uniform(hidden, regressor, bound=hidden**-0.5, generator=generator),
                uniform(regressor, hidden, bound=regressor**-0.5, generator=generator),
                uniform(hidden, 1, bound=hidden**-0.5, generator=generator),
            ]
        )
        self.biases = nn.ParameterList(torch.zeros(width) for width in (regressor, hidden, 1))
        if decodes:
            self.written = _normal(n_tokens, hidden, generator)
            self.decoder = _lstm(hidden, bidirectional=False, generator=generator)
            self.query = glorot(hidden, hidden, generator=generator)
            self.mixture = glorot(2 * hidden, hidden, generator=generator)
            self.vocabulary = glorot(hidden, n_tokens, generator=generator)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.regress(self.encode(tokens)[1])

    def encode(
        self, tokens: Tensor, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the encoder's outputs, shape (n, length, hidden), and their mean.

        Every output and every mean is divided by its norm.
        """
        embedded = dropout(self.embedding[tokens], self.rate, generator)
        outputs = functional.normalize(
            embedded + self.encoder(embedded)[0] @ self.projection, dim=-1
        )
        return outputs, functional.normalize(outputs.mean(dim=1), dim=-1)

    def regress(self, found: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Return the values, shape (n,), of represented architectures."""
        x: Tensor = found
        for weight, bias in zip(self.regressor[:2], self.biases[:2], strict=True):
            x = dropout(torch.relu(x @ weight + bias), self.rate, generator)
        x = (found + x) * math.sqrt(0.5)
        value: Tensor = x @ self.regressor[2] + self.biases[2]
        return value.squeeze(-1)

    def decode(
        self, tokens: Tensor, outputs: Tensor, found: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Return logits of every token given those before it, shape (n, length, n_tokens)."""
        before = functional.pad(tokens[:, :-1], (1, 0))  # token 0 stands before the first
        embedded = dropout(self.written[before], self.rate, generator)
        state = found.unsqueeze(0).contiguous()
        x = (embedded + self.decoder(embedded, (state, state))[0]) * math.sqrt(0.5)
        attention = torch.softmax((x @ self.query) @ outputs.transpose(1, 2), dim=-1)
        mixed = torch.tanh(torch.cat([attention @ outputs, x], dim=-1) @ self.mixture)
        logits: Tensor = ((x + mixed) * math.sqrt(0.5)) @ self.vocabulary
        return logits


def _normal(n_tokens: int, width: int, generator: torch.Generator) -> nn.Parameter:
    """Return embeddings drawn from N(0, 1)."""
    return nn.Parameter(torch.empty(n_tokens, width).normal_(generator=generator))


def _lstm(width: int, bidirectional: bool, generator: torch.Generator) -> nn.LSTM:
    """Return an LSTM with weights drawn from torch's usual distribution."""
    # On the device "meta" torch draws no weights, so its global generator stays as it is.
    lstm = nn.LSTM(width, width, batch_first=True, bidirectional=bidirectional, device="meta")
    lstm.to_empty(device="cpu")
    for weight in lstm.parameters():
        nn.init.uniform_(weight, -(width**-0.5), width**-0.5, generator=generator)
    return lstm
