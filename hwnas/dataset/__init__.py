"""Datasets: tables of architectures with a hardware metric and their accuracy."""

from hwnas.dataset._table import Kind, Provenance, Table

__all__ = ["Kind", "Provenance", "Table"]
