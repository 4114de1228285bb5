"""Entry points: Hydra's command line, with one-line errors and exit code 2 for a user's mistake."""

from __future__ import annotations

import errno
import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from hwnas._composition import overrides
from hwnas._help import help_text
from hwnas._schema import register
from hwnas.errors import UserError

CONF = Path(__file__).resolve().parent.parent / "conf"

#: The user's file system refuses to be written: no fault of the program.
_UNWRITABLE = {errno.EACCES, errno.EROFS, errno.ENOTDIR, errno.ENOSPC}
_ELSEWHERE = "paths.outputs=$HOME/hwnas-outputs, or another folder that can be written"


def run_hydra(task: Callable[[DictConfig], Any], config_name: str) -> None:
    """Run `task` under Hydra with the configuration ``conf/<config_name>.yaml``.

    A mistake in the command line, the configuration or a data file ends in one line on standard
    error and exit code 2; only a fault of the program shows a traceback (exit code 1).
    """
    if {"--help", "-h"} & set(sys.argv[1:]):
        print(help_text(CONF, config_name))  # noqa: T201 - the entry point's own output
        return
    register()
    # Plots are written to files. A notebook's value, or a misspelt one, would stop matplotlib from
    # being imported.
    os.environ["MPLBACKEND"] = "agg"
    # Hydra prints and exits by itself unless asked for the full error; asked for it, it hands the
    # exception over, in launcher processes too.
    os.environ["HYDRA_FULL_ERROR"] = "1"

    @functools.wraps(task)
    def guarded(cfg: DictConfig) -> Any:
        given = overrides()
        try:
            _check_choices(given)
            _resolve(cfg, given)
            return task(cfg)
        except (UserError, HydraException, OmegaConfBaseException) as error:
            from hwnas._cli_errors import mistake_in

            mistake = mistake_in(error, given)
            if mistake is None:
                # Under its own class it would be taken for a mistake in the command line.
                raise RuntimeError(f"{type(error).__name__} while running") from error
            # A single job ends here; of several, Hydra says first which one failed.
            if HydraConfig.get().mode == RunMode.RUN:
                fail(str(mistake))
            raise mistake from None

    try:
        _check_choices(sys.argv[1:])
        hydra.main(version_base="1.3", config_path=str(CONF), config_name=config_name)(guarded)()
    except UserError as error:
        fail(str(error))
    except (HydraException, OmegaConfBaseException) as error:
        from hwnas._cli_errors import explain

        fail(explain(error, sys.argv[1:]))
    except OSError as error:
        # Hydra makes the folder of several jobs before the first one checks its own.
        if error.errno not in _UNWRITABLE:
            raise
        fail(str(UserError(f"{error.filename}: {error.strerror}", mend=_ELSEWHERE)))


def _check_choices(arguments: list[str]) -> None:
    # Imported here: it imports this module.
    from hwnas._cli_axes import check_choices

    check_choices(arguments)


def _resolve(cfg: DictConfig, given: list[str]) -> None:
    """Refuse a value that is missing or points nowhere; in the task it would look like a fault."""
    try:
        OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        from hwnas._cli_errors import explain

        raise UserError(explain(error, given)) from error


def fail(message: str) -> NoReturn:
    """Print a user's mistake as one line and exit with code 2."""
    print(f"error: {message}", file=sys.stderr)  # noqa: T201 - the entry point's own output
    sys.exit(2)
