"""Short forms of overrides, such as ``table=FILE`` and ``predictor=FILE.hwnas``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

#: Ending of a file that `Predictor.save` wrote.
SAVED = ".hwnas"


def expanded(arguments: Sequence[str]) -> list[str]:
    """Return a command line with every short form replaced by the overrides that it stands for.

    Examples
    --------
    >>> expanded(["table=board.csv", "predictor=old.hwnas", "seed=1"])
    ['dataset=csv', 'dataset.path=board.csv', 'predictor=_saved', 'predictor.model.path=old.hwnas',
     'seed=1']
    >>> expanded(["tuned=old.hwnas", "target=latency_ms"])
    ['tuning=_saved', 'tuning.path=old.hwnas', 'dataset.target=latency_ms']

    The folder of the chosen dataset stands for ``dataset`` at the start of a key.

    >>> expanded(["dataset=hat/wmt14ende_cpu_xeon", "hat.part=encoder"])
    ['dataset=hat/wmt14ende_cpu_xeon', 'dataset.part=encoder']
    """
    chosen = [each.removeprefix("dataset=") for each in arguments if each.startswith("dataset=")]
    family = chosen[-1].rpartition("/")[0] if chosen else ""
    return [override for argument in arguments for override in _overrides(argument, family)]


def with_digest(arguments: Sequence[str]) -> list[str]:
    """Return a command line of ``hwnas sweep`` that names the content of the user's table too.

    Grid points are recognised by their overrides. With the digest among them, a table with new rows
    has new grid points, and does not meet the results of the old ones.

    Parameters
    ----------
    arguments : sequence of str
        Without short forms.
    """
    # Imported here because it imports Hydra.
    from hwnas.composition import file_digest

    paths = [each.partition("=")[2] for each in arguments if each.startswith("dataset.path=")]
    digest = file_digest(paths[-1].strip("'\"")) if paths else None
    return [*arguments, *([] if digest is None else [f"dataset.digest={digest!r}"])]


def searched(arguments: Sequence[str]) -> list[str]:
    """Return a command line of ``hwnas search``, whose ``predictor`` takes one or several files.

    Examples
    --------
    >>> searched(["predictor=a.hwnas", "limit=10"]), searched(["predictor=[a.hwnas,b.hwnas]"])
    (['predictors=[a.hwnas]', 'limit=10'], ['predictors=[a.hwnas,b.hwnas]'])
    """
    return [_searched(argument) for argument in arguments]


def _searched(argument: str) -> str:
    key, equals, value = argument.partition("=")
    if not equals or key != "predictor":
        return argument
    return f"predictors={value}" if value.startswith("[") else f"predictors=[{value}]"


def _overrides(argument: str, family: str) -> Iterator[str]:
    key, equals, value = argument.partition("=")
    if equals and key == "table":
        yield from ("dataset=csv", f"dataset.path={value}")
    elif equals and key == "target":
        yield f"dataset.target={value}"
    elif equals and key == "tuned":
        yield from ("tuning=_saved", f"tuning.path={value}")
    elif equals and family and key.startswith(f"{family}."):
        yield f"dataset.{argument.removeprefix(f'{family}.')}"
    elif equals and key == "predictor" and value.strip("'\"").endswith(SAVED):
        yield from ("predictor=_saved", f"predictor.model.path={value}")
    else:
        yield argument
