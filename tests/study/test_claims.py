"""The report on the claims of the paper: every verdict follows from results by a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

from hwnas.errors import UserError
from hwnas.study.report import (
    BestPredictors,
    Claim,
    Claims,
    Material,
    PredictingBeatsLive,
    SolvedByLinear,
    SuboptimalSelections,
    VerificationHelps,
)

ROOT = Path(__file__).resolve().parents[2]
TEXTS: dict[str, Any] = {"claim": "A claim.", "study": "a figure", "command": "run"}
SELECTED = {
    "scores.kendall_tau": 0.7,
    "selection.mra_all_percent": 1.0,
    "selection.mra_pareto_percent": 0.2,
    "selection.retained_hypervolume": 0.98,
    "selection.n_measured": 45,
    "timings.fit_seconds": 0.01,
}


def point(data: str, predictor: str, n_train: int, columns: Mapping[str, Any]) -> pd.DataFrame:
    """Return the results of one predictor, one row for each of three seeds."""
    axes = {"axis.data": data, "axis.predictor": predictor, "axis.n_train": n_train}
    rows = [axes | dict(columns) | {"identity.seed": seed, "axis.seed": seed} for seed in range(3)]
    return pd.DataFrame(rows).assign(**{"provenance.kind": "measured"})


def taus(data: str, n_train: int, **predictors: float) -> pd.DataFrame:
    rows = [
        point(data, name, n_train, {"scores.kendall_tau": tau}) for name, tau in predictors.items()
    ]
    return pd.concat(rows, ignore_index=True)


def held(claim: Claim, *rows: pd.DataFrame) -> list[bool]:
    return [case.holds for case in claim.cases(pd.concat(rows, ignore_index=True))]


def verdict(claim: Claim, *rows: pd.DataFrame, stand_ins: Sequence[str] = ()) -> str:
    cases = claim.cases(pd.concat(rows, ignore_index=True))
    return claim.verdict(cases, set(stand_ins))


BEST = BestPredictors(**TEXTS, predictors=["mlp", "small"], least=2999)
LINEAR = SolvedByLinear(**TEXTS, predictor="lin", tau=0.8)
SUBOPTIMAL = SuboptimalSelections(**TEXTS)
VERIFY = VerificationHelps(**TEXTS, share=0.5)
LIVE = PredictingBeatsLive(**TEXTS, tau_below=0.8, seconds_below=1.0)


def test_best_predictors_highest_mean_decides() -> None:
    first = taus("a", 3000, mlp=0.8, small=0.92, lgb=0.9)
    second = taus("b", 3000, mlp=0.8, lgb=0.9)
    assert held(BEST, first, second) == [True, False]
    assert verdict(BEST, first, second) == "holds in part"
    assert verdict(BEST, first) == "holds"
    assert verdict(BEST, second) == "does not hold"


def test_best_predictors_few_measurements_or_no_rival_give_no_case() -> None:
    assert verdict(BEST, taus("a", 124, mlp=0.9, lgb=0.1), taus("b", 3000, mlp=0.9)) == "no data"


def test_solved_by_linear_most_of_both_halves_decide() -> None:
    good, bad = taus("a", 100, lin=0.9), taus("b", 100, lin=0.7)
    other = taus("c", 100, lin=0.5)
    assert verdict(LINEAR, good, stand_ins="c") == "holds"
    assert verdict(LINEAR, good, other, stand_ins="c") == "holds in part"
    assert verdict(LINEAR, good, bad, stand_ins="c") == "does not hold"


def test_suboptimal_selections_need_losses_and_order() -> None:
    bad = point("a", "ridge", 55, SELECTED)
    good = point("a", "xgb", 55, SELECTED | {"scores.kendall_tau": 0.8})
    better = good.assign(**{"selection.mra_all_percent": 0.5})
    assert held(SUBOPTIMAL, bad, better) == [True]
    worse = good.assign(**{"selection.mra_all_percent": 1.5})
    assert held(SUBOPTIMAL, bad, worse) == [False]
    lossless = better.assign(**{"selection.mra_all_percent": 0.0})
    assert held(SUBOPTIMAL, bad, lossless) == [False]


def simulation(**columns: Sequence[float]) -> pd.DataFrame:
    columns = {"sigma": [0.1, 0.2, 1.0], "hypervolume": [4.2, 4.1, 3.9]} | columns
    fixed: dict[str, Any] = {
        "axis.data": "a",
        "pairing": "sorted",
        "n_candidates": 100,
        "trials": 5,
    }
    return pd.DataFrame(columns).assign(**fixed)


def test_simulations_are_cases_of_losses_and_of_verification() -> None:
    rows = simulation(mra_all_percent=[1.0, 1.5, 2.5], mra_pareto_percent=[0.2, 0.5, 2.4])
    assert held(SUBOPTIMAL, rows) == [True]
    assert held(VERIFY, rows) == [True]
    rows = simulation(mra_all_percent=[1.0, 1.5, 0.9], mra_pareto_percent=[0.2, 0.8, 2.4])
    assert held(SUBOPTIMAL, rows) == [False]
    assert held(VERIFY, rows) == [False]


@pytest.mark.parametrize(
    ("before", "after", "helps"),
    [
        ([1.0, 1.2, 0.8], [0.2, 0.3, 0.1], True),
        ([1.0, 1.2, 0.8], [0.9, 0.8, 0.7], False),
        # The mean falls to less than half, but one seed decides it.
        ([9.0, 0.1, 0.1], [0.1, 0.1, 0.1], False),
        ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0], False),
    ],
)
def test_verification_helps_if_little_of_the_mra_is_left(
    before: list[float], after: list[float], helps: bool
) -> None:
    rows = point("a", "ridge", 55, SELECTED).assign(
        **{"selection.mra_all_percent": before, "selection.mra_pareto_percent": after}
    )
    assert held(VERIFY, rows) == [helps]


def live(retained: Sequence[float]) -> pd.DataFrame:
    rows = [
        {"live.n_measured": n, "live.retained_hypervolume": v, "live.retained_hypervolume_sem": 0.0}
        for n, v in zip((10, 100, 1000), retained, strict=True)
    ]
    return pd.DataFrame(rows).assign(**{"axis.data": "a", "provenance.kind": "measured"})


def test_predicting_beats_live_compares_equal_numbers_of_measurements() -> None:
    """Training and verification are 55 + 45 = 100 measurements; 300 at random are as good."""
    rows = point("a", "ridge", 55, SELECTED)
    assert held(LIVE, rows, live([0.9, 0.97, 0.99])) == [True]
    assert held(LIVE, rows, live([0.9, 0.985, 0.99])) == [False]
    (case,) = LIVE.cases(pd.concat([rows, live([0.9, 0.97, 0.99])], ignore_index=True))
    assert "100 measurements retain 0.980 ±0.000" in case.text
    assert "316 at random are worth as much" in case.text
    (case,) = LIVE.cases(pd.concat([rows, live([0.9, 0.95, 0.97])], ignore_index=True))
    assert "more than 1,000 at random" in case.text


def test_predicting_beats_live_accurate_or_slow_predictors_are_no_case() -> None:
    accurate = point("a", "best", 55, SELECTED | {"scores.kendall_tau": 0.9})
    slow = point("a", "mlp", 55, SELECTED | {"timings.fit_seconds": 5.0})
    assert verdict(LIVE, accurate, slow, live([0.9, 0.95, 0.97])) == "no data"


def written(
    claims: Sequence[Claim], rows: pd.DataFrame, folder: Path, points: Sequence[Any], **absent: Any
) -> str:
    material = Material("A study", rows, {}, absent, (), folder, tuple(points))
    return Claims(claims).write(material)


def test_claims_table_names_verdict_and_missing_datasets(tmp_path: Path) -> None:
    points = [
        {"data": data, "predictor": "mlp", "n_train": 3000, "stand_in": data == "c" or None}
        for data in ("a", "b", "gone", "c")
    ]
    rows = taus("a", 3000, mlp=0.95, lgb=0.9)
    text = written([BEST], rows, tmp_path, points, gone=UserError("not here"))
    row = next(line for line in text.splitlines() if line.startswith("| 1. A claim."))
    assert "| a figure | a: with 3,000, mlp 0.950 ±0.000, lgb 0.900 ±0.000" in row
    assert row.endswith("| **holds** |")
    assert "No data (1 of the paper's 3 datasets): gone." in text
    assert "Not run yet (1 of the paper's 3 datasets): b." in text
    assert (tmp_path / "claims.md").read_text().startswith("## The claims")


def test_claims_only_stand_ins_or_estimates_say_so(tmp_path: Path) -> None:
    points = ({"data": "a", "predictor": "mlp", "n_train": 3000, "stand_in": True},)
    rows = taus("a", 3000, mlp=0.95, lgb=0.9)
    text = written([BEST], rows, tmp_path, points)
    assert "**holds, on stand-ins only**" in text
    assert "a*: with 3,000" in text
    estimated = rows.assign(**{"provenance.kind": "estimated"})
    assert "| – | " in written([BEST], estimated, tmp_path, points)
    assert "**no data**" in written([BEST], estimated, tmp_path, points)


def test_paper_claims_states_every_claim_with_its_rule() -> None:
    """Each claim of the YAML has the paper's figure, a command and a rule."""
    node = OmegaConf.load(ROOT / "conf/experiment/paper_claims.yaml")
    (report,) = (instantiate(part, _convert_="all") for part in node.reports)
    assert len(report.claims) == 5
    assert all(each.study and each.command and each.rule.endswith(".") for each in report.claims)
