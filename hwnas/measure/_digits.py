"""Training on scikit-learn's bundled digits."""

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
from hwnas.seeding import generator
from hwnas.space import Architectures, CellSpace

_CLASSES = 10
#: scikit-learn has so many.
_IMAGES = 1797
_TEST_BATCH = 128
#: Training images that batch norm's statistics for the test are taken from.
_CALIBRATION = 256


@dataclass(frozen=True)
class Training:
    """How the reduced networks are trained: SGD, cross-entropy, one-cycle learning rate.

    Parameters
    ----------
    channels : int
        Of the first of three stages with one cell each.
    n_train : int
        Training images, the same for all seeds and architectures; all others are test images.
    epochs, batch_size : int
    learning_rate : float
        The highest; it rises linearly over the first quarter and falls as a cosine to 0.
    momentum, weight_decay : float
        Nesterov's momentum.

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
        # A batch to train on, and an image to test on.
        check_number("training.n_train", self.n_train, self.batch_size, _IMAGES - 1)


@dataclass(frozen=True)
class Digits:
    """Images (8, 8, n), standardised by the training images, and labels (n,)."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor


@lru_cache(maxsize=1)
def load(n_train: int) -> Digits:
    """Return the 1,797 digits of scikit-learn, split as the number of training images says."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    order = generator(0, "digits").permutation(len(bunch.target))
    images = torch.from_numpy(bunch.images[order]).float().permute(1, 2, 0)
    labels = torch.from_numpy(bunch.target[order])
    known = images[:, :, :n_train]
    images = ((images - known.mean()) / known.std()).contiguous()
    return Digits(
        images[:, :, :n_train].contiguous(),
        labels[:n_train],
        images[:, :, n_train:].contiguous(),
        labels[n_train:],
    )


@torch.no_grad()
def train(
    space: CellSpace, architectures: Architectures, training: Training, seed: int
) -> NDArray[np.float64]:
    """Train the cells' networks together and return their test accuracies.

    In the test, batch norm uses its statistics over 256 training images at the end of training.

    Parameters
    ----------
    architectures : array of int8, shape (K, 6)
    seed : int
        Of the weights and of the order of the images.

    Returns
    -------
    array of float64, shape (K,)
        Percent of the test images.
    """
    digits = load(training.n_train)
    networks = CellNetworks(space, architectures, training.channels, _CLASSES, seed)
    targets = functional.one_hot(digits.train_labels, _CLASSES).float().T
    random = generator(seed, "digits")
    batches = training.n_train // training.batch_size
    steps = training.epochs * batches
    for step in range(steps):
        if step % batches == 0:
            order = torch.from_numpy(random.permutation(training.n_train))
        start = step % batches * training.batch_size
        batch = order[start : start + training.batch_size]
        scores = networks.forward(digits.train_images[:, :, batch], "train")
        networks.backward((scores.softmax(dim=1) - targets[:, batch]) / training.batch_size)
        rate = training.learning_rate * one_cycle((step + 1) / steps)
        networks.parameters.step(rate, training.momentum, training.weight_decay)
    networks.forward(digits.train_images[:, :, :_CALIBRATION], "calibrate")
    right = torch.zeros(len(architectures), dtype=torch.float64)
    for start in range(0, len(digits.test_labels), _TEST_BATCH):
        some = slice(start, start + _TEST_BATCH)
        predicted = networks.forward(digits.test_images[:, :, some], "test").argmax(dim=1)
        right += (predicted == digits.test_labels[some]).sum(dim=1)
    return (100 * right / len(digits.test_labels)).numpy()


def one_cycle(progress: float) -> float:
    """Return the learning rate as a share of the highest.

    Examples
    --------
    >>> [round(one_cycle(p), 3) for p in (0.125, 0.25, 0.625, 1.0)]
    [0.5, 1.0, 0.5, 0.0]
    """
    if progress < 0.25:
        return progress / 0.25
    return 0.5 * (1 + cos(pi * (progress - 0.25) / 0.75))
