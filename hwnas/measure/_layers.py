"""Layers of many small networks at once, with their backward passes written out.

Tensors have the shape (K networks, channels, height, width, batch). With the batch innermost,
unfolding a 3×3 window copies long runs of memory, and a convolution is a batched matrix product. A
few networks are unfolded at a time, into one block of memory that stays in the core's cache. All
this, and no tape to keep, makes training several times faster on a core than `torch.nn`, whose
convolutions are not meant for 8 channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import torch
from torch import Tensor

#: Batch norm normalises by the batch, stores the batch's statistics, or uses the stored ones.
Mode = Literal["train", "calibrate", "test"]

#: Numbers unfolded at a time: 1 MiB of float32, half of a usual second-level cache.
_BLOCK = 1 << 18
_EPSILON = 1e-5


class Parameters:
    """All weights of all networks in one vector, and their gradients in another.

    Layers take views of both, so that a step of the optimiser is a handful of calls.
    """

    def __init__(self) -> None:
        self._waiting: list[Tensor] = []
        self._size = 0
        self._users: list[Callable[[], None]] = []

    def add(self, value: Tensor, use: Callable[[Tensor, Tensor], None]) -> None:
        """Take an initial value; `use` gets the views of weight and gradient once all are in."""
        start, stop = self._size, self._size + value.numel()
        self._waiting.append(value.reshape(-1))
        self._size = stop

        def take() -> None:
            views = (vector[start:stop].view(value.shape) for vector in (self.value, self.gradient))
            use(*views)

        self._users.append(take)

    def freeze(self) -> None:
        """Lay out the vectors and hand out the views."""
        self.value = torch.cat(self._waiting)
        self.gradient = torch.zeros_like(self.value)
        self._momentum = torch.zeros_like(self.value)
        self._waiting.clear()
        self.hand_out()

    def hand_out(self) -> None:
        """Give every layer its views of `value` and `gradient`."""
        for use in self._users:
            use()

    def step(self, rate: float, momentum: float, decay: float) -> None:
        """Take one step of stochastic gradient descent with Nesterov's momentum."""
        self.gradient.add_(self.value, alpha=decay)
        self._momentum.mul_(momentum).add_(self.gradient)
        self.value.add_(self.gradient.add_(self._momentum, alpha=momentum), alpha=-rate)


class Weight:
    """A weight of K networks and its gradient."""

    def __init__(self, parameters: Parameters, value: Tensor) -> None:
        parameters.add(value, self._use)

    def _use(self, value: Tensor, gradient: Tensor) -> None:
        self.value, self.gradient = value, gradient


class Norm:
    """Batch norm with scale and shift, over (K, channels, pixels * batch)."""

    def __init__(self, parameters: Parameters, k: int, channels: int) -> None:
        self.scale = Weight(parameters, torch.ones(k, channels, 1))
        self.shift = Weight(parameters, torch.zeros(k, channels, 1))

    def forward(self, y: Tensor, mode: Mode) -> Tensor:
        """Return the normalised input, scaled and shifted."""
        if mode == "train":
            normal, _, self._inverse = torch.native_layer_norm(y, y.shape[2:], None, None, _EPSILON)
            self._normal = normal
        else:
            if mode == "calibrate":
                variance, self._mean = torch.var_mean(y, dim=2, keepdim=True, correction=0)
                self._stored_inverse = torch.rsqrt(variance + _EPSILON)
            normal = (y - self._mean).mul_(self._stored_inverse)
        return torch.addcmul(self.shift.value, normal, self.scale.value)

    def backward(self, gradient: Tensor) -> Tensor:
        """Set the gradients of scale and shift; return that of the input."""
        k, channels, n = gradient.shape
        rows = (k * channels, 1, n)
        along = torch.bmm(gradient.reshape(rows), self._normal.reshape(rows).transpose(1, 2))
        torch.sum(gradient, dim=2, keepdim=True, out=self.shift.gradient)
        self.scale.gradient.copy_(along.view(k, channels, 1))
        factor = self.scale.value * self._inverse
        constant = self.shift.gradient * factor / -n
        result = torch.addcmul(constant, self._normal, self.scale.gradient * factor / -n)
        return result.addcmul_(gradient, factor)


class ReluConvNorm:
    """ReLU, convolution (1×1, or 3×3 with padding 1), batch norm, of K networks.

    Parameters
    ----------
    weight : tensor, shape (K, out, window * in)
        Position in the window first, then channel.
    window : {1, 9}
    stride : {1, 2}
        Of a 3×3 convolution.
    """

    def __init__(
        self, parameters: Parameters, weight: Tensor, window: int, stride: int = 1
    ) -> None:
        k, self.out, _ = weight.shape
        self.window, self.stride = window, stride
        self.weight = Weight(parameters, weight)
        self.norm = Norm(parameters, k, self.out)
        self._padded = torch.empty(0)

    def forward(self, x: Tensor, mode: Mode) -> Tensor:
        """Return (K, out, height / stride, width / stride, batch)."""
        k, channels, height, _, batch = x.shape
        size = height // self.stride
        if self.window == 1:
            self._active = x.flatten(2).clamp_min(0)
            y = torch.bmm(self.weight.value, self._active)
        else:
            # Kept between calls: its frame of zeros never changes.
            if self._padded.shape != (k, channels, height + 2, height + 2, batch):
                self._padded = x.new_zeros((k, channels, height + 2, height + 2, batch))
            torch.clamp_min(x, 0, out=self._padded[:, :, 1:-1, 1:-1])
            y = _convolve(self._padded, self.weight.value, size, self.stride)
        return self.norm.forward(y, mode).view(k, self.out, size, size, batch)

    def backward(self, gradient: Tensor) -> Tensor:
        """Set the gradients of the weights; return that of the input."""
        k, _, size, _, batch = gradient.shape
        before = self.norm.backward(gradient.flatten(2))
        if self.window == 1:
            torch.bmm(before, self._active.transpose(1, 2), out=self.weight.gradient)
            result = torch.bmm(self.weight.value.transpose(1, 2), before)
            return relu_gradient(result, self._active).view(k, -1, size, size, batch)
        windows = _windows(self._padded, size, self.stride)
        # Unfolded again: keeping it from the forward pass costs 9 times the memory, and more time.
        for nets, columns in _unfolded(windows):
            torch.bmm(before[nets], columns.transpose(1, 2), out=self.weight.gradient[nets])
        if self.stride == 1:
            result = _input_gradient(before.view(gradient.shape), self.weight.value)
        else:
            result = self._strided_input_gradient(before, size)
        return relu_gradient(result, self._padded[:, :, 1:-1, 1:-1])

    def _strided_input_gradient(self, before: Tensor, size: int) -> Tensor:
        k, channels, _, _, batch = self._padded.shape
        columns = torch.bmm(self.weight.value.transpose(1, 2), before)
        columns = columns.view(k, 3, 3, channels, size, size, batch)
        result = torch.zeros_like(self._padded)
        for row in range(3):
            for column in range(3):
                rows = slice(row, row + size * self.stride, self.stride)
                across = slice(column, column + size * self.stride, self.stride)
                result[:, :, rows, across] += columns[:, row, column]
        return result[:, :, 1:-1, 1:-1]


def relu_gradient(gradient: Tensor, active: Tensor) -> Tensor:
    """Return the gradient where the ReLU's output is above 0."""
    masked: Tensor = torch.ops.aten.threshold_backward(gradient, active, 0)
    return masked


def _convolve(padded: Tensor, weight: Tensor, size: int, stride: int) -> Tensor:
    k, batch = len(padded), padded.shape[-1]
    y = padded.new_empty(k, weight.shape[1], size * size * batch)
    for nets, columns in _unfolded(_windows(padded, size, stride)):
        torch.bmm(weight[nets], columns, out=y[nets])
    return y


def _input_gradient(gradient: Tensor, weight: Tensor) -> Tensor:
    # The convolution of the gradient with the mirrored window.
    k, out, size, _, batch = gradient.shape
    padded = gradient.new_zeros((k, out, size + 2, size + 2, batch))
    padded[:, :, 1:-1, 1:-1] = gradient
    mirrored = weight.view(k, out, 9, -1).flip(2).permute(0, 3, 2, 1).reshape(k, -1, 9 * out)
    return _convolve(padded, mirrored, size, 1).view(k, -1, size, size, batch)


def _windows(padded: Tensor, size: int, stride: int) -> Tensor:
    """View every window, shape (K, 3, 3, channels, size, size, batch); nothing is copied."""
    k, channels, _, _, batch = padded.shape
    net, channel, row, column, _ = padded.stride()
    return padded.as_strided(
        (k, 3, 3, channels, size, size, batch),
        (net, row, column, channel, row * stride, column * stride, 1),
    )


def _unfolded(windows: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Yield networks and their windows as a matrix, (networks, 9 * channels, pixels * batch)."""
    k, _, _, channels = windows.shape[:4]
    each = windows[0].numel()
    at_once = max(1, min(k, _BLOCK // each))
    block = windows.new_empty(at_once * each)
    for start in range(0, k, at_once):
        some = windows[start : start + at_once]
        columns = block[: some.numel()]
        columns.view(some.shape).copy_(some)
        yield slice(start, start + len(some)), columns.view(len(some), 9 * channels, -1)
