"""Conversion of the store to the Parquet file that ``dataset=local/<name>`` reads."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwnas.dataset import ONE_VALUE, STATISTICS, measured_column, write_local_table
from hwnas.errors import UserError
from hwnas.image_set import ImageSet
from hwnas.measure._noise import Noise, judge, tau_between, tau_between_halves
from hwnas.measure._pass import reason_to_leave_out
from hwnas.measure._settings import ACCURACY, CLASSES
from hwnas.measure._store import Store
from hwnas.network import build, count_layers
from hwnas.space import LISTABLE, Architectures, SearchSpace

Values = Mapping[str, Sequence[float]]


def write_table(store: Store, space: SearchSpace, name: str, path: Path) -> dict[str, Noise]:
    """Write the store's measurements as a table.

    The table has one row for each architecture whose network was measured. Architectures with the
    same network share one measurement. The column ``measured_on`` has the rank of the architecture
    that was measured. Missing values are null.

    Parameters
    ----------
    store : Store
    space : SearchSpace
    name : str
        Name of the device.
    path : Path
        The file to write.

    Returns
    -------
    dict of str to Noise
        The noise of every latency column.
    """
    table = _Columns(store, space)
    noise: dict[str, Noise] = {}
    for series in sorted({series for series, _, _ in store.records}):
        if series == ACCURACY:
            table.add_accuracy()
        else:
            noise |= table.add_latency(series)
    table.add_counts()
    metadata = {"name": name, "space": space.name, "units": table.units, **table.facts}
    write_local_table(path, table.columns, metadata)
    return noise


class _Columns:
    """The columns of a table, their units, and facts about their measurement."""

    def __init__(self, store: Store, space: SearchSpace) -> None:
        self._store, self._space = store, space
        strings = list(dict.fromkeys(key[2] for key in store.records))
        measured = space.from_strings(strings)
        networks = space.network_representative(measured)
        self._network_of = dict(zip(strings, networks.tolist(), strict=True))
        if space.size <= LISTABLE:
            everything = space.enumerate()
            network = space.network_representative(everything)
            keep = np.isin(network, networks)
            self._rows: Architectures = everything[keep]
            self._network = network[keep]
        else:
            self._rows, self._network = measured, networks
        self.columns: dict[str, Any] = {
            "architecture": space.to_strings(self._rows),
            "representative": space.representative(self._rows),
            "measured_on": self._network,
        }
        self.units: dict[str, str] = {}
        self.facts: dict[str, Any] = {"latency": {}}

    def _add(self, name: str, values: Mapping[str, float], unit: str) -> None:
        """Add a column of values by architecture. Rows with the same network share a value."""
        by_network = {self._network_of[key]: value for key, value in values.items()}
        self.columns[name] = [by_network.get(key) for key in self._network.tolist()]
        self.units[name] = unit

    def _add_array(self, name: str, values: NDArray[Any], unit: str) -> None:
        self.columns[name] = values
        self.units[name] = unit

    def _headers(self, series: str) -> dict[str, Any]:
        headers = [header for header in self._store.headers if header["series"] == series]
        return {
            "settings": headers[0]["settings"],
            "machines": [header["machine"] for header in headers],
        }

    def add_latency(self, series: str) -> dict[str, Noise]:
        """Add the latency columns of a backend and return the noise of each statistic."""
        noise: dict[str, Noise] = {}
        if not values_by_architecture(self._store, series, "median"):
            reasons = list(left_out(self._store, series).values())
            raise UserError(
                f"{self._store.folder}: no network could be measured as asked ({reasons[0]})",
                remedy="measure with other settings of the backend and another name=",
            )
        for statistic in STATISTICS:
            values = values_by_architecture(self._store, series, statistic)
            name = measured_column(series, "latency", statistic)
            self._add(name, {key: float(np.median(v)) for key, v in values.items()}, "ms")
            if statistic != "mad":
                noise[name] = judge(comparable_rounds(values))
        for metric, unit in ONE_VALUE.items():
            means = values_by_architecture(self._store, series, metric)
            if means:
                name = measured_column(series, metric, "mean")
                self._add(name, {key: float(np.median(v)) for key, v in means.items()}, unit)
                # A network occupies the same memory in every pass.
                if metric != "peak_memory":
                    noise[name] = judge(comparable_rounds(means))
        self._add(f"{series}_passes", {key: len(v) for key, v in values.items()}, "passes")
        self.facts["latency"][series] = self._headers(series) | {
            "noise": {name: _noise_facts(each) for name, each in noise.items()},
            "n_measured": len(values),
            **self._spread(series, "load"),
            # In watts, before and between the networks.
            **self._spread(series, "idle_power"),
        }
        missing = left_out(self._store, series)
        self.facts["latency"][series] |= {"left_out": missing} if missing else {}
        return noise

    def _spread(self, series: str, value: str) -> dict[str, dict[str, float]]:
        """Return lowest, median and highest of a value, or nothing if no record has the value."""
        of = list(chain(*values_by_architecture(self._store, series, value).values()))
        if not of:
            return {}
        return {value: {"lowest": min(of), "median": float(np.median(of)), "highest": max(of)}}

    def add_accuracy(self) -> None:
        """Add the mean accuracy over seeds, and one column for each seed.

        Only architectures with all of these seeds get a value.
        """
        seeds = _common_rounds(values_by_architecture(self._store, ACCURACY, ACCURACY))
        whole = self._complete_accuracies(seeds)
        self._add(ACCURACY, {key: float(np.mean(v)) for key, v in whole.items()}, "percent")
        for seed in range(seeds):
            of_seed = {key: v[seed] for key, v in whole.items()}
            self._add(f"{ACCURACY}_seed{seed}", of_seed, "percent")
        by_seed = np.array(list(whole.values())).T
        self.facts[ACCURACY] = self._headers(ACCURACY) | {
            "image_set": "digits",
            "classes": CLASSES,
            "n_seeds": seeds,
            "n_measured": len(whole),
            "tau_between_seeds": _nan_to_none(tau_between(by_seed)),
            "tau_between_halves": _nan_to_none(tau_between_halves(by_seed)),
        }

    def _complete_accuracies(self, seeds: int) -> dict[str, list[float]]:
        """Return the accuracies of the architectures that were trained with all seeds 0, 1, ..."""
        records = self._store.records
        whole = {}
        for architecture in {key[2] for key in records if key[0] == ACCURACY}:
            of = [records.get((ACCURACY, seed, architecture)) for seed in range(seeds)]
            known = [record[ACCURACY] for record in of if record is not None]
            if len(known) == seeds:
                whole[architecture] = known
        return whole

    def add_counts(self) -> None:
        """Add FLOPs, parameters and memory of the networks whose latency was measured."""
        settings = [facts["settings"] for facts in self.facts["latency"].values()]
        networks = {json.dumps([each["image_set"], each["sizes"]]) for each in settings}
        if not networks:
            return
        if len(networks) > 1:
            raise UserError(
                f"{self._store.folder}: its backends measured different image sets or sizes",
                remedy="measure again with another name=",
            )
        image_set, sizes = ImageSet(**settings[0]["image_set"]), settings[0]["sizes"]
        counts = count_layers(self._space, self._rows, image_set, **sizes)
        self._add_array("flops", counts.macs, "FLOPs")
        self._add_array("parameters", counts.params, "parameters")
        memory = [
            build(self._space, row, image_set, **sizes).peak_activation_bytes
            for row in self._rows.tolist()
        ]
        self._add_array("memory", np.array(memory, dtype=np.int64), "bytes")
        self.facts["networks"] = settings[0]["image_set"] | {"sizes": sizes}


def _noise_facts(noise: Noise) -> dict[str, float | None]:
    return asdict(noise) | {"tau": _nan_to_none(noise.tau)}


def _nan_to_none(tau: float) -> float | None:
    """Return None for NaN, because JSON has no NaN."""
    return None if np.isnan(tau) else tau


def values_by_architecture(store: Store, series: str, value: str) -> dict[str, list[float]]:
    """Return the values of each architecture, in order of the rounds.

    Records without the value are left out: not every measurement has an energy. So are networks
    that did not run as the facts say, because their values cannot be compared with the others.
    """
    found: dict[str, list[float]] = {}
    for (of, _, architecture), record in sorted(store.records.items()):
        if of == series and value in record and reason_to_leave_out(record) is None:
            found.setdefault(architecture, []).append(record[value])
    return found


def passes_of(store: Store, series: str) -> dict[str, int]:
    """Return the number of measured passes of each architecture."""
    return Counter(architecture for of, _, architecture in store.records if of == series)


def left_out(store: Store, series: str) -> dict[str, str]:
    """Return each architecture with a record that the table leaves out, and the reason."""
    reasons = {
        key[2]: reason_to_leave_out(record)
        for key, record in sorted(store.records.items())
        if key[0] == series
    }
    return {architecture: reason for architecture, reason in reasons.items() if reason is not None}


def comparable_rounds(values: Values) -> NDArray[np.float64]:
    """Return the first rounds of the architectures that have that many, (rounds, architectures).

    The number of rounds is the one that includes the most measurements, or the largest of several
    such numbers. It is at least two if any architecture has two rounds, because one round shows no
    noise.
    """
    counts = np.array([len(each) for each in values.values()])
    choices = range(min(2, int(counts.max())), int(counts.max()) + 1)
    rounds = max(choices, key=lambda n: (n * int((counts >= n).sum()), n))
    return np.array([each[:rounds] for each in values.values() if len(each) >= rounds]).T


def _common_rounds(values: Values) -> int:
    """Return the median number of rounds of the architectures, rounded down.

    Architectures may differ in their number of rounds, because a later call may have measured only
    a sample of them or may have been interrupted.
    """
    return int(np.median([len(each) for each in values.values()]))
