"""How well the device models rank the architectures of every measured table that is here.

    HWNAS_DATA=../shared/data python benchmarks/estimate.py

Prints Kendall's tau of each estimate, and for comparison of the multiply-accumulates alone, over
all measured architectures. Then, tables or not, each estimate next to the values that HW-NAS-Bench
publishes outside its table; most of these calibrate a constant, so agreement there is no evidence.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from hydra.utils import instantiate
from omegaconf import OmegaConf
from scipy.stats import kendalltau

from hwnas.dataset import HWNASBench, Paths, Table
from hwnas.device import Device
from hwnas.errors import UserError
from hwnas.image_set import ImageSet
from hwnas.metric import Metric
from hwnas.network import count_layers
from hwnas.space import NASBench201

CONF = Path(__file__).parents[1] / "conf"
SPACE = NASBench201()
#: HW-NAS-Bench's first two architectures.
PUBLISHED_ARCHITECTURES = SPACE.from_strings(
    [
        "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+"
        "|nor_conv_1x1~0|skip_connect~1|skip_connect~2|",
        "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+"
        "|skip_connect~0|nor_conv_3x3~1|skip_connect~2|",
    ]
)
#: On CIFAR-10, from HW-NAS-Bench's README and pages: one value an architecture.
PUBLISHED = {
    ("edgegpu", "latency"): (5.8074, 6.5477),
    ("edgegpu", "energy"): (24.2266, 29.9971),
    ("edgetpu", "latency"): (0.9572, 1.4390),
    ("raspi4", "latency"): (10.4820,),
    ("pixel3", "latency"): (3.6058,),
    ("eyeriss", "latency"): (3.6456,),
    ("eyeriss", "energy"): (0.6873,),
    ("fpga", "latency"): (2.5730,),
    ("fpga", "energy"): (18.0107,),
}


def load_all(group: str) -> Iterator[object]:
    """Yield every member of a config group."""
    for path in sorted((CONF / group).glob("*.yaml")):
        yield instantiate(OmegaConf.load(path))


def measured(device: Device, metric: Metric, image_set: ImageSet, paths: Paths) -> Table | None:
    """Return the measured table, or None if it is not here."""
    dataset = HWNASBench(device, metric, image_set, SPACE, paths, source="measured")
    try:
        return dataset.load().measured_rows()
    except UserError:
        return None


def tau_of_estimate(device: Device, table: Table, image_set: ImageSet) -> tuple[float, float]:
    """Return Kendall's tau of the estimate and of the multiply-accumulates."""
    rows = table.architectures
    estimate = device.estimate(SPACE, rows, table.metric.name, image_set)
    macs = count_layers(SPACE, rows, image_set).macs
    return kendalltau(estimate, table.values).statistic, kendalltau(macs, table.values).statistic


def main() -> None:
    """Print both comparisons."""
    devices = [device for device in load_all("device") if isinstance(device, Device)]
    metrics = {metric.name: metric for metric in load_all("metric") if isinstance(metric, Metric)}
    image_sets = [item for item in load_all("image_set") if isinstance(item, ImageSet)]
    print("device, metric, image set: tau of the estimate (of multiply-accumulates)")
    with tempfile.TemporaryDirectory() as cache:
        paths = replace(Paths.default(), cache=Path(cache))
        for device in devices:
            for name in device.metrics:
                for image_set in image_sets:
                    table = measured(device, metrics[name], image_set, paths)
                    if table is not None:
                        taus = tau_of_estimate(device, table, image_set)
                        print(
                            f"{device.name} {name} {image_set.name}: {taus[0]:.3f} ({taus[1]:.3f})"
                        )
    print("device, metric: estimated / published, architectures 0 and 1 on CIFAR-10")
    cifar10 = next(item for item in image_sets if item.name == "cifar10")
    for device in devices:
        for name in device.metrics:
            values = PUBLISHED.get((device.name, name), ())
            rows = PUBLISHED_ARCHITECTURES[: len(values)]
            estimate = device.estimate(SPACE, rows, name, cifar10)
            pairs = (f"{own:.4g} / {true:.4g}" for own, true in zip(estimate, values, strict=True))
            print(f"{device.name} {name}: {', '.join(pairs) or 'none published'}")


if __name__ == "__main__":
    main()
