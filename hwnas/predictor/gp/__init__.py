"""Gaussian processes on any encoding: exact, and with inducing points."""

from typing import TYPE_CHECKING, Any

from hwnas.predictor.gp._exact import ExactGP

if TYPE_CHECKING:
    from hwnas.predictor.gp._sparse import SparseGP

__all__ = ["ExactGP", "SparseGP"]


def __getattr__(name: str) -> Any:
    # Imported when it is asked for: it needs torch, the exact process does not.
    if name == "SparseGP":
        from hwnas.predictor.gp._sparse import SparseGP

        return SparseGP
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
