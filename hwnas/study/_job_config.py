"""The configuration of a job of a study, in the place of that of the running command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hydra import compose
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, open_dict


@contextmanager
def job_config(name: str | None, overrides: Sequence[str]) -> Iterator[DictConfig]:
    """Compose the configuration of a job, and make it the one that Hydra returns in the block.

    Parameters
    ----------
    name : str or None
        Name of the main file of the configuration, such as ``"sweep"``.
    overrides : sequence of str
    """
    own = HydraConfig.instance().cfg
    cfg = compose(name, list(overrides), return_hydra_config=True)
    HydraConfig.instance().set_config(cfg)
    with open_dict(cfg):
        del cfg["hydra"]
    try:
        yield cfg
    finally:
        HydraConfig.instance().cfg = own
