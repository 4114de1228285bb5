"""The text of ``--help``."""

from __future__ import annotations

from string import Template

from hwnas.composition import CONF, groups, options, read_yaml, user_conf_folder
from hwnas.errors import command


def help_text(config_name: str) -> str:
    """Fill in the help template of a primary configuration.

    Hydra would do it as well, but it composes the configuration and copies it once for every
    group there is, which takes a second.

    Parameters
    ----------
    config_name : str
        ``conf/<config_name>.yaml`` holds the template in ``hydra.help.template``.
    """
    lines = [f"{group}: {', '.join(options(group))}" for group in groups(config_name)]
    template = Template(read_yaml(CONF / f"{config_name}.yaml")["hydra"]["help"]["template"])
    text = template.substitute(APP_CONFIG_GROUPS="\n".join(lines), HWNAS=command("").rstrip())
    own = user_conf_folder() / "GROUP" / "OPTION.yaml"
    return f"{text}\nOptions of your own: {own} (env HWNAS_CONF), or --config-dir FOLDER."
