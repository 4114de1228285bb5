"""The text of ``--help``."""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Any

from omegaconf import OmegaConf


def help_text(conf: Path, config_name: str) -> str:
    """Fill in the help template of a primary configuration.

    Hydra would do it as well, but it composes the configuration and copies it once for every
    group there is, which takes a second.

    Parameters
    ----------
    conf : Path
        The configuration folder.
    config_name : str
        ``<conf>/<config_name>.yaml`` holds the template in ``hydra.help.template``.
    """
    lines = [f"{group}: {', '.join(options(conf / group))}" for group in groups(conf, config_name)]
    template = Template(_load(conf, config_name)["hydra"]["help"]["template"])
    return template.substitute(APP_CONFIG_GROUPS="\n".join(lines))


def groups(conf: Path, config_name: str) -> list[str]:
    """Return the groups that a primary configuration has, those of what it builds on included.

    Examples
    --------
    >>> from hwnas._cli import CONF
    >>> groups(CONF, "measure")
    ['backend', 'image_set', 'space']
    """
    found: set[str] = set()
    for entry in _load(conf, config_name)["defaults"]:
        if isinstance(entry, dict):
            found |= {key for key in entry if (conf / key).is_dir()}
        elif (conf / f"{entry}.yaml").is_file():
            found |= set(groups(conf, entry))
    return sorted(found)


def options(folder: Path) -> list[str]:
    """Return the choices of a group, the bases that they share left out.

    Examples
    --------
    >>> from hwnas._cli import CONF
    >>> options(CONF / "metric")[:2]
    ['arithmetic_intensity', 'energy']
    """
    files = sorted(folder.rglob("*.yaml"))
    names = [file.relative_to(folder).with_suffix("").as_posix() for file in files]
    return [name for name in names if not name.rpartition("/")[2].startswith("_")]


def _load(conf: Path, config_name: str) -> dict[str, Any]:
    config = OmegaConf.to_container(OmegaConf.load(conf / f"{config_name}.yaml"), resolve=False)
    assert isinstance(config, dict)
    return {str(key): value for key, value in config.items()}
