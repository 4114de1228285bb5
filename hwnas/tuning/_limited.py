"""Trials with a limit of time, in a process of their own that can be killed."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hwnas.tuning._cross_validation import CrossValidation, FoldScore
from hwnas.tuning._objective import PredictorFailedError

#: What the process sends: a fold's score, the end, or an error.
_SCORE, _END, _ERROR = range(3)


class LimitedScores:
    """Scores predictors in another process, and kills it when a predictor takes too long.

    Code that hangs cannot be ended in any other way, because it may be in a library that is not
    written in Python. The process serves all trials until one of them takes too long.

    Parameters
    ----------
    folds : CrossValidation
    seconds : float
        The limit of one trial, with all of its folds.
    """

    def __init__(self, folds: CrossValidation, seconds: float) -> None:
        self._folds = folds
        self._seconds = seconds
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def __call__(
        self, predictor: Any, X: NDArray[Any], y: NDArray[np.float64]
    ) -> Iterator[FoldScore]:
        """Yield the score of each fold, as `CrossValidation.scores` does.

        Raises
        ------
        PredictorFailedError
            If the trial takes longer than the limit, or its process dies.
        Exception
            The error that the predictor raised.
        """
        pipe = self._started()
        pipe.send((predictor, X, y))
        # The process has loaded the predictor's libraries, whose time does not count either.
        pipe.recv()
        deadline = time.monotonic() + self._seconds
        whole = False
        try:
            while True:
                if not pipe.poll(max(0.0, deadline - time.monotonic())):
                    raise PredictorFailedError(
                        f"it took longer than tuning.trial_seconds={self._seconds:g}"
                    )
                try:
                    kind, content = pipe.recv()
                except EOFError:
                    raise PredictorFailedError("its process died") from None
                if kind == _SCORE:
                    yield content
                    continue
                whole = True
                if kind == _ERROR:
                    raise content
                return
        finally:
            # After a pruned trial too, the process would go on with the other folds.
            if not whole:
                self._end()

    def _started(self) -> Connection:
        if self._pipe is None or self._process is None or not self._process.is_alive():
            self._end()
            # A forked process could not use the threads of the libraries of this one.
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs, self._folds), daemon=True)
            self._process.start()
            theirs.close()
            # Its start, which loads libraries, does not count.
            self._pipe.recv()
        return self._pipe

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None


def _serve(pipe: Connection, folds: CrossValidation) -> None:
    """Score one predictor after the other, until the parent process ends."""
    # The scores need it, and its import takes long.
    import scipy.stats  # noqa: F401

    threading.Thread(target=_end_with_parent, daemon=True).start()
    pipe.send(None)
    while True:
        try:
            predictor, X, y = pipe.recv()
        except EOFError:
            return
        pipe.send(None)
        try:
            for score in folds.scores(predictor, X, y):
                pipe.send((_SCORE, score))
            pipe.send((_END, None))
        except Exception as error:
            try:
                pipe.send((_ERROR, error))
            except Exception:
                # Some errors hold what cannot be sent.
                text = " ".join(f"{type(error).__name__}: {error}".split())
                pipe.send((_ERROR, PredictorFailedError(text)))


def _end_with_parent() -> None:
    """End this process when its parent ends, even if the predictor hangs."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
