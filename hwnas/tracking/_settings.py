"""Checks of the settings for Weights & Biases, which raise an error before anything is computed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from urllib.parse import urlsplit

from hwnas.errors import UserError, check_choice

#: Values of ``tracking.mode``.
MODES = ("auto", "online", "offline")
#: Values of the environment variable WANDB_MODE that W&B accepts.
_WANDB_MODES = ("online", "offline", "shared", "disabled", "dryrun", "run")
#: Characters that W&B does not allow in the name of a project.
_NOT_IN_PROJECT = "/\\#?%:"
#: Most characters in the name of a project, and in a tag.
_LONGEST_PROJECT, LONGEST_TAG = 128, 64
DEFAULT_URL = "https://api.wandb.ai"


def check_settings(project: str, entity: str | None, mode: str, tags: Iterable[str]) -> None:
    """Check settings that W&B would reject.

    Raises
    ------
    UserError
        If the mode is unknown, W&B does not allow a name or a tag, or one of the environment
        variables WANDB_MODE and WANDB_BASE_URL is wrong.
    """
    check_choice("tracking.mode", mode, MODES)
    _check_name("tracking.project", project, "tracking.project=hwnas")
    if entity is not None:
        _check_name("tracking.entity", entity, "tracking.entity=null tracking.project=hwnas")
    for tag in tags:
        if not 1 <= len(tag) <= LONGEST_TAG:
            raise UserError(
                f"tracking.tags: {tag!r} has {len(tag)} characters; a tag of W&B has 1 to "
                f"{LONGEST_TAG}",
                remedy="tracking.tags=[]",
            )
    wanted = os.environ.get("WANDB_MODE")
    if wanted and wanted not in _WANDB_MODES:
        raise UserError(
            f"WANDB_MODE={wanted}: W&B has only the modes {', '.join(_WANDB_MODES)}",
            remedy="unset WANDB_MODE",
        )
    url = os.environ.get("WANDB_BASE_URL")
    if url and not _is_address(url):
        raise UserError(
            f"WANDB_BASE_URL={url}: not an address such as {DEFAULT_URL}",
            remedy="unset WANDB_BASE_URL",
        )


def _check_name(key: str, name: str, remedy: str) -> None:
    wrong = [character for character in _NOT_IN_PROJECT if character in name]
    if wrong:
        raise UserError(f"{key}={name}: W&B does not allow {' '.join(wrong)} here", remedy=remedy)
    if not 1 <= len(name) <= _LONGEST_PROJECT:
        raise UserError(
            f"{key}: the name has {len(name)} characters; W&B allows 1 to {_LONGEST_PROJECT}",
            remedy=remedy,
        )


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        # Reading the port raises ValueError if it is no number.
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port != 0)
    except ValueError:
        return False
