"""A fuzzer of every reader of files from outside.

``python -m tests.faults.fuzz --seconds 600`` gives the readers of `tests.faults.readers` changed
files for ten minutes each; names behind it choose readers. With the package atheris
(``pip install atheris``) the changes are led by the lines of hwnas that they reach, otherwise they
are drawn at random. A finding is a file for which a reader does anything but read it or refuse it
in one line: it raises another exception, takes more than `SECONDS`, ends the process, starts a
program, connects to a network, or writes outside of its folder. Findings are kept in ``--out``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hwnas.errors import UserError
from tests.faults.readers import READERS, Reader

#: Longest time for one small file, and most memory of the process.
SECONDS = 20
MEMORY = 6 * 2**30
LARGEST = 1 << 16
#: Audit events that a reader of data has no reason for.
_FORBIDDEN = {"os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "socket.connect"}
_ODD: list[Any] = [None, True, -1, 0, 2**70, -1e308, "", "x", "../../etc/passwd", "\x1b[31m"]
_ODD += ["os.system", [], {}, [[]], {"$estimator": {}}, 1e999, "nan", "a" * 5000]
_WORDS = [
    b"",
    b"0",
    b"-1",
    b"nan",
    b"inf",
    b"1e999",
    b",",
    b'"',
    b"\n",
    b"\r",
    b"\0",
    b"\xff",
    b"|",
]
_WORDS += [
    b"architecture",
    b"latency_ms",
    b"accuracy",
    "ü".encode(),
    b"\xff\xff\xff\x7f",
    b"9" * 30,
]


@dataclass
class Tally:
    """What came of the files that one reader was given."""

    tried: int = 0
    read: int = 0
    refused: int = 0
    #: Paths of the files, by what went wrong.
    found: dict[str, str] = field(default_factory=dict)


class Watched:
    """Calls a reader, and says what it did wrong."""

    def __init__(self, reader: Reader, folder: Path, current: Path) -> None:
        self.reader, self.folder, self.current, self.tally = reader, folder, current, Tally()
        self._events: list[str] = []
        self._on = False
        sys.addaudithook(self._audit)

    def __call__(self, data: bytes) -> str | None:
        """Return what went wrong with an input, or None."""
        place = Path(tempfile.mkdtemp(dir=self.folder))
        # What is left of a process that ends or hangs.
        self.current.write_bytes(data)
        self._events.clear()
        self.tally.tried += 1
        wrong = None
        self._on = True
        try:
            with _limit(SECONDS), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.reader.read(data, place)
            self.tally.read += 1
        except UserError as error:
            self.tally.refused += 1
            wrong = None if str(error).isprintable() else f"unprintable: {error!s:.80}"
        except Exception as error:
            wrong = _where(error)
        finally:
            self._on = False
            shutil.rmtree(place, ignore_errors=True)
        return self._events[0] if self._events else wrong

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._on:
            return
        if event in _FORBIDDEN:
            self._events.append(f"{event} {str(arguments)[:100]}")
        if event == "open" and isinstance(arguments[0], str) and arguments[2] is not None:
            writes = arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if writes and not arguments[0].startswith((str(self.folder), "/dev/")):
                self._events.append(f"writes {arguments[0]}")


@contextmanager
def _limit(seconds: int) -> Iterator[None]:
    def end(*_: object) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _where(error: Exception) -> str:
    """Return the class of an error, and the innermost line of hwnas that it came through."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/hwnas/" in f.filename]
    last = frames[-1] if frames else traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}"


def mutated(data: bytes, draw: random.Random, is_json: bool) -> bytes:
    """Return an input with one to four changes."""
    for _ in range(draw.choice([1, 1, 2, 4])):
        data = _changed_value(data, draw) if is_json and draw.random() < 0.7 else _cut(data, draw)
    return data[:LARGEST]


def _cut(data: bytes, draw: random.Random) -> bytes:
    start = draw.randrange(len(data) + 1)
    end = min(len(data), start + draw.choice([0, 1, 1, 2, 4, 8, 64, len(data)]))
    middle = draw.choice(
        [
            b"",
            draw.randbytes(1),
            draw.randbytes(draw.choice([1, 4, 8])),
            draw.choice(_WORDS),
            data[start:end] * 2,
            bytes(each ^ (1 << draw.randrange(8)) for each in data[start:end][:4]),
        ]
    )
    return data[:start] + middle + data[end:]


def _changed_value(data: bytes, draw: random.Random) -> bytes:
    """Return an input whose JSON has another value, or lacks one, at a random place."""
    start = max(data.find(b"{"), 0)
    try:
        content = json.loads(data[start:])
    except (ValueError, RecursionError):
        content = None
    places = list(_places(content)) if isinstance(content, dict | list) else []
    if not places:
        return _cut(data, draw)
    node, key = draw.choice(places)
    if draw.random() < 0.2:
        del node[key]
    elif draw.random() < 0.3:
        other, name = draw.choice(places)
        node[key] = json.loads(json.dumps(other.get(name) if isinstance(other, dict) else other))
    else:
        node[key] = draw.choice(_ODD)
    return data[:start] + json.dumps(content).encode()


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        yield node, key
        if isinstance(value, dict | list):
            yield from _places(value)


def at_random(
    watched: Watched, goes_on: Callable[[], bool], seed: int
) -> Iterator[tuple[str, bytes]]:
    """Yield what goes wrong with random changes of the seeds, and the input."""
    draw = random.Random(seed)
    pool = watched.reader.seeds()
    inputs = iter(list(pool))
    while goes_on():
        data = next(inputs, None) or mutated(draw.choice(pool), draw, watched.reader.is_json)
        before = watched.tally.read
        wrong = watched(data)
        if wrong is not None:
            yield wrong, data
        elif watched.tally.read > before and len(pool) < 200:
            # Changes of a file that can still be read reach further than those of a seed.
            pool.append(data)


def _with_atheris(watched: Watched, note: Callable[[str, bytes], None], options: Any) -> None:
    """Run atheris, which ends the process."""
    import atheris

    corpus = options.out / "corpus" / watched.reader.name.replace(" ", "_")
    corpus.mkdir(parents=True, exist_ok=True)
    for i, seed in enumerate(watched.reader.seeds()):
        (corpus / f"seed-{i}").write_bytes(seed)

    def one(data: bytes) -> None:
        wrong = watched(data)
        if wrong is not None or watched.tally.tried % 50 == 0:
            note(wrong or "", data)

    def change(data: bytes, limit: int, seed: int) -> bytes:
        if seed % 2:
            return bytes(atheris.Mutate(data, limit))
        return mutated(data, random.Random(seed), watched.reader.is_json)[:limit]

    flags = [f"-max_total_time={options.seconds}", f"-seed={options.seed + 1}", "-verbosity=0"]
    flags += [
        f"-max_len={LARGEST}",
        "-rss_limit_mb=0",
        f"-timeout={4 * SECONDS}",
        "-close_fd_mask=3",
    ]
    atheris.Setup([sys.argv[0], *flags, str(corpus)], one, custom_mutator=change)
    atheris.Fuzz()


def _of_one(options: argparse.Namespace) -> None:
    """Fuzz one reader in this process, and write its tally as it goes."""
    reader = next(each for each in READERS if each.name == options.one)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    files = Files(reader.name, options.out)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        watched = Watched(reader, Path(folder), files.current)
        watched.tally = files.tally()

        def note(wrong: str, data: bytes) -> None:
            if wrong and wrong not in watched.tally.found:
                files.keep(watched.tally, wrong, data)
            files.write(watched.tally)

        if options.atheris:
            _with_atheris(watched, note, options)
        end = time.monotonic() + options.seconds
        for wrong, data in at_random(watched, lambda: time.monotonic() < end, options.seed):
            note(wrong, data)
        note("", b"")


class Files:
    """The files of one reader in the folder of findings."""

    def __init__(self, name: str, out: Path) -> None:
        self.out, self.stem = out, name.replace(" ", "_")
        self.current, self.log = out / f"{self.stem}.current", out / f"{self.stem}.log"
        self._tally = out / f"{self.stem}.json"

    def tally(self) -> Tally:
        """Return what was counted so far."""
        return Tally(**json.loads(self._tally.read_text())) if self._tally.exists() else Tally()

    def write(self, tally: Tally) -> None:
        """Write what was counted so far."""
        self._tally.write_text(json.dumps(asdict(tally)))

    def keep(self, tally: Tally, wrong: str, data: bytes) -> None:
        """Keep the first input with which a thing went wrong."""
        file = self.out / f"{self.stem}-{len(tally.found)}"
        file.write_bytes(data)
        tally.found[wrong] = str(file)


def main() -> None:
    """Fuzz the chosen readers, each in processes of its own, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("readers", nargs="*", help=", ".join(each.name for each in READERS))
    parser.add_argument("--seconds", type=int, default=600, help="for each reader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("outputs/fuzz"))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--atheris", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.one:
        _of_one(options)
        return
    _say(f"{'reader':26}{'tried':>9}{'read':>9}{'refused':>9}{'found':>7}")
    for name in options.readers or [each.name for each in READERS]:
        files = Files(name, options.out)
        files.write(Tally())
        _fuzz(name, files, options)
        tally = files.tally()
        counts = f"{tally.tried:9,}{tally.read:9,}{tally.refused:9,}"
        _say(f"{name:26}{counts}{len(tally.found):7}")
        for wrong, file in tally.found.items():
            _say(f"  {wrong}  {file}")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the output


def _fuzz(name: str, files: Files, options: argparse.Namespace) -> None:
    """Start processes one after another until the time is over."""
    end = time.monotonic() + options.seconds
    seed = options.seed
    while (left := end - time.monotonic()) > 1:
        arguments = ["--one", name, "--out", str(options.out), "--seconds", str(int(left) + 1)]
        start = ["-m", "tests.faults.fuzz"]
        if find_spec("atheris") is not None:
            start, arguments = ["-c", _INSTRUMENTED], [*arguments, "--atheris"]
        files.current.unlink(missing_ok=True)
        with files.log.open("a") as log:
            command = [sys.executable, *start, *arguments, "--seed", str(seed)]
            process = subprocess.Popen(command, stdout=log, stderr=log)
            ended = _end_of(process, files.current)
        if ended is not None:
            tally = files.tally()
            files.keep(tally, f"{ended} ({len(tally.found)})", files.current.read_bytes())
            files.write(tally)
        seed += 1


def _end_of(process: subprocess.Popen[bytes], current: Path) -> str | None:
    """Return how a process ended that did not end well. One that hangs is killed."""
    while process.poll() is None:
        time.sleep(0.5)
        # There is no input yet while the process imports the libraries.
        if current.exists() and time.time() - current.stat().st_mtime > 3 * SECONDS:
            process.kill()
            process.wait()
            return "hangs"
    if process.returncode and not current.exists():
        raise RuntimeError(f"the process did not start: {current.with_suffix('.log')}")
    return f"ends with {process.returncode}" if process.returncode else None


#: atheris must see the modules of hwnas while they are imported.
_INSTRUMENTED = """
import atheris
with atheris.instrument_imports(include=["hwnas"]):
    from tests.faults.fuzz import main
main()
"""


if __name__ == "__main__":
    main()
