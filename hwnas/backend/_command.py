"""The backend that runs networks with a user's command, for example on a board behind SSH."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from hwnas.backend._backend import NetworkFailed, Prepared, Runs
from hwnas.backend._onnxruntime import build_onnx
from hwnas.backend._output import runs_in
from hwnas.errors import UserError, check_number
from hwnas.network import Network

#: After so many networks in a row that failed, the rig and not the network is taken for the cause.
_FAILURES = 3
#: Seconds in which the pipes of a killed command close, unless something has left its group.
_END = 5.0
_EXAMPLE = "backend.command='ssh pi ./bench /dev/stdin --runs {repeats}'"


@dataclass(frozen=True)
class Command:
    """Runs a command for every network, and reads the times from what the command prints.

    The command gets the network as an ONNX file: its path takes the place of ``{onnx}``, and its
    bytes are the standard input. No shell runs the command. `hwnas.backend._output.runs_in` says
    how the times are read.

    Parameters
    ----------
    name : str
    command : str
        A program and its arguments, quoted as in a shell. ``{onnx}``, ``{repeats}``, ``{threads}``
        and ``{batch_size}`` are replaced by the network's file and the settings.
    timeout : float
        Seconds after which the command and all processes that it has started are killed.
    retries : int
        How often the command runs again for a network after it failed.

    Raises
    ------
    UserError
        If the command is missing, cannot be split into words or has another name in braces, or a
        number is out of its bounds.
    """

    unit_facts: ClassVar[tuple[str, ...]] = ("command",)

    name: str = "command"
    command: str | None = None
    timeout: float = 120.0
    retries: int = 1
    _failed: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_number("backend.retries", self.retries, 0)
        if not self.timeout > 0:
            raise UserError(
                f"backend.timeout={self.timeout}: no number of seconds above 0",
                "backend.timeout=120",
            )
        if not self._arguments(Path("network.onnx"), 1, 1, 1):
            raise UserError("backend=command runs no command", remedy=_EXAMPLE)

    def prepare(self, network: Network, batch_size: int, threads: int, seed: int) -> Prepared:
        """Build the network and return its timer; see `Backend`."""
        model = build_onnx(network, batch_size, seed).SerializeToString()

        def run(repeats: int) -> Runs:
            with TemporaryDirectory(prefix="hwnas-rig-") as folder:
                file = Path(folder) / "network.onnx"
                file.write_bytes(model)
                arguments = self._arguments(file, repeats, threads, batch_size)
                return runs_in(self._printed(arguments, file), repeats)

        return run

    def facts(self) -> dict[str, Any]:
        """Return the command. What else influences the speed is known to the rig only."""
        return {"command": self.command}

    def _arguments(self, file: Path, repeats: int, threads: int, batch_size: int) -> list[str]:
        values = {
            "onnx": str(file),
            "repeats": str(repeats),
            "threads": str(threads),
            "batch_size": str(batch_size),
        }

        def value(found: re.Match[str]) -> str:
            if found[1] not in values:
                raise UserError(
                    f"backend.command: unknown {found[0]}; known: "
                    f"{', '.join(f'{{{name}}}' for name in values)}",
                    remedy=_EXAMPLE,
                )
            return values[found[1]]

        try:
            words = shlex.split(self.command or "")
        except ValueError as reason:
            raise UserError(f"backend.command={self.command}: {reason}", _EXAMPLE) from reason
        return [re.sub(r"\{(\w+)\}", value, word) for word in words]

    def _printed(self, arguments: list[str], file: Path) -> str:
        """Return what the command prints, or raise `NetworkFailed` if all attempts fail.

        Raises
        ------
        UserError
            If the command does not exist, or failed for several networks in a row.
        """
        reason = ""
        for _ in range(1 + self.retries):
            try:
                printed = _run(arguments, file, self.timeout)
            except _Failed as failed:
                reason = str(failed)
            else:
                self._failed.clear()
                return printed
        self._failed.append(reason)
        if len(self._failed) >= _FAILURES:
            raise UserError(
                f"{shlex.join(arguments)}: failed for {_FAILURES} networks in a row: {reason}",
                remedy="the command by hand; afterwards the same hwnas measure continues",
            )
        raise NetworkFailed(reason)


class _Failed(Exception):  # noqa: N818 - it is no error of the program
    """One attempt failed."""


def _run(arguments: list[str], file: Path, timeout: float) -> str:
    """Return the standard output of a command that gets a file as its standard input."""
    with file.open("rb") as model:
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own command, without a shell
                arguments,
                stdin=model,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        except OSError as reason:
            raise UserError(
                f"backend.command: {arguments[0]} does not start ({reason.strerror})",
                remedy=_EXAMPLE,
            ) from reason
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        raise _Failed(f"no answer within {timeout:g} s") from None
    finally:
        # Also after Ctrl-C, and where the command has ended but something that it started has not.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_END)
    if process.returncode:
        last = (err.strip() or out.strip() or "it printed nothing").splitlines()[-1]
        raise _Failed(f"exit code {process.returncode}: {last:.200}")
    return out
