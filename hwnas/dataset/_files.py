"""The official files: names, addresses, hashes, and how large they may be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hwnas.errors import UserError
from hwnas.paths import Paths

_RAW = "https://raw.githubusercontent.com"
_MB = 1 << 20


@dataclass(frozen=True)
class OfficialFile:
    """A file that others publish.

    Parameters
    ----------
    family : str
        The word of ``python -m hwnas.data fetch``.
    name : str
        Where the file is put under ``paths.data``.
    url : str
        Its official address; of a commit where possible, so that its content stays the same.
    limit : int
        More bytes than this are refused, on disk and from the network.
    blob : str, optional
        Its git blob hash, where known.
    variants : tuple of str
        Other places under ``paths.data`` where it is looked for, e.g. a clone's layout.
    by_hand : bool
        Whether `url` is a page for people, from which nothing can be fetched.
    """

    family: str
    name: str
    url: str
    limit: int
    blob: str | None = None
    variants: tuple[str, ...] = ()
    by_hand: bool = False

    @property
    def fetch_command(self) -> str:
        """What a user runs to get the file."""
        return f"python -m hwnas.data fetch {self.family}"

    @property
    def names(self) -> tuple[str, ...]:
        """Every place under ``paths.data`` where the file is looked for."""
        return (self.name, *self.variants)

    def find(self, paths: Paths) -> Path | None:
        """Return where the file lies, or None."""
        places = (paths.in_data(name) for name in self.names)
        return next((place for place in places if place.is_file()), None)

    def require(self, paths: Paths) -> Path:
        """Return where the file lies; raise `UserError` with the fetch command if it is not."""
        found = self.find(paths)
        if found is None:
            raise UserError(f"{self.name} is not in {paths.data}", remedy=self.fetch_command)
        return found


HWNAS_PICKLE = OfficialFile(
    family="hwnas",
    name="HW-NAS-Bench-v1_0.pickle",
    url=f"{_RAW}/GATECH-EIC/HW-NAS-Bench/393bb8a02554dcd28e091fbbdb4d7aefe590018a/"
    "HW-NAS-Bench-v1_0.pickle",
    limit=200 * _MB,
    blob="b0634cb7f6e7be07192c77833df9eafa4baf705e",
    variants=("HW-NAS-Bench/HW-NAS-Bench-v1_0.pickle",),
)

NATS_CSV = OfficialFile(
    family="nasbench201",
    name="nats_bench.csv",
    url=f"{_RAW}/v-tao/nats-bench-landscape/HEAD/nats_bench.csv",
    limit=50 * _MB,
    blob="a15806cde5e774239a51874d4ba1db74950a5127",
    variants=("nats-bench-landscape/nats_bench.csv",),
)

TRANSNAS_PTH = OfficialFile(
    family="transnas",
    name="transnas-bench_v10141024.pth",
    url="https://drive.google.com/drive/folders/1HlLr2ihZX_ZuV3lJX_4i7q4w-ZBdhJ6o",
    limit=4096 * _MB,
    variants=(
        "TransNASBench/api_home/transnas-bench_v10141024.pth",
        "TransNASBench/transnas-bench_v10141024.pth",
    ),
    by_hand=True,
)

HWNAS360_PARQUET = OfficialFile(
    family="hwnas360",
    name="hwnas360.parquet",
    url=f"{_RAW}/roldebijvank/HW-NAS-Bench-360/a9b243e07fb8f0671ee56587696e7b8ef1ca702d/"
    "results/dataset.parquet",
    limit=500 * _MB,
    blob="07dcadab32c0b43fa8ea5041175013a7e22fc092",
    variants=(
        "hwnas360/dataset.parquet",
        "results/dataset.parquet",
        "HW-NAS-Bench-360/results/dataset.parquet",
    ),
)

_HELP = f"{_RAW}/HayeonLee/HELP/11970ec72b43a2500a2eb00a8436bd05eb14e776/data"
_GPUS = ("1080ti", "2080ti", "titan_rtx", "titanx", "titanxp")
_OTHERS = (
    "essential_ph_1",
    "eyeriss",
    "fpga",
    "gold_6226",
    "gold_6240",
    "pixel2",
    "pixel3",
    "raspi4",
    "samsung_a50",
    "samsung_s7",
    "silver_4114",
    "silver_4210r",
)
#: Devices that HELP publishes for each space; a GPU's name ends in its batch size.
HELP_DEVICES: dict[str, tuple[str, ...]] = {
    "nasbench201": (*(f"{gpu}_{batch}" for gpu in _GPUS for batch in (1, 32, 256)), *_OTHERS),
    "fbnet": (*(f"{gpu}_{batch}" for gpu in _GPUS for batch in (1, 32, 64)), *_OTHERS),
}

#: The block lists of HELP's FBNet architectures.
HELP_FBNET = OfficialFile(
    family="help",
    name="help/fbnet/metainfo.pt",
    url=f"{_HELP}/fbnet/metainfo.pt",
    limit=200 * _MB,
    variants=("help/fbnet/op_idx.pt", "HELP/data/fbnet/metainfo.pt"),
)


def help_latency(space: str, device: str) -> OfficialFile:
    """Return HELP's file of one device."""
    return OfficialFile(
        family="help",
        name=f"help/{space}/latency/{device}.pt",
        url=f"{_HELP}/{space}/latency/{device}.pt",
        limit=10 * _MB,
        variants=(f"HELP/data/{space}/latency/{device}.pt",),
    )


def families() -> dict[str, tuple[OfficialFile, ...]]:
    """Return the files of every word of ``python -m hwnas.data fetch``."""
    latencies = (help_latency(s, d) for s, devices in HELP_DEVICES.items() for d in devices)
    files = (HWNAS_PICKLE, NATS_CSV, TRANSNAS_PTH, HWNAS360_PARQUET, HELP_FBNET, *latencies)
    names = dict.fromkeys(file.family for file in files)
    return {name: tuple(file for file in files if file.family == name) for name in names}
