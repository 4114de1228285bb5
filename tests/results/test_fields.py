"""Filters of results."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hwnas.errors import UserError
from hwnas.results import Finished, chosen, find, is_filter
from tests.results.written import write_result


@pytest.fixture
def found(tmp_path: Path) -> list[Finished]:
    for predictor, n_train in [("ridge", 55), ("ridge", 124), ("xgb", 55)]:
        write_result(tmp_path / f"{predictor}{n_train}", predictor=predictor, n_train=n_train)
    return find([tmp_path])


@pytest.mark.parametrize(
    ("filters", "n"),
    [
        (["predictor=ridge"], 2),
        (["predictor=ridge,xgb", "n_train=55"], 2),
        (["n_train=55", "predictor=xgb"], 1),
        ([], 3),
    ],
)
def test_chosen_has_one_of_the_values_of_each_field(
    found: list[Finished], filters: list[str], n: int
) -> None:
    assert len(chosen(found, filters)) == n


@pytest.mark.parametrize(
    ("filters", "problem"),
    [
        (["predictr=ridge"], "predictr=ridge: results have no such field; did you mean 'pred"),
        (["predictor=rigde"], "predictor=rigde: no result has it; did you mean 'ridge'?"),
        (["n_train=124", "predictor=xgb"], "predictor=xgb: no result has it with n_train=124"),
    ],
)
def test_chosen_unknown_names_the_nearest(
    found: list[Finished], filters: list[str], problem: str
) -> None:
    with pytest.raises(UserError, match=re.escape(problem)):
        chosen(found, filters)


def test_is_filter_path_with_an_equals_sign_is_none() -> None:
    assert is_filter("image_set=")
    assert not is_filter("outputs/ridge,preset=paper/n124")
