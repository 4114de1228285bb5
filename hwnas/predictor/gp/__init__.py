"""The predictors `gp` and `sparse_gp`, and Gaussian-process regression with any kernel."""

from typing import TYPE_CHECKING, Any

from hwnas.predictor.gp._core import (
    Kernel,
    Posterior,
    Pullback,
    Rows,
    condition,
    fit_hyperparameters,
    log_posterior,
    restored,
)
from hwnas.predictor.gp._exact import ExactGP
from hwnas.predictor.gp._low_rank import (
    LowRank,
    LowRankFit,
    condition_low_rank,
    inducing_points,
)
from hwnas.predictor.gp._similarity import (
    similarity,
    weighted_products,
    weighted_similarity,
    weighted_squares,
)

if TYPE_CHECKING:
    from hwnas.predictor.gp._sparse import SparseGP

__all__ = [
    "ExactGP",
    "Kernel",
    "LowRank",
    "LowRankFit",
    "Posterior",
    "Pullback",
    "Rows",
    "SparseGP",
    "condition",
    "condition_low_rank",
    "fit_hyperparameters",
    "inducing_points",
    "log_posterior",
    "restored",
    "similarity",
    "weighted_products",
    "weighted_similarity",
    "weighted_squares",
]


def __getattr__(name: str) -> Any:
    # SparseGP needs torch. The rest of this package works without torch.
    if name == "SparseGP":
        from hwnas.predictor.gp._sparse import SparseGP

        return SparseGP
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
