"""How well the device models rank the architectures of every measured table that is here.

    HWNAS_DATA=<folder> python -m benchmarks.estimate

Prints Kendall's tau of each estimate, and for comparison of the multiply-accumulates alone, over
all measured architectures: of HW-NAS-Bench, and of relatives of its devices in other tables, which
no constant and no assumption was chosen by. Then, tables or not, each estimate next to the values
that HW-NAS-Bench publishes outside its table; most of these calibrate a constant, so agreement
there is no evidence.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
from hydra.utils import instantiate
from omegaconf import OmegaConf
from scipy.stats import kendalltau

from hwnas.dataset import HELP, HWNAS360, Dataset, HWNASBench, Table
from hwnas.device import Device
from hwnas.errors import UserError
from hwnas.image_set import ImageSet
from hwnas.metric import Metric
from hwnas.network import count_layers
from hwnas.paths import Paths
from hwnas.space import FBNet, NASBench201

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


def related(metric: Metric, paths: Paths) -> Iterator[tuple[str, Dataset, str]]:
    """Yield the device whose model is asked, a table of a relative of it, and its image set."""
    for framework in ("litert", "onnx", "torchmobile"):
        dataset = HWNAS360("pi5", framework, "cifar100", metric, SPACE, paths)
        yield "raspi4", dataset, "cifar100"
    for device in ("raspi4", "fpga"):
        yield device, HELP(device, metric, FBNet(), paths), "cifar100"


def load_if_here(dataset: Dataset) -> Table | None:
    """Return the architectures of a table that were measured, or None if it is not here."""
    try:
        table = dataset.load()
    except UserError:
        return None
    # Copies were never run: only the architecture that was can be compared with.
    copies = table.measured_on() != np.arange(len(table))
    return replace(table, values=np.where(copies, np.nan, table.values)).measured_rows()


def print_tau(device: Device, table: Table, image_set: ImageSet) -> None:
    """Print Kendall's tau of the estimate and of the multiply-accumulates."""
    space, rows = table.space, table.architectures
    estimate = device.estimate(space, rows, table.metric.name, image_set)
    macs = count_layers(space, rows, image_set).macs
    taus = [kendalltau(values, table.values).statistic for values in (estimate, macs)]
    print(
        f"{device.name} | {table.dataset}: {space.name} {table.device} {table.metric.name} | "
        f"{image_set.name} | {taus[0]:.3f} ({taus[1]:.3f})"
    )


def print_published(devices: dict[str, Device], cifar10: ImageSet) -> None:
    """Print each estimate next to what is published."""
    print("device metric: estimated / published, architectures 0 and 1 on CIFAR-10")
    for (name, metric), values in PUBLISHED.items():
        rows = PUBLISHED_ARCHITECTURES[: len(values)]
        estimate = devices[name].estimate(SPACE, rows, metric, cifar10)
        pairs = (f"{own:.4g} / {true:.4g}" for own, true in zip(estimate, values, strict=True))
        print(f"{name} {metric}: {', '.join(pairs)}")


def main() -> None:
    """Print all comparisons."""
    devices = {d.name: d for d in load_all("device") if isinstance(d, Device)}
    metrics = {m.name: m for m in load_all("metric") if isinstance(m, Metric)}
    image_sets = {i.name: i for i in load_all("image_set") if isinstance(i, ImageSet)}
    print("model | table | image set | tau of the estimate (of multiply-accumulates)")
    with tempfile.TemporaryDirectory() as cache:
        paths = replace(Paths.default(), cache=Path(cache))
        for device, image_set in product(devices.values(), image_sets.values()):
            for metric in (metrics[name] for name in device.metrics):
                own = HWNASBench(device, metric, image_set, SPACE, paths, source="measured")
                table = load_if_here(own)
                if table is not None:
                    print_tau(device, table, image_set)
        for name, dataset, image_set_name in related(metrics["latency"], paths):
            table = load_if_here(dataset)
            if table is not None:
                print_tau(devices[name], table, image_sets[image_set_name])
    print_published(devices, image_sets["cifar10"])


if __name__ == "__main__":
    main()
