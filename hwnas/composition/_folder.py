"""The configuration folders: where they are, and which groups and options they have."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from hydra.core.global_hydra import GlobalHydra

_PACKAGE = Path(__file__).resolve().parent.parent


def conf_folder() -> Path:
    """Return the folder of the configuration that comes with hwnas.

    In an installed wheel it is ``hwnas/conf``; in a checkout, also one that is installed in
    editable mode, it lies beside the package.
    """
    inside = _PACKAGE / "conf"
    return inside if inside.is_dir() else _PACKAGE.parent / "conf"


CONF = conf_folder()
_FILE = "file://"
_ADDED: ContextVar[Path | None] = ContextVar("folder of --config-dir", default=None)


def user_conf_folder() -> Path:
    """Return the folder of the user's own YAMLs.

    It is the environment variable ``HWNAS_CONF``, or else the system's folder for configurations of
    hwnas. A file ``<folder>/predictor/mine.yaml`` in it is the option ``predictor=mine``.
    """
    given = os.environ.get("HWNAS_CONF")
    if given:
        return Path(given).expanduser().absolute()
    # Imported here because it is not needed if HWNAS_CONF is set.
    from platformdirs import user_config_path

    return user_config_path("hwnas")


@contextmanager
def conf_folder_added(folder: Path | None) -> Iterator[None]:
    """Look up options in the folder of ``--config-dir`` too, within the block.

    Parameters
    ----------
    folder : Path or None
        The folder; None if the flag is not given.
    """
    token = _ADDED.set(folder)
    try:
        yield
    finally:
        _ADDED.reset(token)


def conf_folders() -> list[Path]:
    """Return the folders in which options are looked up, in Hydra's order."""
    if GlobalHydra.instance().is_initialized():
        # The process of a launcher has Hydra's search path, but not the flag --config-dir.
        entries = GlobalHydra.instance().config_loader().get_search_path().get_path()
        places = [entry.path.removeprefix(_FILE) for entry in entries]
        return [Path(place) for place in places if "://" not in place]
    added, own = _ADDED.get(), user_conf_folder()
    return [folder for folder in (added, CONF, own) if folder is not None and folder.is_dir()]


def is_group(name: str) -> bool:
    """Tell whether the configuration has a group of this name.

    Examples
    --------
    >>> is_group("predictor"), is_group("n_train")
    (True, False)
    """
    return any((folder / name).is_dir() for folder in conf_folders())


def known_groups() -> list[str]:
    """Return the names of all groups, those of other commands included.

    Examples
    --------
    >>> "predictor" in known_groups()
    True
    """
    folders = (path for folder in conf_folders() for path in folder.iterdir() if path.is_dir())
    return sorted({folder.name for folder in folders})


def groups(config_name: str) -> list[str]:
    """Return the groups in the defaults list of a configuration, and of those that it includes.

    Parameters
    ----------
    config_name : str
        A file in ``conf/``, without ``.yaml``.

    Examples
    --------
    >>> groups("measure")
    ['backend', 'image_set', 'metric', 'space']
    """
    found: set[str] = set()
    for entry in read_yaml(CONF / f"{config_name}.yaml").get("defaults", []):
        if isinstance(entry, dict):
            found |= {key for key in entry if (CONF / key).is_dir()}
        elif (CONF / f"{entry}.yaml").is_file():
            found |= set(groups(entry))
    return sorted(found)


def options(group: str) -> list[str]:
    """Return the options of a group, without their shared bases (``_<name>.yaml``).

    Examples
    --------
    >>> options("metric")[:2]
    ['accuracy', 'arithmetic_intensity']
    """
    found = set()
    for folder in conf_folders():
        files = (folder / group).rglob("*.yaml")
        found |= {file.relative_to(folder / group).with_suffix("").as_posix() for file in files}
    return sorted(name for name in found if not name.rpartition("/")[2].startswith("_"))


def option_file(group: str, option: str) -> Path | None:
    """Return the YAML of an option; None if there is none."""
    return next(iter(option_files(group, option)), None)


def option_files(group: str, option: str) -> list[Path]:
    """Return every YAML that has the name of an option; Hydra takes the first."""
    files = [folder / group / f"{option}.yaml" for folder in conf_folders()]
    return [file for file in files if file.is_file()]


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the content of a configuration file, without resolving its interpolations."""
    from omegaconf import OmegaConf

    config = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    assert isinstance(config, dict)
    return {str(key): value for key, value in config.items()}
