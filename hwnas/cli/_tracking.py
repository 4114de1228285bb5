"""``hwnas track`` records finished results; ``hwnas dashboard`` makes a page that compares them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hwnas.cli._parser import parser
from hwnas.errors import UserError, command

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from hwnas.tracking import WandbTracker

_SETTINGS = "tracking.KEY=VALUE sets the project, entity, mode or tags, as in hwnas run"


def track(arguments: Sequence[str]) -> None:
    """Record finished results with Weights & Biases, whether they were tracked before or not.

    Raises
    ------
    UserError
        If a path has no finished result, W&B is not installed, or it rejects a setting.
    """
    reader = parser("track", "Record finished results with Weights & Biases.")
    reader.add_argument(
        "paths", nargs="+", metavar="PATH",
        help="result folders, folders of studies, or folders above results; " + _SETTINGS,
    )  # fmt: skip
    paths, given = _split(reader.parse_args(arguments).paths)
    if not paths:
        raise UserError("track: no path is given", remedy=command("track outputs/studies/quick"))
    _, tracker = _tracker(given)
    from hwnas.track import track

    done = track([Path(path) for path in paths], tracker)
    sys.stdout.write(f"tracked    {len(done.places) - done.n_incomplete} of {len(done.places)}\n")
    for page in sorted({place.partition("/runs/")[0] for place in done.places if "://" in place}):
        sys.stdout.write(f"online     {page}\n")
    offline = sorted({Path(place).parent for place in done.places if "://" not in place})
    for folder in offline:
        sys.stdout.write(f"offline    {folder}\nto send them: wandb sync {folder}/offline-run-*\n")
    if done.n_incomplete:
        sys.exit(1)


def dashboard(arguments: Sequence[str]) -> None:
    """Create a workspace of Weights & Biases that compares what is tracked.

    Raises
    ------
    UserError
        If W&B is not installed, or rejects the dashboard.
    """
    reader = parser("dashboard", "Create a workspace of Weights & Biases that compares results.")
    reader.add_argument("settings", nargs="*", metavar="KEY=VALUE", help=_SETTINGS)
    reader.add_argument("--file", type=Path, help="write what would be created, and create nothing")
    options = reader.parse_args(arguments)
    paths, given = _split(options.settings)
    if paths:
        remedy = command("dashboard tracking.project=hwnas")
        raise UserError(f"dashboard: {paths[0]} is not a setting", remedy=remedy)
    cfg, tracker = _tracker(given)
    from hwnas.tracking import dashboard

    fallback = Path(cfg.paths.outputs).expanduser() / "dashboard.json"
    sys.stdout.write(f"{dashboard(tracker, options.file, fallback)}\n")


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the arguments that are paths, and those that are settings of the tracker."""
    settings = [each for each in arguments if each.startswith("tracking.") and "=" in each]
    return [each for each in arguments if each not in settings], settings


def _tracker(given: Sequence[str]) -> tuple[DictConfig, WandbTracker]:
    """Return the configuration and the tracker of ``tracking=wandb`` with some settings."""
    from hydra.errors import HydraException
    from hydra.utils import instantiate

    from hwnas.cli._quoting import readable
    from hwnas.composition import composed, mistake_in
    from hwnas.extras import is_installed, not_installed

    cfg = composed("run", ["tracking=wandb", *readable(given)])
    try:
        tracker: WandbTracker = instantiate(cfg.tracking)
    except HydraException as error:
        mistake = mistake_in(error, list(given), cfg)
        raise error if mistake is None else mistake from None
    if not is_installed("wandb"):
        raise not_installed("wandb")
    return cfg, tracker
