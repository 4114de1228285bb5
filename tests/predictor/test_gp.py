"""Gaussian processes compared with scikit-learn, SciPy and each other."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import check_grad
from scipy.stats import multivariate_normal
from sklearn.gaussian_process import GaussianProcessRegressor, kernels

from hwnas.predictor.gp import ExactGP, SparseGP, condition, fit_hyperparameters, log_posterior
from hwnas.predictor.gp._core import Array, log_marginal_likelihood
from hwnas.predictor.gp._rbf import RBF
from hwnas.predictor.gp._sparse import evidence_bound

RNG = np.random.default_rng(0)
X = RNG.random((30, 3))
Z = RNG.random((7, 3))
Y = np.sin(4 * X[:, 0]) + X[:, 1] ** 2 + 0.1 * RNG.standard_normal(30)
KERNELS = [RBF(), RBF(spread=0.5)]
#: Constant of the normal log density, which `log_marginal_likelihood` leaves out.
CONSTANT = -len(Y) / 2 * np.log(2 * np.pi)


def parameters(kernel: RBF) -> Array:
    """Return hyperparameters that differ from the prior's mean, the noise last."""
    mean, _ = kernel.prior(X)
    return np.append(mean + np.linspace(-0.4, 0.3, len(mean)), -2.0)


def covariances(kernel: RBF, theta: Array, inputs: Array) -> Array:
    """Return the covariances of all pairs of inputs, from hyperparameters without the noise."""
    scaled = kernel.scale(inputs, theta)
    return kernel(scaled, scaled, theta)


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_log_marginal_likelihood_equals_normal_density(kernel: RBF) -> None:
    theta = parameters(kernel)
    covariance = covariances(kernel, theta[:-1], X) + np.exp(-2.0) * np.eye(len(X))
    value, _ = log_marginal_likelihood(kernel, theta, X, Y)
    assert value + CONSTANT == pytest.approx(multivariate_normal(cov=covariance).logpdf(Y))


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_log_marginal_likelihood_gradient_equals_finite_differences(kernel: RBF) -> None:
    error = check_grad(
        lambda theta: log_marginal_likelihood(kernel, theta, X, Y)[0],
        lambda theta: log_marginal_likelihood(kernel, theta, X, Y)[1],
        parameters(kernel),
    )
    assert error < 1e-3


def test_log_posterior_equals_likelihood_times_normal_prior() -> None:
    kernel, theta = KERNELS[1], parameters(KERNELS[1])
    mean, deviation = kernel.prior(X)
    prior = multivariate_normal(np.append(mean, 0.5), np.diag(np.append(deviation, 2.0) ** 2))
    value, gradient = log_posterior(kernel, theta, X, Y, noise_prior=(0.5, 2.0))
    expected = log_marginal_likelihood(kernel, theta, X, Y)[0] + prior.logpdf(theta)
    assert value == pytest.approx(expected - prior.logpdf(prior.mean))
    step = 1e-5 * np.eye(len(theta))[-1]
    higher, _ = log_posterior(kernel, theta + step, X, Y, noise_prior=(0.5, 2.0))
    assert gradient[-1] == pytest.approx((higher - value) / 1e-5, rel=1e-3)


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_rbf_diagonal_equals_covariances_of_rows_with_themselves(kernel: RBF) -> None:
    theta = parameters(kernel)[:-1]
    diagonal = kernel.diagonal(kernel.scale(Z, theta), theta)
    np.testing.assert_allclose(diagonal, np.diag(covariances(kernel, theta, Z)))


def test_condition_given_hyperparameters_equals_scikit_learn() -> None:
    theta = np.array([0.3, -0.5, -0.2, 0.1, 0.4, -3.0])
    ours = condition(RBF(spread=1.0), theta, X, Y)
    kernel = kernels.ConstantKernel(np.exp(0.3)) * kernels.RBF(
        np.exp(-0.5 + np.array([-0.2, 0.1, 0.4]))
    )
    theirs = GaussianProcessRegressor(kernel, alpha=np.exp(-3.0), optimizer=None).fit(X, Y)
    mean, std = theirs.predict(Z, return_std=True)
    our_mean, our_variance = ours.predict(Z, with_variance=True)
    np.testing.assert_allclose(our_mean, mean)
    np.testing.assert_allclose(our_variance, std**2)


def test_condition_noise_factor_half_equals_measuring_twice() -> None:
    """Two measurements of an architecture weigh as much as their mean with half the noise."""
    theta = np.array([0.3, -0.5, -2.0])
    twice = condition(RBF(), theta, np.vstack([X, X]), np.append(Y - 0.1, Y + 0.1))
    once = condition(RBF(), theta, X, Y, noise_factors=np.full(len(Y), 0.5))
    for ours, theirs in zip(once.predict(Z, True), twice.predict(Z, True), strict=True):
        np.testing.assert_allclose(ours, theirs)


def test_fit_hyperparameters_drawn_values_finds_their_hyperparameters() -> None:
    # The values are drawn with a lengthscale of 0.4 and a noise variance of 0.04. The search starts
    # at other hyperparameters.
    rng = np.random.default_rng(1)
    inputs = rng.random((150, 2)) * 4
    truth = np.array([0.0, np.log(0.4)])
    covariance = covariances(RBF(), truth, inputs) + 0.04 * np.eye(150)
    values = np.linalg.cholesky(covariance) @ rng.standard_normal(150)
    fitted = fit_hyperparameters(
        RBF(), inputs, values, noise_prior=(np.log(0.1), 1.0), max_iterations=100
    )
    np.testing.assert_allclose(np.exp(fitted[1:]), [0.4, 0.04], rtol=0.3)
    start = np.append(RBF().prior(inputs)[0], np.log(0.1))
    before, _ = log_marginal_likelihood(RBF(), start, inputs, values)
    after, _ = log_marginal_likelihood(RBF(), fitted, inputs, values)
    assert after > before + 20


def test_exact_gp_irrelevant_features_get_long_lengthscales() -> None:
    values = np.sin(6 * X[:, 0])
    model = ExactGP(spread=1.0, random_state=0).fit(X, values - values.mean())
    relevant, *irrelevant = model.posterior_.theta[2:-1]
    assert all(relevant < other - 1 for other in irrelevant)


def test_exact_gp_more_than_n_fit_conditions_on_all_measurements() -> None:
    subset = ExactGP(n_fit=15, random_state=0).fit(X, Y)
    assert len(subset.posterior_.rows) == len(X)
    everything = ExactGP(random_state=0).fit(X, Y)
    assert not np.allclose(subset.posterior_.theta, everything.posterior_.theta)


@pytest.mark.parametrize(
    "model", [ExactGP(random_state=0), SparseGP(40, random_state=0)], ids=["exact", "sparse"]
)
def test_gp_predict_90_percent_intervals_cover_nine_of_ten(
    model: ExactGP | SparseGP,
) -> None:
    rng = np.random.default_rng(2)
    inputs = rng.random((400, 2)) * 3
    noisy = np.sin(2 * inputs).sum(axis=1) + 0.3 * rng.standard_normal(400)
    mean, std = model.fit(inputs[:200], noisy[:200]).predict(inputs[200:], return_std=True)
    assert 0.85 <= np.mean(np.abs(mean - noisy[200:]) < 1.645 * std) <= 0.95
    assert std.mean() == pytest.approx(0.3, rel=0.15)


def test_evidence_bound_all_rows_inducing_equals_exact_evidence() -> None:
    theta = np.array([0.2, 0.0, -1.5])
    exact = log_marginal_likelihood(RBF(), theta, X, Y)[0] + CONSTANT
    inputs, values = torch.from_numpy(X), torch.from_numpy(Y)
    variance, noise = torch.tensor(np.exp(0.2)), torch.tensor(np.exp(-1.5))
    full = float(evidence_bound(inputs, inputs, values, variance, noise))
    assert full == pytest.approx(exact, abs=0.01)
    bounds = [
        float(evidence_bound(inputs, inputs[:m], values, variance, noise)) for m in (2, 5, 10)
    ]
    assert bounds == sorted(bounds)
    assert bounds[-1] < full + 1e-6


def test_sparse_gp_all_rows_inducing_equals_exact_gp() -> None:
    sparse = SparseGP(n_inducing=30, spread=0.0, n_steps=0, random_state=0).fit(X, Y)
    theta = np.append(RBF().prior(X)[0], np.log(0.1))
    expected, variance = condition(RBF(), theta, X, Y).predict(Z, with_variance=True)
    mean, std = sparse.predict(Z, return_std=True)
    np.testing.assert_allclose(mean, expected, atol=1e-3)
    np.testing.assert_allclose(std**2, variance + 0.1, atol=1e-3)
