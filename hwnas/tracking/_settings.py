"""Checks of the settings for Weights & Biases, which raise an error before anything is computed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from hwnas.errors import UserError

#: Values of ``tracking.mode``.
MODES = ("auto", "online", "offline")
#: Values of the environment variable WANDB_MODE that W&B accepts.
_WANDB_MODES = ("online", "offline", "shared", "disabled", "dryrun", "run")
#: Characters that W&B does not allow in the name of a project.
_NOT_IN_PROJECT = "/\\#?%:"
#: Most characters in the name of a project, and in a tag.
_LONGEST_PROJECT, LONGEST_TAG = 128, 64
#: The server of W&B that older versions of it log in to. Its keys hold for the present one too.
_OLDER_SERVER = "https://api.wandb.ai"


def check_settings(project: str, entity: str | None, mode: str, tags: Iterable[str]) -> None:
    """Reject settings that W&B would reject later.

    Raises
    ------
    UserError
        If the mode is unknown, W&B does not allow a name or a tag, or one of the environment
        variables WANDB_MODE and WANDB_BASE_URL is wrong.
    """
    if mode not in MODES:
        raise UserError(
            f"tracking.mode={mode}: the mode must be one of {', '.join(MODES)}",
            remedy="tracking.mode=auto",
        )
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
            f"WANDB_BASE_URL={url}: not an address such as {_OLDER_SERVER}",
            remedy="unset WANDB_BASE_URL",
        )


def has_key() -> bool:
    """Tell whether a W&B key is configured, in the environment or in the netrc file."""
    if os.environ.get("WANDB_API_KEY") or os.environ.get("WANDB_IDENTITY_TOKEN_FILE"):
        return True
    import wandb
    from requests.utils import get_netrc_auth

    # The server of W&B's environment variables and settings files.
    server = wandb.setup(wandb.Settings(silent=True)).settings.base_url
    return any(get_netrc_auth(url) is not None for url in (server, _OLDER_SERVER))


@contextmanager
def rejections() -> Iterator[None]:
    """Turn errors with which W&B rejects its settings into errors of one line.

    `check_settings` finds the most common ones before. W&B reads further environment variables.

    Raises
    ------
    UserError
    """
    from pydantic import ValidationError
    from wandb.errors import Error

    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        variable = "_".join(["WANDB", *(str(part) for part in first["loc"])]).upper()
        raise UserError(
            f"tracking: W&B rejects {variable}={first['input']}: {first['msg']}",
            remedy=f"unset {variable}",
        ) from error
    except Error as error:
        problem = " ".join(str(error).split()).rstrip(".")
        raise UserError(f"tracking: W&B says: {problem}", remedy="tracking=off") from error


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
        # Reading the port raises ValueError if it is not a number.
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port != 0)
    except ValueError:
        return False
