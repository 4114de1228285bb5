"""The training loop of all models that torch fits: Adam, batches, learning rates and restarts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import torch
from torch import Tensor, nn
from torch.optim.adam import adam

from hwnas.predictor._torch import denormals_flushed, one_thread

#: A network whose training has died is trained again at most this many times.
MOST_RESTARTS = 5
#: A network is dead if its predictions of all training rows lie within this range. The values are
#: standardised, and the predictions of a network that learned anything spread over 0.1 or more.
DEAD_RANGE = 1e-3


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


def train_until_alive(
    attempt: Callable[[list[int]], Tensor], learnable: Sequence[bool]
) -> list[int]:
    """Train networks, and train those that died again from other first weights.

    A network is dead if it predicts one value for all of its training rows. This happens to a
    network with many ReLU layers when all units of a layer are 0 for every row: the layers before
    it then get no gradient any more. It also happens when a penalty shrinks the output layer to 0.

    Parameters
    ----------
    attempt : callable
        Takes the indices of the networks to train. Trains them from new first weights, and returns
        their predictions of their training rows, shape (number of networks, n).
    learnable : sequence of bool
        Whether the inputs of a network's rows differ, and their values too. If not, one value for
        all rows is the right prediction, and the network is trained once.

    Returns
    -------
    list of int
        How many times each network was trained again, at most `MOST_RESTARTS`.

    Examples
    --------
    >>> outcomes = iter([torch.tensor([[0.0, 2.0], [1.0, 1.0]]), torch.tensor([[0.5, 1.5]])])
    >>> train_until_alive(lambda networks: next(outcomes), learnable=[True, True])
    [0, 1]
    """
    n_restarts = [0] * len(learnable)
    networks = list(range(len(learnable)))
    while networks:
        predicted = attempt(networks)
        dead = (predicted.amax(dim=1) - predicted.amin(dim=1) <= DEAD_RANGE).tolist()
        networks = [
            network
            for network, is_dead in zip(networks, dead, strict=True)
            if is_dead and learnable[network] and n_restarts[network] < MOST_RESTARTS
        ]
        for network in networks:
            n_restarts[network] += 1
    return n_restarts


def differ(rows: Tensor) -> bool:
    """Tell whether any two rows of a tensor, shape (n, ...), differ."""
    return bool((rows != rows[:1]).any())


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
