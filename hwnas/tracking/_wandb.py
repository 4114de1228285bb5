"""Tracking with Weights & Biases."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hwnas.errors import UserError, command
from hwnas.extras import EXTRAS, install_command, is_installed, not_installed
from hwnas.tracking._record import Record, RunInfo
from hwnas.tracking._settings import LONGEST_TAG, check_settings, has_key, rejections
from hwnas.tracking._tracker import NoTracker, Run

if TYPE_CHECKING:
    import wandb

_log = logging.getLogger(__name__)
#: Seconds after which a finished run no longer waits for the server to take its files.
FINISH_SECONDS = 600.0


@dataclass(frozen=True)
class WandbTracker:
    """Records finished experiments with Weights & Biases (``tracking=wandb``).

    The id of a run follows from the identity of the experiment. An experiment that runs again is
    therefore recorded in the same run. W&B cannot resume a run offline, so a new offline run
    replaces the folder of the older one.

    Parameters
    ----------
    project : str
    entity : str, optional
        Default: the user's default entity.
    mode : {"auto", "online", "offline"}
        "auto" follows the environment variable WANDB_MODE if that is "offline" or "disabled".
        Otherwise the run is online if a key is found and the server answers, and offline if not.
        If W&B is not installed, a warning says that the run is not tracked.
    tags : list of str
        Tags of each run, besides those of the experiment.
    init_timeout : float
        Seconds to wait for the server. Then the mode "auto" continues offline.

    Raises
    ------
    UserError
        If W&B would reject a setting (see `check_settings`), or the mode is "online" and W&B or its
        key is missing.
    """

    project: str = "hwnas"
    entity: str | None = None
    mode: str = "auto"
    tags: list[str] = field(default_factory=list)
    init_timeout: float = 20.0

    def __post_init__(self) -> None:
        check_settings(self.project, self.entity, self.mode, self.tags)
        if self.mode != "online":
            return
        if not is_installed("wandb"):
            raise not_installed("wandb", "tracking.mode=online")
        if not has_key():
            raise UserError("tracking.mode=online: no W&B key is found", remedy="wandb login")

    @contextmanager
    def start(self, info: RunInfo, folder: Path) -> Iterator[Run]:
        """Open a run, as a context that finishes the run at its end.

        An error of W&B after the start is logged as a warning, because the result of the
        experiment is saved by then.

        Raises
        ------
        UserError
            If W&B rejects a setting, or the mode is "online" and the server does not answer.
        """
        run = self._init(info, folder)
        if run is None:
            with NoTracker().start(info, folder) as silent:
                yield silent
            return
        recorded = _WandbRun(run, info)
        # After an exception the run is finished too, with an exit code that marks it as failed.
        try:
            yield recorded
        except BaseException:
            recorded.finish(failed=True)
            raise
        recorded.finish()

    def _init(self, info: RunInfo, folder: Path) -> wandb.Run | None:
        """Return a new run, or None after a warning that there is none."""
        if not is_installed("wandb"):
            _log.warning(
                "tracking=wandb: W&B is not installed, so this run is not tracked; to track: %s",
                install_command(EXTRAS["wandb"]),
            )
            return None
        folder.mkdir(parents=True, exist_ok=True)
        wanted = os.environ.get("WANDB_MODE", "") if self.mode == "auto" else self.mode
        with rejections():
            if wanted in ("offline", "dryrun", "disabled"):
                mode = "disabled" if wanted == "disabled" else "offline"
                return self._open(mode, info, folder)
            if not has_key():
                return self._open("offline", info, folder)
            return self._open_online(info, folder)

    def _open_online(self, info: RunInfo, folder: Path) -> wandb.Run:
        import wandb
        from wandb.errors import AuthenticationError, CommError

        try:
            return self._open("online", info, folder)
        except CommError as error:
            refused = isinstance(error, AuthenticationError)
            problem = "the W&B server refuses the key"
            if not refused:
                reason = " ".join(str(error).split())
                problem = f"no answer of W&B within {self.init_timeout:g} s ({reason[:120]})"
            if self.mode == "online":
                remedy = "wandb login --relogin" if refused else "tracking.mode=offline"
                raise UserError(f"tracking: {problem}", remedy=remedy) from error
            _log.warning("tracking: %s, so this run is stored offline", problem)
        # Otherwise W&B says that the id of the run is in use.
        wandb.teardown()
        return self._open("offline", info, folder)

    def _open(self, mode: str, info: RunInfo, folder: Path) -> wandb.Run:
        import wandb

        # W&B rejects a longer tag. Only those of the experiment can be: the names of its parts.
        tags = [tag[:LONGEST_TAG] for tag in (*info.tags, *self.tags) if tag]
        return wandb.init(
            project=self.project,
            entity=self.entity,
            dir=str(folder),
            mode=mode,  # type: ignore[arg-type]
            id=info.id,
            name=info.identity,
            group=info.group,
            job_type=info.kind,
            tags=list(dict.fromkeys(tags)),
            config=dict(info.config),
            resume="allow",
            reinit="create_new",
            settings=wandb.Settings(
                silent=True,
                console="off",
                init_timeout=self.init_timeout,
                finish_timeout=FINISH_SECONDS,
                finish_timeout_raises=True,
            ),
        )


class _WandbRun:
    """An open run of W&B whose errors do not end the experiment."""

    def __init__(self, run: wandb.Run, info: RunInfo) -> None:
        self._run = run
        self._info = info
        self._failed = False
        self._result: Path | None = None

    @property
    def place(self) -> str | None:
        if self._run.disabled:
            return None
        return str(self._folder) if self._run.offline else self._run.url

    @property
    def complete(self) -> bool:
        return not self._failed

    @property
    def _folder(self) -> Path:
        return Path(self._run.dir).parent

    def log(self, record: Record) -> None:
        from hwnas.tracking._upload import upload

        self._result = record.folder
        self._attempt(lambda: upload(self._run, record))

    def finish(self, failed: bool = False) -> None:
        """Finish the run, and remove older offline runs of the same experiment."""
        failed = failed or self._failed
        self._attempt(lambda: self._run.finish(exit_code=1 if failed else 0))
        if failed or self._failed or self._run.disabled:
            return
        for older in self._folder.parent.glob(f"offline-run-*-{self._info.id}"):
            if older != self._folder:
                shutil.rmtree(older)

    def _attempt(self, step: Callable[[], object]) -> None:
        try:
            step()
        except Exception as error:
            self._failed = True
            # Without a result the experiment has failed, for which it has an error of its own.
            kept = (
                "; there is no result"
                if self._result is None
                else f"; the result is kept; again: {command(f'track {self._result}')}"
            )
            _log.warning(
                "tracking: not everything was recorded (%s: %s)%s",
                type(error).__name__,
                " ".join(str(error).split()),
                kept,
            )
