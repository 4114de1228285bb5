"""The official files: names, addresses, hashes, and how large they may be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hwnas.dataset._paths import Paths
from hwnas.errors import UserError

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

    def find(self, paths: Paths) -> Path | None:
        """Return where the file lies, or None."""
        places = (paths.data / name for name in (self.name, *self.variants))
        return next((place for place in places if place.is_file()), None)

    def require(self, paths: Paths) -> Path:
        """Return where the file lies; raise `UserError` with the fetch command if it is not."""
        found = self.find(paths)
        if found is None:
            raise UserError(f"{self.name} is not in {paths.data}", mend=self.fetch_command)
        return found


HWNAS = OfficialFile(
    family="hwnas",
    name="HW-NAS-Bench-v1_0.pickle",
    url=f"{_RAW}/GATECH-EIC/HW-NAS-Bench/393bb8a02554dcd28e091fbbdb4d7aefe590018a/"
    "HW-NAS-Bench-v1_0.pickle",
    limit=200 * _MB,
    blob="b0634cb7f6e7be07192c77833df9eafa4baf705e",
    variants=("HW-NAS-Bench/HW-NAS-Bench-v1_0.pickle",),
)
NASBENCH201 = OfficialFile(
    family="nasbench201",
    name="nats_bench.csv",
    url=f"{_RAW}/v-tao/nats-bench-landscape/HEAD/nats_bench.csv",
    limit=50 * _MB,
    blob="a15806cde5e774239a51874d4ba1db74950a5127",
    variants=("nats-bench-landscape/nats_bench.csv",),
)
