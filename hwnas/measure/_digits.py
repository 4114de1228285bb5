"""Training of reduced networks on scikit-learn's digits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import cos, pi

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from hwnas.errors import check_number
from hwnas.measure._cells import CellNetworks
from hwnas.measure._settings import CLASSES
from hwnas.seeding import generator
from hwnas.space import Architectures, CellSpace

#: Number of images in scikit-learn's digits.
_IMAGES = 1797
_TEST_BATCH = 128
#: Number of training images from which batch norm computes its statistics for the test.
_CALIBRATION = 256


@dataclass(frozen=True)
class Training:
    """The settings of the training: SGD, cross-entropy and a one-cycle learning rate.

    Parameters
    ----------
    channels : int
        Channels of the first stage. The networks have three stages with one cell each.
    n_train : int
        Number of training images. They are the same for all seeds and architectures. All other
        images are test images.
    epochs, batch_size : int
    learning_rate : float
        Highest learning rate. The rate rises linearly over the first quarter of the training, then
        falls to 0 as a cosine.
    momentum, weight_decay : float
        Nesterov momentum, and the factor of the L2 penalty.

    Raises
    ------
    UserError
        If a number is out of its bounds.
    """

    channels: int
    n_train: int
    epochs: int
    batch_size: int
    learning_rate: float
    momentum: float
    weight_decay: float

    def __post_init__(self) -> None:
        for key in ("channels", "epochs"):
            check_number(f"training.{key}", getattr(self, key), 1)
        check_number("training.batch_size", self.batch_size, 1, _IMAGES - 1)
        # The training needs at least one batch, and the test at least one image.
        check_number("training.n_train", self.n_train, self.batch_size, _IMAGES - 1)


@dataclass(frozen=True)
class Digits:
    """Images, shape (n, 1, 8, 8), and labels, shape (n,).

    The images are standardised with the mean and standard deviation of the training images.
    """

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor


@lru_cache(maxsize=1)
def load(n_train: int) -> Digits:
    """Return scikit-learn's digits in a fixed random order, the first `n_train` for training.

    Examples
    --------
    >>> load(1000).test_images.shape
    torch.Size([797, 1, 8, 8])
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    order = generator(0, "digits").permutation(len(bunch.target))
    images = torch.from_numpy(bunch.images[order]).float().unsqueeze(1)
    labels = torch.from_numpy(bunch.target[order])
    known = images[:n_train]
    images = (images - known.mean()) / known.std()
    return Digits(images[:n_train], labels[:n_train], images[n_train:], labels[n_train:])


def train(
    space: CellSpace, architectures: Architectures, training: Training, seed: int
) -> NDArray[np.float64]:
    """Train the networks of the cells together and return their test accuracies.

    Networks do not influence each other, because the loss of each depends on its own weights only.
    After the training, batch norm's statistics for the test are computed from 256 training images.

    Parameters
    ----------
    space : CellSpace
    architectures : array of int8, shape (K, 6)
    training : Training
    seed : int
        Seed of the initial weights and of the order of the images.

    Returns
    -------
    array of float64, shape (K,)
        Percent of the test images that are classified correctly.
    """
    digits = load(training.n_train)
    networks = CellNetworks(space, architectures, training.channels, CLASSES, seed)
    random = generator(seed, "digits")
    n_batches = training.n_train // training.batch_size
    n_steps = training.epochs * n_batches
    optimiser = torch.optim.SGD(
        networks.parameters(),
        lr=training.learning_rate,
        momentum=training.momentum,
        weight_decay=training.weight_decay,
        nesterov=True,
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: one_cycle((step + 1) / n_steps)
    )
    for _ in range(training.epochs):
        order = torch.from_numpy(random.permutation(training.n_train))
        for batch in order[: n_batches * training.batch_size].chunk(n_batches):
            scores = networks(digits.train_images[batch])
            labels = digits.train_labels[batch].repeat(len(architectures))
            losses = functional.cross_entropy(scores.flatten(0, 1), labels, reduction="none")
            optimiser.zero_grad()
            # The sum over networks gives every network the gradient of its own mean loss.
            torch.autograd.backward(losses.sum() / training.batch_size)
            optimiser.step()
            schedule.step()
    with torch.no_grad():
        networks(digits.train_images[:_CALIBRATION])
        return _test_accuracies(networks.eval(), digits)


def _test_accuracies(networks: CellNetworks, digits: Digits) -> NDArray[np.float64]:
    right = torch.zeros(networks.k, dtype=torch.float64)
    parts = [torch.split(of, _TEST_BATCH) for of in (digits.test_images, digits.test_labels)]
    for images, labels in zip(*parts, strict=True):
        right += (networks(images).argmax(dim=2) == labels).sum(dim=1)
    accuracies: NDArray[np.float64] = (100 * right / len(digits.test_labels)).numpy()
    return accuracies


def one_cycle(progress: float) -> float:
    """Return the learning rate divided by the highest learning rate.

    Parameters
    ----------
    progress : float
        Completed share of the training, in [0, 1].

    Examples
    --------
    >>> [round(one_cycle(p), 3) for p in (0.125, 0.25, 0.625, 1.0)]
    [0.5, 1.0, 0.5, 0.0]
    """
    if progress < 0.25:
        return progress / 0.25
    return 0.5 * (1 + cos(pi * (progress - 0.25) / 0.75))
