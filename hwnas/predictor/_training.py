"""The training loop of all models that torch fits: Adam, batches, and learning rates."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import torch
from torch import Tensor, nn
from torch.optim.adam import adam

from hwnas.predictor._torch import denormals_flushed, one_thread


class Adam:
    """Adam (Kingma & Ba, ICLR 2015), computed by torch's fused function.

    The class `torch.optim.Adam` calls the same function. Its first use in a process takes a second,
    though, to import what only compiled models need.

    Parameters
    ----------
    weights : sequence of tensor
        The optimiser changes them in place. Their attributes `grad` hold the gradients.
    weight_decay : float
    decoupled : bool
        True decays weights apart from the gradient, as AdamW does (Loshchilov & Hutter, ICLR 2019).
        False adds an L2 penalty to the loss.
    beta2 : float
        Decay rate of the mean squared gradient.

    Examples
    --------
    >>> weight = torch.ones(2)
    >>> optimiser = Adam([weight], weight_decay=0.0, decoupled=False, beta2=0.999)
    >>> weight.grad.copy_(torch.tensor([3.0, -0.2]))
    tensor([ 3.0000, -0.2000])
    >>> optimiser.step(learning_rate=0.1)
    >>> weight
    tensor([0.9000, 1.1000])
    """

    beta1, epsilon = 0.9, 1e-8

    def __init__(
        self, weights: Sequence[Tensor], *, weight_decay: float, decoupled: bool, beta2: float
    ) -> None:
        self.weights = list(weights)
        self.weight_decay = weight_decay
        self.decoupled = decoupled
        self.beta2 = beta2
        for weight in self.weights:
            if weight.grad is None:
                weight.grad = torch.zeros_like(weight)
        self._gradients = [weight.grad for weight in self.weights if weight.grad is not None]
        self._means = [torch.zeros_like(weight) for weight in self.weights]
        self._squares = [torch.zeros_like(weight) for weight in self.weights]
        self._steps = [torch.zeros(()) for _ in self.weights]

    def zero_gradients(self) -> None:
        """Set all gradients to 0; a backward pass adds to them."""
        for gradient in self._gradients:
            gradient.zero_()

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Move the weights by one step against their gradients."""
        adam(
            self.weights,
            self._gradients,
            self._means,
            self._squares,
            [],
            self._steps,
            fused=True,
            amsgrad=False,
            beta1=self.beta1,
            beta2=self.beta2,
            lr=learning_rate,
            weight_decay=self.weight_decay,
            eps=self.epsilon,
            maximize=False,
            decoupled_weight_decay=self.decoupled,
        )


@one_thread()
@denormals_flushed()
def train(
    optimiser: Adam,
    loss: Callable[[Tensor], Tensor],
    batches: Callable[[], Iterable[Tensor]],
    rate: Callable[[int], float],
    n_steps: int,
    max_norm: float | None = None,
) -> None:
    """Minimise a loss over the optimiser's weights.

    Parameters
    ----------
    optimiser : Adam
    loss : callable
        Takes a batch and returns its loss.
    batches : callable
        Draws the batches of one epoch. Called again whenever an epoch is over.
    rate : callable
        Takes the number of steps taken so far and returns the learning rate of the next one.
    n_steps : int
    max_norm : float, optional
        Largest norm of the gradient of all weights. A larger gradient is scaled down to it.
    """
    for step, batch in enumerate(islice(_epochs(batches), n_steps)):
        optimiser.zero_gradients()
        torch.autograd.backward(loss(batch))
        if max_norm is not None:
            nn.utils.clip_grad_norm_(optimiser.weights, max_norm)
        optimiser.step(rate(step))


def _epochs(batches: Callable[[], Iterable[Tensor]]) -> Iterator[Tensor]:
    while True:
        yield from batches()


def one_cycle(progress: float, warmup: float | None) -> float:
    """Return the factor of the learning rate: it rises, then falls to 0, each along a cosine.

    Parameters
    ----------
    progress : float
        Share of the training that is done, in [0, 1).
    warmup : float or None
        Share of the training in which the factor rises, from 1/25 to 1 (Smith & Topin,
        "Super-convergence", 2018). 0 is plain cosine annealing, None a constant factor of 1.

    Examples
    --------
    >>> [round(one_cycle(p, warmup=0.5), 2) for p in (0, 0.25, 0.5, 0.75)]
    [0.04, 0.52, 1.0, 0.5]
    >>> one_cycle(0, warmup=0)
    1.0
    """
    if warmup is None:
        return 1.0
    if progress < warmup:
        return 1 - 0.96 * (1 + math.cos(math.pi * progress / warmup)) / 2
    return (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup))) / 2
