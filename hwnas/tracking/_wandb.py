"""Tracking with Weights & Biases."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwnas.errors import UserError
from hwnas.extras import EXTRAS, install_command, is_installed, not_installed
from hwnas.tracking._tracker import NoTracker, Run

if TYPE_CHECKING:
    import wandb

_log = logging.getLogger(__name__)
MODES = ("auto", "online", "offline")


@dataclass(frozen=True)
class WandbTracker:
    """Records finished experiments with Weights & Biases (``tracking=wandb``).

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
        If the mode is unknown, or the mode is "online" and W&B or its key is missing.
    """

    project: str = "hwnas"
    entity: str | None = None
    mode: str = "auto"
    tags: list[str] = field(default_factory=list)
    init_timeout: float = 20.0

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise UserError(
                f"tracking.mode={self.mode}: the mode must be one of {', '.join(MODES)}"
            )
        if self.mode == "online" and not has_key():
            raise UserError("tracking.mode=online: no W&B key is found", remedy="wandb login")
        if self.mode == "online" and not is_installed("wandb"):
            raise not_installed("wandb", "tracking.mode=online")

    @contextmanager
    def start(
        self,
        name: str,
        group: str,
        tags: list[str],
        config: Mapping[str, Any],
        folder: Path,
    ) -> Iterator[Run]:
        """Open a run, as a context that finishes the run at its end.

        Raises
        ------
        UserError
            If the mode is "online" and the server does not answer.
        """
        if not is_installed("wandb"):
            _log.warning(
                "tracking=wandb: W&B is not installed, so this run is not tracked; to track: %s",
                install_command(EXTRAS["wandb"]),
            )
            with NoTracker().start(name, group, tags, config, folder) as silent:
                yield silent
            return
        run = self._init(
            name=name, group=group, tags=[*tags, *self.tags], config=dict(config), folder=folder
        )
        # After an exception the run is finished too, with an exit code that marks it as failed.
        try:
            yield _WandbRun(run)
        except BaseException:
            run.finish(exit_code=1)
            raise
        run.finish()

    def _init(self, folder: Path, **settings: Any) -> wandb.Run:
        import wandb
        from wandb.errors import CommError

        folder.mkdir(parents=True, exist_ok=True)

        def init(mode: str) -> wandb.Run:
            return wandb.init(
                project=self.project,
                entity=self.entity,
                dir=str(folder),
                mode=mode,  # type: ignore[arg-type]
                reinit="create_new",
                settings=wandb.Settings(silent=True, init_timeout=self.init_timeout, console="off"),
                **settings,
            )

        wanted = os.environ.get("WANDB_MODE", "") if self.mode == "auto" else self.mode
        if wanted in ("offline", "disabled"):
            return init(wanted)
        if not has_key():
            return init("offline")
        try:
            return init("online")
        except CommError as error:
            if self.mode == "online":
                raise UserError(
                    f"tracking: the W&B server did not answer within {self.init_timeout:g} s",
                    remedy="tracking.mode=offline",
                ) from error
            _log.warning("tracking: the W&B server does not answer, so this run is stored offline")
            return init("offline")


def has_key() -> bool:
    """Tell whether a W&B key is configured, in the environment or in the netrc file."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    from requests.utils import get_netrc_auth

    return get_netrc_auth(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")) is not None


class _WandbRun:
    def __init__(self, run: wandb.Run) -> None:
        self._run = run

    def log(self, result: Mapping[str, Any], folder: Path) -> None:
        import wandb

        self._run.summary.update(dict(result))
        self._run.log({plot.stem: wandb.Image(str(plot)) for plot in sorted(folder.glob("*.png"))})
