"""The sparse Gaussian process: the model of the predictor `sparse_gp`."""

from __future__ import annotations

import math
from typing import Any, Literal, Self, overload

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from hwnas.predictor._torch import one_thread, seeded_generator
from hwnas.predictor._training import Adam, train

Values = NDArray[np.float64]
#: Added to the diagonal of the inducing points' covariances, times the variance. Without it, their
#: Cholesky factorisation may fail.
JITTER = 1e-6
PREDICT_BATCH = 2048


class SparseGP(RegressorMixin, BaseEstimator):
    """Sparse Gaussian process with an RBF kernel (Titsias, AISTATS 2009).

    The inducing points start as randomly drawn training architectures. Adam then maximises the
    variational lower bound of the marginal likelihood, times the log-normal priors of variance,
    lengthscales and noise. It optimises these three and the inducing points. Work and memory grow
    linearly with the number of training measurements.

    Parameters
    ----------
    n_inducing : int
        Largest number of inducing points. With fewer distinct training architectures, each of them
        is an inducing point.
    spread : float
        How much the lengthscales of features may differ. It is the prior standard deviation of the
        logarithm of the ratio of a feature's lengthscale to the common one. 0 means one
        lengthscale for all features.
    n_steps : int
        Number of Adam steps.
    learning_rate : float
        Adam's learning rate for hyperparameters and inducing points.
    random_state : int, RandomState or None
        Seed for drawing the initial inducing points.

    Attributes
    ----------
    inducing_ : array, shape (n_inducing, n_features)
        Inducing points, divided by the lengthscales.
    lengthscales_ : array, shape (n_features,)
        Lengthscale of each feature.
    variance_, noise_ : float
        Variances of the process and of the noise.

    Examples
    --------
    >>> X = np.linspace(0, 3, 40)[:, None]
    >>> model = SparseGP(n_inducing=8, random_state=0).fit(X, np.sin(X[:, 0]))
    >>> mean, std = model.predict([[1.5], [30.0]], return_std=True)
    >>> bool(abs(mean[0] - np.sin(1.5)) < 0.05), bool(std[0] < std[1])
    (True, True)
    """

    def __init__(
        self,
        n_inducing: int = 200,
        spread: float = 0.5,
        n_steps: int = 100,
        learning_rate: float = 0.1,
        random_state: Any = None,
    ) -> None:
        self.n_inducing = n_inducing
        self.spread = spread
        self.n_steps = n_steps
        self.learning_rate = learning_rate
        self.random_state = random_state

    @one_thread()
    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit to encoded architectures, shape (n, n_features), and standardised values, (n,)."""
        features = torch.as_tensor(np.asarray(X, dtype=np.float64))
        values = torch.as_tensor(np.asarray(y, dtype=np.float64))
        self.n_features_in_ = features.shape[1]
        generator = seeded_generator(self.random_state)
        # Two equal inducing points would make their covariance matrix singular.
        distinct = torch.unique(features, dim=0)
        order = torch.randperm(len(distinct), generator=generator)
        inducing = distinct[order[: self.n_inducing]].clone().requires_grad_()
        distance = math.sqrt(2 * float(features.var(dim=0, correction=0).sum())) or 1.0
        # Logarithms of the variance, the noise variance and the common lengthscale.
        prior_mean = torch.tensor([0.0, math.log(0.1), math.log(distance)], dtype=torch.float64)
        common = prior_mean.clone().requires_grad_()
        factors = torch.zeros(self.n_features_in_, dtype=torch.float64, requires_grad=True)
        learnt = [inducing, common, factors] if self.spread else [inducing, common]

        def loss(_: Tensor) -> Tensor:
            variance, noise, lengthscale = common.exp()
            scale = lengthscale * factors.exp()
            bound = evidence_bound(features / scale, inducing / scale, values, variance, noise)
            penalty = ((common - prior_mean) ** 2).sum() / 2
            if self.spread:
                penalty = penalty + ((factors / self.spread) ** 2).sum() / 2
            return (penalty - bound) / len(values)

        optimiser = Adam(learnt, weight_decay=0.0, decoupled=False, beta2=0.999)
        # An epoch is one step on all measurements.
        train(optimiser, loss, lambda: [values], lambda _: self.learning_rate, self.n_steps)
        with torch.no_grad():
            variance, noise, lengthscale = common.exp()
            scale = lengthscale * factors.exp()
            self.lengthscales_ = scale.numpy()
            self.inducing_ = (inducing / scale).numpy()
            self.variance_, self.noise_ = float(variance), float(noise)
            parts = _parts(features / scale, inducing / scale, values, variance, noise)
            self.factor_, _, self.inner_factor_, self.projected_ = (p.numpy() for p in parts)
        return self

    @overload
    def predict(self, X: ArrayLike, return_std: Literal[False] = False) -> Values: ...

    @overload
    def predict(self, X: ArrayLike, return_std: Literal[True]) -> tuple[Values, Values]: ...

    @one_thread()
    def predict(self, X: ArrayLike, return_std: bool = False) -> Values | tuple[Values, Values]:
        """Predict standardised values, shape (n,), and the standard deviations of measurements."""
        check_is_fitted(self, "inducing_")
        rows = torch.as_tensor(np.asarray(X, dtype=np.float64) / self.lengthscales_)
        inducing = torch.from_numpy(self.inducing_)
        factor, inner = torch.from_numpy(self.factor_), torch.from_numpy(self.inner_factor_)
        means, variances = [torch.empty(0)], [torch.empty(0)]
        for batch in torch.split(rows, PREDICT_BATCH):
            cross = rbf(inducing, batch, torch.tensor(self.variance_))
            prior = torch.linalg.solve_triangular(factor, cross, upper=False)
            posterior = torch.linalg.solve_triangular(inner, prior, upper=False)
            means.append(torch.from_numpy(self.projected_) @ posterior)
            known = (prior**2).sum(dim=0) - (posterior**2).sum(dim=0)
            variances.append((self.variance_ - known).clamp(min=0) + self.noise_)
        mean: Values = torch.cat(means).double().numpy()
        if not return_std:
            return mean
        return mean, torch.cat(variances).double().sqrt().numpy()


def rbf(X: Tensor, Z: Tensor, variance: Tensor) -> Tensor:
    """Return the covariances of rows divided by the lengthscales, shape (n, m)."""
    squares = (X**2).sum(dim=1)[:, None] / 2 + (Z**2).sum(dim=1) / 2
    return variance * torch.exp(-(squares - X @ Z.T).clamp(min=0))


def _parts(
    X: Tensor, inducing: Tensor, y: Tensor, variance: Tensor, noise: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the matrices of Titsias' bound and of predictions.

    With Kuu the covariances of the inducing points, Kuf those with the rows of `X` and σ² the noise
    variance, they are L = chol(Kuu), A = L⁻¹ Kuf / σ, B = chol(I + A Aᵀ) and B⁻¹ A y / σ.
    """
    jitter = JITTER * variance * torch.eye(len(inducing), dtype=X.dtype)
    factor = torch.linalg.cholesky(rbf(inducing, inducing, variance) + jitter)
    root = noise.sqrt()
    whitened = torch.linalg.solve_triangular(factor, rbf(inducing, X, variance), upper=False) / root
    identity = torch.eye(len(inducing), dtype=X.dtype)
    inner = torch.linalg.cholesky(identity + whitened @ whitened.T)
    projected = torch.linalg.solve_triangular(inner, (whitened @ y / root)[:, None], upper=False)
    return factor, whitened, inner, projected[:, 0]


def evidence_bound(
    X: Tensor, inducing: Tensor, y: Tensor, variance: Tensor, noise: Tensor
) -> Tensor:
    """Return Titsias' lower bound of log p(y), equation 9.

    Parameters
    ----------
    X, inducing : Tensor, shapes (n, d) and (m, d)
        Features divided by the lengthscales.
    y : Tensor, shape (n,)
    variance, noise : Tensor
        Variances of the process and of the noise.
    """
    _, whitened, inner, projected = _parts(X, inducing, y, variance, noise)
    fit = (y @ y / noise - projected @ projected) / 2
    determinant = inner.diagonal().log().sum() + len(y) / 2 * torch.log(2 * math.pi * noise)
    unexplained = (len(y) * variance / noise - (whitened**2).sum()) / 2
    return -(fit + determinant + unexplained)
