"""Entry points: Hydra's command line, with one-line errors and exit code 2 for a user's mistake."""

from __future__ import annotations

import errno
import functools
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir, contextmanager
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from hwnas.cli._exit import end_without_reader, fail, was_interrupted
from hwnas.cli._flags import check_flags, config_dir
from hwnas.cli._help import help_text
from hwnas.cli._quoting import readable
from hwnas.cli._short_forms import expanded
from hwnas.cli.several import compared
from hwnas.composition import (
    CONF,
    check_choices,
    check_chosen,
    check_keys,
    conf_folder_added,
    explain,
    globs_expanded,
    mistake_in,
    overrides,
    register,
)
from hwnas.console import shown
from hwnas.errors import UserError
from hwnas.files import unwritable
from hwnas.paths import elsewhere

#: The user's file system refuses to be written: no fault of the program.
_UNWRITABLE = {
    *(errno.EACCES, errno.EROFS, errno.ENOTDIR, errno.EEXIST),
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
}


def run_hydra(
    task: Callable[[DictConfig], Any], config_name: str, arguments: Sequence[str]
) -> None:
    """Run `task` under Hydra with the configuration ``conf/<config_name>.yaml``.

    Parameters
    ----------
    task : callable
        Takes the composed configuration.
    config_name : str
    arguments : sequence of str
        The command line behind the command's name.

    Raises
    ------
    UserError
        If there is a mistake in the command line, the configuration or a data file. Where one job
        was asked for, the process ends instead: Hydra would print lines of its own.
    """
    folder, rest = config_dir(arguments)
    with conf_folder_added(folder):
        if {"--help", "-h"} & set(rest):
            print(help_text(config_name))  # noqa: T201 - the entry point's own output
            return
        check_flags(config_name, rest)
        flags = [] if folder is None else ["--config-dir", str(folder)]
        given = globs_expanded(readable(expanded(rest)))
        _run(task, config_name, [*flags, *sorted(given, key=_is_override)])


def _is_override(argument: str) -> bool:
    """Tell overrides from flags and their values: Hydra reads overrides from one place only."""
    return not argument.startswith("-") and ("=" in argument or argument.startswith("~"))


def _run(task: Callable[[DictConfig], Any], config_name: str, given: list[str]) -> None:
    # Hydra reads the overrides from sys.argv. Its launchers repeat the command with sys.argv too.
    sys.argv[1:] = given
    register()
    # Plots are written to files. A notebook's value, or a misspelt one, would stop matplotlib from
    # being imported.
    os.environ["MPLBACKEND"] = "agg"
    # Hydra prints and exits by itself unless asked for the full error; asked for it, it hands the
    # exception over, in launcher processes too.
    os.environ["HYDRA_FULL_ERROR"] = "1"

    try:
        check_choices(given)
        with compared():
            main = hydra.main(version_base="1.3", config_path=str(CONF), config_name=config_name)
            main(_guarded(task))()
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(explain(error, given)) from error
    except YAMLError as error:
        # Of the user's own folder, or of --config-dir.
        raise UserError(" ".join(str(error).split())) from error
    except OSError as error:
        # Hydra makes the folder of several jobs before the first one checks its own.
        if error.errno not in _UNWRITABLE:
            raise
        raise _refused(error) from error


def _guarded(task: Callable[[DictConfig], Any]) -> Callable[[DictConfig], Any]:
    """Return a task that turns what a user did wrong into one line, in the process of its job."""

    @functools.wraps(task)
    def guarded(cfg: DictConfig) -> Any:
        of_job = overrides()
        try:
            check_choices(of_job)
            _resolve(cfg, of_job)
            # A job of Slurm has a log of its own, where its progress is shown.
            with shown(), _where_it_was_given():
                return task(cfg)
        except BrokenPipeError:
            # Of several jobs, Hydra would run the others and print an error.
            end_without_reader()
            raise
        except (UserError, ImportError, OSError, HydraException, OmegaConfBaseException) as error:
            if was_interrupted():
                # Of any other error, Hydra would print lines of its own.
                raise KeyboardInterrupt from error
            if isinstance(error, OSError) and error.errno not in _UNWRITABLE:
                raise
            refused = _refused(error) if isinstance(error, OSError) else None
            mistake = refused or mistake_in(error, of_job, cfg)
            if mistake is None:
                if isinstance(error, ImportError):
                    raise
                # Under its own class it would be taken for a mistake in the command line.
                raise RuntimeError(f"{type(error).__name__} while running") from error
            # A single job ends here; of several, Hydra says first which one failed.
            if HydraConfig.get().mode == RunMode.RUN:
                fail(str(mistake))
            raise mistake from None

    return guarded


def _refused(error: OSError) -> UserError:
    """Return the error of a file that cannot be written."""
    # A write to an open file, which fails on a full disk, does not name the file.
    return unwritable(error.filename or "the folder of results", error, elsewhere("outputs"))


@contextmanager
def _where_it_was_given() -> Iterator[None]:
    """Run in the folder of the command, to which the paths on the command line are relative.

    With ``hydra.job.chdir=true`` Hydra changes to the folder of the job, where neither the data nor
    earlier results would be found.
    """
    with chdir(HydraConfig.get().runtime.cwd if HydraConfig.get().job.chdir else "."):
        yield


def _resolve(cfg: DictConfig, given: list[str]) -> None:
    """Refuse a value that is missing or points nowhere; in the task it would look like a fault.

    Keys that no command has are refused too.
    """
    try:
        OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise UserError(explain(error, given)) from error
    own = HydraConfig.get()
    check_keys(OmegaConf.create({"hydra": own}), own.overrides.hydra)
    check_keys(cfg, given)
    check_chosen(cfg, own.runtime.choices, given)
