"""The number of threads that NumPy and SciPy take for linear algebra."""

from __future__ import annotations

from contextlib import AbstractContextManager

from threadpoolctl import threadpool_limits

#: Matrices of fewer rows gain little from several threads. On a busy machine a fit takes up to a
#: hundred times as long, as the threads wait for each other in each of thousands of small products.
_FEW_ROWS = 1500


def blas_threads(n_rows: int) -> AbstractContextManager[object]:
    """Return a context in which NumPy and SciPy take one thread if matrices have few rows.

    For matrices of many rows the caller's number of threads stays.
    """
    limited: AbstractContextManager[object] = threadpool_limits(
        1 if n_rows < _FEW_ROWS else None, user_api="blas"
    )
    return limited
