"""Learns constants of a device model from the known values of HW-NAS-Bench.

    HWNAS_DATA=<folder> python -m benchmarks.calibrate raspi4 kernel_overhead_us \
        compute_efficiency

The first argument is a device, and the others are the constants to learn. The other constants keep
the values of the device's YAML. ``--metric`` names the metric whose known values are used, by
default latency.
`benchmarks._reference` describes the known values.

The learned constants minimise the relative error. All rows have the same influence. The
command prints the constants, and for each image set Kendall's tau, the mean of the estimates
divided by the mean of the measurements, and the mean relative error. It prints the same for the
cross-validation in ten folds, in which an architecture is in the same fold on all image sets.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from hydra.utils import instantiate
from numpy.typing import NDArray
from omegaconf import OmegaConf
from scipy.optimize import least_squares
from scipy.stats import kendalltau

from benchmarks._cli import run
from benchmarks._reference import Rows, known_rows
from benchmarks.estimate import CONF, SPACE
from hwnas.device import Device
from hwnas.errors import UserError, check_choice
from hwnas.network import LayerCounts, count_layers
from hwnas.paths import Paths
from hwnas.seeding import generator

Array = NDArray[np.float64]

_N_FOLDS = 10
#: Larger relative errors have less influence. About 1 % of the rows are outliers of 10 to 40 %.
_OUTLIER = 0.05


@dataclass(frozen=True)
class Model:
    """A device, and the constants of its roofline that are learned.

    Parameters
    ----------
    device : Device
    metric : str
    free : sequence of str
        Names of the constants. Their logarithms are optimised, so they stay positive.
    """

    device: Device
    metric: str
    free: Sequence[str]

    def predict(self, rows: Rows) -> Array:
        """Return the estimates of the rows, shape (n,)."""
        return self._estimate(self._count(rows))

    def _count(self, rows: Rows) -> LayerCounts:
        image_set = instantiate(OmegaConf.load(CONF / "image_set" / f"{rows.image_set}.yaml"))
        dead_edges = self.device.roofline.dead_edges
        return count_layers(SPACE, rows.architectures, image_set, dead_edges=dead_edges)

    def _estimate(self, networks: LayerCounts) -> Array:
        estimate: Array = getattr(self.device.roofline, self.metric)(networks)
        return estimate

    def with_logarithms(self, logarithms: Array) -> Model:
        """Return the model with other values of the free constants."""
        values = dict(zip(self.free, np.exp(logarithms).tolist(), strict=True))
        roofline = replace(self.device.roofline, **values)
        return replace(self, device=replace(self.device, roofline=roofline))

    def fit(self, known: Sequence[Rows]) -> Model:
        """Return the model with the constants that have the least relative error."""
        # The constants do not change the networks, which are counted once.
        networks = [self._count(rows) for rows in known]

        measured = np.concatenate([rows.values for rows in known])

        def errors(logarithms: Array) -> Array:
            model = self.with_logarithms(logarithms)
            estimates = np.concatenate([model._estimate(counts) for counts in networks])
            return np.asarray(np.log(estimates / measured))

        start = np.log([starting_value(self.device, name) for name in self.free])
        # The robust loss has local minima, from which the fit with squared errors leads away.
        squared = least_squares(errors, start)
        robust = least_squares(errors, squared.x, loss="soft_l1", f_scale=_OUTLIER)
        return self.with_logarithms(robust.x)


def starting_value(device: Device, constant: str) -> float:
    """Return the value of a constant in the device's YAML, from which the fit starts.

    Raises
    ------
    UserError
        If the model has no such constant, or its value is not a positive number.
    """
    known = [each.name for each in fields(device.roofline)]
    check_choice(device.name, constant, known, "the roofline model")
    value = getattr(device.roofline, constant)
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise UserError(
            f"{constant} of {device.name} is {value}: a fit can only start from a positive number",
            remedy=f"{constant}: 1.0 in conf/device/{device.name}.yaml",
        )
    return float(value)


def cross_validate(model: Model, known: Sequence[Rows]) -> list[Array]:
    """Return an estimate of every row by a model that was not fitted to its architecture.

    Returns
    -------
    list of array of float64, shape (n,)
        One array for each element of `known`.
    """
    indices = np.unique(np.concatenate([rows.index for rows in known]))
    shuffled = generator(0, "calibrate").permutation(indices)
    estimates = [np.empty(len(rows.index)) for rows in known]
    for fold in range(_N_FOLDS):
        held_out = [np.isin(rows.index, shuffled[fold::_N_FOLDS]) for rows in known]
        parts = [rows.part(~out) for rows, out in zip(known, held_out, strict=True)]
        fitted = model.fit(parts)
        for rows, out, estimate in zip(known, held_out, estimates, strict=True):
            estimate[out] = fitted.predict(rows.part(out))
    return estimates


def print_agreement(title: str, estimates: Sequence[Array], known: Sequence[Rows]) -> None:
    """Print how well the estimates agree with the measured values."""
    print(f"{title}: image set, n, tau, mean / measured mean, mean relative error")
    for rows, estimate in zip(known, estimates, strict=True):
        tau = kendalltau(estimate, rows.values).statistic
        mean = estimate.mean() / rows.values.mean()
        error = np.abs(estimate / rows.values - 1).mean()
        print(f"  {rows.image_set:15} {len(rows.values):4} {tau:.3f} {mean:.3f} {error:.3f}")


def main() -> None:
    """Calibrate the constants that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("device")
    parser.add_argument("constants", nargs="+")
    parser.add_argument(
        "--metric", choices=("latency", "energy", "arithmetic_intensity"), default="latency"
    )
    arguments = parser.parse_args()
    names = [path.stem for path in sorted((CONF / "device").glob("*.yaml"))]
    check_choice("device", arguments.device, names)
    device = instantiate(OmegaConf.load(CONF / "device" / f"{arguments.device}.yaml"))
    known = known_rows(device.name, arguments.metric, Paths.default())
    model = Model(device, arguments.metric, arguments.constants)
    print_agreement("the device's YAML", [model.predict(rows) for rows in known], known)
    fitted = model.fit(known)
    for name in fitted.free:
        print(f"{name}: {getattr(fitted.device.roofline, name):.4g}")
    print_agreement("learned", [fitted.predict(rows) for rows in known], known)
    print_agreement("cross-validated", cross_validate(model, known), known)


if __name__ == "__main__":
    run(main)
