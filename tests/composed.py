"""Configurations composed as the commands compose them, in the process of the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, open_dict

from hwnas.composition import CONF, reference_config, register


@contextmanager
def composed(name: str, *overrides: str) -> Iterator[tuple[DictConfig, DictConfig]]:
    """Yield the configuration of a command, and its reference, while Hydra is set up.

    Parameters
    ----------
    name : str
        ``run`` or ``sweep``.
    *overrides : str
        As on the command line.
    """
    register()
    with initialize_config_dir(config_dir=str(CONF), version_base="1.3"):
        cfg = compose(name, list(overrides), return_hydra_config=True)
        HydraConfig.instance().set_config(cfg)
        with open_dict(cfg):
            del cfg["hydra"]
        try:
            yield cfg, reference_config(cfg)
        finally:
            HydraConfig.instance().cfg = None
