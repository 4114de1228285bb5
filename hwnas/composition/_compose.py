"""Composing a configuration from Python."""

from __future__ import annotations

from collections.abc import Sequence

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import DictConfig

from hwnas.composition._explain import explain
from hwnas.composition._folder import CONF
from hwnas.composition._keys import check_keys
from hwnas.composition._schema import register
from hwnas.errors import UserError


def composed(name: str, overrides: Sequence[str] = ()) -> DictConfig:
    """Compose a configuration, in a running command or in a Python program.

    Parameters
    ----------
    name : str
        The file in ``conf/``, without ``.yaml``.
    overrides : sequence of str
        As on the command line.

    Raises
    ------
    UserError
        If an override cannot be composed.

    Examples
    --------
    >>> composed("run", ["predictor=paper/ridge"]).encoding
    {'_target_': 'hwnas.encoding.OneHot'}
    """
    register()
    try:
        if GlobalHydra.instance().is_initialized():
            cfg = compose(name, list(overrides))
        else:
            with initialize_config_dir(str(CONF), version_base="1.3"):
                cfg = compose(name, list(overrides))
    except HydraException as reason:
        raise UserError(explain(reason, list(overrides))) from reason
    check_keys(cfg, overrides)
    return cfg
