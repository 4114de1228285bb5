"""The command ``hwnas next``: from its configuration to the files of a proposal."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from hwnas.composition import CONF
from hwnas.dataset import Table, TableFile
from hwnas.errors import UserError, check_above, check_choice, check_number, command
from hwnas.experiment import build_for
from hwnas.image_set import ImageSet
from hwnas.metric import Metric
from hwnas.next._accuracy import Source, listed, predicted, published, with_accuracy
from hwnas.next._candidates import Candidates, of_file, of_space
from hwnas.next._choose import Choice, Known, improve_front, teach
from hwnas.next._files import check_onnx, check_out, onnx_name, write_csv, write_onnx
from hwnas.paths import Paths
from hwnas.space import ColumnSpace, SearchSpace

OBJECTIVES = ("predictor", "front")
#: Fewest measurements that a front is predicted from. With fewer, the predictor is taught first.
FEWEST = 10
#: Endings of tables. Any other file of accuracies is a predictor.
_TABLES = (".csv", ".tsv", ".txt", ".parquet")


@dataclass(frozen=True)
class Start:
    """What is known before a proposal.

    Parameters
    ----------
    space : SearchSpace
    metric : Metric
    target : str
        Name of the column to fill in.
    file : TableFile or None
        The table of the user. None before anything is measured.
    table : Table or None
    """

    space: SearchSpace
    metric: Metric
    target: str
    file: TableFile | None = None
    table: Table | None = None

    @property
    def known(self) -> Known:
        """The rows of the table."""
        if self.table is None:
            return Known(np.empty((0, self.space.n_positions), dtype=np.int8), np.empty(0))
        return Known(self.table.architectures, self.table.values, self.table.accuracy)


def propose(cfg: DictConfig) -> None:
    """Choose architectures to measure, and write them to a CSV file and as ONNX files.

    Parameters
    ----------
    cfg : omegaconf.DictConfig
        The composed configuration ``next``.

    Raises
    ------
    UserError
        If a setting is invalid, the table or the file of candidates cannot be read, accuracies are
        missing, or fewer than ``n`` architectures are left.
    """
    check_choice("objective", cfg.objective, OBJECTIVES)
    check_number("n", cfg.n, 1)
    check_number("batch_size", cfg.batch_size, 1)
    check_number("seed", cfg.seed, 0)
    start = _start(cfg)
    out = Path(cfg.out).expanduser()
    check_out(out, start.target)
    if cfg.onnx is not None:
        check_onnx(start.space)
    if cfg.limit is not None:
        _check_limit(cfg, start.metric)
    candidates, choice, how = _choose(cfg, start)
    chosen = candidates[choice.rows]
    _write(cfg, start, chosen, out)
    print("\n".join(_report(cfg, start, how, out)))  # noqa: T201 - the command's output


def _start(cfg: DictConfig) -> Start:
    if cfg.dataset is None:
        space = instantiate(cfg.space)
        if isinstance(space, ColumnSpace):
            raise UserError(
                "space=columns: its dimensions are the columns of a table, and there is none",
                remedy="table=FILE.csv",
            )
        metric = instantiate(cfg.metric)
        return Start(space, metric, f"{metric.name}_{metric.unit}")
    file = instantiate(cfg.dataset)
    if not isinstance(file, TableFile):
        raise UserError("next: proposes rows for a file of yours", remedy="table=FILE.csv")
    table = file.unfilled()
    column = str(table.provenance.details["column"])
    return Start(table.space, table.metric, column, file, table)


def _check_limit(cfg: DictConfig, metric: Metric) -> None:
    check_above("limit", cfg.limit, metric.lower, f" {metric.unit}")
    if cfg.objective != "front":
        raise UserError(
            f"limit={cfg.limit:g}: objective={cfg.objective} has no limit", remedy="objective=front"
        )


def _choose(cfg: DictConfig, start: Start) -> tuple[Candidates, Choice, str]:
    """Return the candidates, the choice among them, and how it was made."""
    known, n_measured = start.known, int((~np.isnan(start.known.values)).sum())
    candidates = _candidates(cfg, start)
    of_accuracy = None
    if cfg.objective == "front":
        source = _source(cfg, start, candidates)
        candidates, known, of_accuracy = with_accuracy(candidates, known, source)
    candidates = candidates.without(known.architectures, cfg.seed)
    _check_enough(cfg.n, len(candidates))
    how = f"of {len(candidates):,} candidates ({candidates.source})"
    if of_accuracy is None or n_measured < FEWEST:
        how += ": those that teach a predictor most"
        if of_accuracy is not None:
            how += f", because a front needs {FEWEST} measurements, and there are {n_measured}"
        return candidates, teach(candidates, known.architectures, cfg.n), how
    assert start.table is not None, "there are measurements"
    predictor = build_for(start.table.measured_rows(), cfg, cfg.seed)
    choice = improve_front(candidates, known, predictor, start.metric, cfg.n, cfg.limit)
    within = "" if cfg.limit is None else f" within {cfg.limit:g} {start.metric.unit}"
    how += f": {choice.n_front} that may be on the front{within}"
    if choice.n_front < cfg.n:
        how += f", {cfg.n - choice.n_front} that teach the predictor"
    return candidates, choice, f"{how}; accuracies: {of_accuracy}"


def _source(cfg: DictConfig, start: Start, candidates: Candidates) -> Source:
    """Return where the accuracies of candidates come from."""
    if cfg.accuracy is not None and Path(cfg.accuracy).suffix in _TABLES:
        return listed(of_file(_file(cfg, start, cfg.accuracy), with_accuracy=True))
    if cfg.accuracy is not None:
        return predicted(cfg.accuracy, start.space)
    if candidates.accuracy is not None:
        return listed(candidates)
    image_set = "cifar10" if start.file is None else start.file.accuracy
    return published(start.space, image_set, _paths(cfg))


def _paths(cfg: DictConfig) -> Paths:
    return Paths(*(Path(cfg.paths[name]).expanduser() for name in ("data", "cache", "outputs")))


def _candidates(cfg: DictConfig, start: Start) -> Candidates:
    if cfg.candidates == "space":
        return of_space(start.space, cfg.seed)
    file = _file(cfg, start, cfg.candidates)
    return of_file(file, with_accuracy=cfg.objective == "front" and cfg.accuracy is None)


def _file(cfg: DictConfig, start: Start, path: str) -> TableFile:
    unit = None if start.file is None else start.file.accuracy_unit
    return TableFile(start.metric, start.space, _paths(cfg), path, accuracy_unit=unit)


def _check_enough(n: int, n_left: int) -> None:
    if n_left == 0:
        raise UserError("next: every network of the candidates is measured or waits for its value")
    if n > n_left:
        raise UserError(f"n={n}: only {n_left} networks are left to measure", remedy=f"n={n_left}")


def _write(cfg: DictConfig, start: Start, chosen: Candidates, out: Path) -> None:
    strings = start.space.to_strings(chosen.architectures)
    names = [onnx_name(string) for string in strings]
    if start.file is None:
        columns = [["architecture", *strings], [start.target, *[""] * len(strings)]]
        if cfg.onnx is not None:
            columns.append(["file", *names])
        rows, delimiter = [list(row) for row in zip(*columns, strict=True)], ","
    else:
        # Accuracies of another source would not fit those of the file.
        own = cfg.candidates != "space" and cfg.accuracy is None
        accuracy = chosen.accuracy if own else None
        rows = start.file.new_rows(start.space, chosen.architectures, accuracy)
        delimiter = start.file.delimiter
        if cfg.onnx is not None and "file" in rows[0]:
            for row, name in zip(rows[1:], names, strict=True):
                row[rows[0].index("file")] = name
    if cfg.onnx is not None:
        write_onnx(
            Path(cfg.onnx).expanduser(),
            start.space,
            chosen.architectures,
            _image_set(cfg, start.space),
            cfg.batch_size,
            cfg.seed,
        )
    # The CSV file is the last one: where it is, the ONNX files are too.
    write_csv(out, rows, delimiter)


def _image_set(cfg: DictConfig, space: SearchSpace) -> ImageSet:
    node = cfg.image_set
    if node is None:
        node = OmegaConf.load(CONF / "image_set" / f"{space.image_set}.yaml")
    image_set: ImageSet = instantiate(node)
    return image_set


def _report(cfg: DictConfig, start: Start, how: str, out: Path) -> list[str]:
    known = start.known
    n_blank = int(np.isnan(known.values).sum())
    waiting = f", {n_blank} wait for a value or failed" if n_blank else ""
    so_far = f"{len(known.values) - n_blank} measured{waiting}"
    lines = [
        f"{cfg.n} networks to measure, {how}",
        f"{start.metric.name} [{start.metric.unit}]: "
        f"{'nothing is measured yet' if start.table is None else so_far}",
    ]
    if cfg.onnx is not None:
        lines.append(f"the networks, with random weights: {cfg.onnx}")
    file = shlex.quote(str(out))
    then = f"predictor=best out={out.stem}.hwnas"
    if start.file is None:
        return [
            *lines,
            f"fill in the column {start.target} of {out}, then:",
            "  " + command(f"fit table={file} {then}"),
        ]
    return [
        *lines,
        f"fill in the column {start.target} of {out}, and append the rows to {start.file.path}:",
        f"  {_append(out, Path(str(start.file.path)).expanduser())}",
    ]


def _append(rows: Path, table: Path) -> str:
    """Return the shell command that appends the rows of a file to a table."""
    new, old = shlex.quote(str(rows)), shlex.quote(str(table))
    if table.suffix == ".parquet":
        program = (
            "import sys, pandas; old, new = sys.argv[1:]; "
            "pandas.concat([pandas.read_parquet(old), pandas.read_csv(new)]).to_parquet(old)"
        )
        return f"python -c {shlex.quote(program)} {old} {new}"
    if not table.read_bytes().endswith(b"\n"):
        # Some spreadsheets do not end the last line. Without `echo`, the first row continues it.
        return f"(echo; tail -n +2 {new}) >> {old}"
    return f"tail -n +2 {new} >> {old}"
