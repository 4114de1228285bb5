"""``predictor=transfer``: learns a device from few measurements and from other devices."""

from hwnas.predictor.transfer._estimator import Transfer
from hwnas.predictor.transfer._sources import N_SOURCE, Source, Sources, sources_of

__all__ = ["N_SOURCE", "Source", "Sources", "Transfer", "sources_of"]
