"""How many threads linear algebra may take."""

from __future__ import annotations

from contextlib import AbstractContextManager

from threadpoolctl import threadpool_limits

#: Matrices of fewer rows gain little from several threads. On a busy machine they lose: threads
#: wait for each other at every one of thousands of small products, a hundred times as long.
_FEW_ROWS = 1500


def blas_threads(n_rows: int) -> AbstractContextManager[object]:
    """Return a context in which NumPy and SciPy take one thread for matrices of few rows."""
    limited: AbstractContextManager[object] = threadpool_limits(
        1 if n_rows < _FEW_ROWS else None, user_api="blas"
    )
    return limited
