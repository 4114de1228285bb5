"""The user's own YAMLs on Hydra's search path."""

from __future__ import annotations

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin

from hwnas.composition._folder import user_conf_folder


class UserConf(SearchPathPlugin):
    """Makes ``<user's folder>/predictor/mine.yaml`` the option ``predictor=mine``."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Add the user's folder, if it exists, after that of the package."""
        folder = user_conf_folder()
        if folder.is_dir():
            search_path.append(provider="hwnas-user", path=f"file://{folder}")


def add_user_conf() -> None:
    """Add the user's folder to the search path of later compositions."""
    Plugins.instance().register(UserConf)
