"""The text of ``--help``."""

from __future__ import annotations

from pathlib import Path
from string import Template

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
    config = OmegaConf.to_container(OmegaConf.load(conf / f"{config_name}.yaml"), resolve=False)
    assert isinstance(config, dict)
    groups = "\n".join(
        f"{folder.name}: {', '.join(options(folder))}"
        for folder in sorted(conf.iterdir())
        if folder.is_dir() and options(folder)
    )
    return Template(config["hydra"]["help"]["template"]).substitute(APP_CONFIG_GROUPS=groups)


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
