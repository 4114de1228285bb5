"""Figures between marks in the pages of docs/."""

from __future__ import annotations

from pathlib import Path

from hwnas.files import write_atomically


def write_between(page: Path, marks: tuple[str, str], text: str) -> None:
    """Replace what stands between two marks of a page, the whole page or nothing.

    Parameters
    ----------
    page : Path
    marks : pair of str
        Where the text begins and ends; they stay.
    text : str
        Markdown.

    Raises
    ------
    ValueError
        If a mark is missing, or they stand in another order.
    """
    whole = page.read_text()
    start, end = (whole.find(mark) for mark in marks)
    if not 0 <= start < end:
        raise ValueError(f"{page}: '{marks[0]}' and '{marks[1]}' must stand there in this order")
    new = f"{whole[: start + len(marks[0])]}\n\n{text}\n\n{whole[end:]}"
    write_atomically(page, lambda file: file.write_text(new), "a checkout that can be written")
