"""The number of threads that NumPy and SciPy use for linear algebra."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

# Loads SciPy's library for linear algebra, which `_libraries` must find beside NumPy's.
import scipy.linalg  # noqa: F401
from threadpoolctl import ThreadpoolController

#: Matrices with fewer rows gain little from several threads. A fit computes thousands of small
#: products, and the threads wait for each other in each of them. On a busy machine such a fit takes
#: up to a hundred times as long as with one thread.
_FEW_ROWS = 1500


def blas_threads(n_rows: int) -> AbstractContextManager[object]:
    """Return a context in which NumPy and SciPy use one thread if `n_rows` is small.

    If `n_rows` is large, the context does not change the number of threads.
    """
    limited: AbstractContextManager[object] = _libraries().limit(
        limits=1 if n_rows < _FEW_ROWS else None, user_api="blas"
    )
    return limited


@cache
def _libraries() -> ThreadpoolController:
    """Return the loaded libraries. Finding them takes longer than predicting one architecture."""
    return ThreadpoolController()
