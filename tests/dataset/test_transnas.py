"""TransNAS-Bench-101."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hwnas.dataset import TransNAS
from hwnas.dataset._torch_file import load_torch
from hwnas.errors import UserError
from hwnas.metric import Metric
from hwnas.paths import Paths
from hwnas.space import FBNet, SearchSpace, TransNASMacro, TransNASMicro
from tests.dataset import official

LATENCY = Metric("latency", "ms")
MACRO, MICRO = TransNASMacro(), TransNASMicro()


def network(seconds: float | None, **metrics: Any) -> dict[str, Any]:
    return {"model_info": {"inference_time": seconds}, "metrics": metrics, "total_epochs": 3}


def content() -> dict[str, Any]:
    """Return a file with two macro networks, one of them without the task room_layout."""
    scene = {"valid_top1": [1.0, 54.0, 50.0], "test_top1": [2.0, 55.5, 60.0]}
    normal = {"valid_ssim": [0.5, 0.6], "test_ssim": [0.51, np.float64(0.61)]}
    return {
        "metrics_dict": {},
        "info_names": ["inference_time"],
        "task_list": ["class_scene", "room_layout", "normal"],
        "data": {
            "macro": {
                "64-4111-basic": {
                    "class_scene": network(np.float64(0.004), **scene),
                    "room_layout": network(0.005, valid_neg_loss=[-1.0], test_neg_loss=[-0.5]),
                    "normal": network(0.006, **normal),
                },
                "64-1234-basic": {"class_scene": network(-1), "normal": network(None)},
            }
        },
    }


def write(paths: Paths, file: object) -> None:
    torch.save(file, paths.data / "transnas-bench_v10141024.pth")


def dataset(paths: Paths, task: str, space: SearchSpace = MACRO) -> TransNAS:
    return TransNAS(task, LATENCY, space, paths)


def test_transnas_latencies_are_milliseconds_and_failures_nan(paths: Paths) -> None:
    write(paths, content())
    table = dataset(paths, "class_scene").load()
    assert table.space.to_strings(table.architectures) == ["64-4111-basic", "64-1234-basic"]
    np.testing.assert_allclose(table.values, [4.0, np.nan])
    np.testing.assert_allclose(dataset(paths, "room_layout").load().values, [5.0, np.nan])
    np.testing.assert_allclose(dataset(paths, "normal").load().values, [6.0, np.nan])
    assert table.dataset == "transnas-class_scene"


def test_transnas_accuracy_is_test_score_of_best_validation_epoch(paths: Paths) -> None:
    write(paths, content())
    table = dataset(paths, "class_scene").load()
    assert table.accuracy is not None
    np.testing.assert_allclose(table.accuracy, [55.5, np.nan])
    assert table.accuracy_provenance is not None
    assert table.accuracy_provenance.details == {"score": "test_top1"}
    similarity = dataset(paths, "normal").load().accuracy
    assert similarity is not None
    np.testing.assert_allclose(similarity, [61.0, np.nan])
    assert dataset(paths, "room_layout").load().accuracy is None


def test_transnas_missing_part_raises_naming_it(paths: Paths) -> None:
    with pytest.raises(UserError, match="fetch transnas"):
        dataset(paths, "class_scene").load()
    write(paths, content())
    with pytest.raises(UserError, match="no results of the task jigsaw on transnas_macro"):
        dataset(paths, "jigsaw").load()
    with pytest.raises(UserError, match="no results of the task class_scene on transnas_micro"):
        dataset(paths, "class_scene", MICRO).load()
    with pytest.raises(UserError, match="did you mean 'class_scene'"):
        dataset(paths, "class_scenes").load()
    with pytest.raises(UserError, match="space=transnas_macro"):
        dataset(paths, "class_scene", FBNet()).load()
    with pytest.raises(UserError, match="no metric energy; it has: latency"):
        TransNAS("class_scene", Metric("energy", "mJ"), MACRO, paths).load()


@pytest.mark.parametrize(
    "file",
    [
        [1],
        {"data": {}},
        {"task_list": ["class_scene"], "data": {"macro": {"64-9-basic": {}}}},
        {"task_list": ["class_scene"], "data": {"macro": {"64-4111-basic": {"class_scene": 1}}}},
    ],
)
def test_transnas_other_layout_raises(paths: Paths, file: object) -> None:
    write(paths, file)
    with pytest.raises(UserError, match=r"transnas-bench_v10141024\.pth"):
        dataset(paths, "class_scene").load()
    assert official.cached(paths) == []


def test_transnas_network_without_validation_scores_has_no_accuracy(paths: Paths) -> None:
    file = content()
    scores = {"valid_top1": [np.nan] * 3, "test_top1": [1.0, 2.0, 3.0]}
    file["data"]["macro"]["64-1234-basic"]["class_scene"] = network(0.007, **scores)
    empty: dict[str, list[float]] = {"valid_top1": [], "test_top1": []}
    file["data"]["macro"]["64-4112-basic"] = {"class_scene": network(float("inf"), **empty)}
    write(paths, file)
    table = dataset(paths, "class_scene").load()
    np.testing.assert_allclose(table.values, [4.0, 7.0, np.nan])
    assert table.accuracy is not None
    np.testing.assert_allclose(table.accuracy, [55.5, np.nan, np.nan])


@pytest.mark.parametrize("new_format", [True, False])
def test_transnas_scores_as_arrays_or_tensors_equal_lists(paths: Paths, new_format: bool) -> None:
    file = content()
    # The infinite score is missing, so the second epoch is the best one.
    scores = {"valid_top1": np.array([1.0, 54.0, np.inf]), "test_top1": np.array([2, 55.5, 60])}
    file["data"]["macro"]["64-4111-basic"]["class_scene"]["metrics"] = scores
    tensors = {"valid_ssim": torch.tensor([0.5, 0.75]), "test_ssim": torch.tensor([0.25, 0.5])}
    file["data"]["macro"]["64-4111-basic"]["normal"]["metrics"] = {
        name: tensor.requires_grad_() for name, tensor in tensors.items()
    }
    path = paths.data / "transnas-bench_v10141024.pth"
    torch.save(file, path, _use_new_zipfile_serialization=new_format)
    accuracy = dataset(paths, "class_scene").load().accuracy
    assert accuracy is not None
    np.testing.assert_allclose(accuracy, [55.5, np.nan])
    similarity = dataset(paths, "normal").load().accuracy
    assert similarity is not None
    np.testing.assert_allclose(similarity, [50.0, np.nan])


def test_transnas_file_is_read_once_for_all_spaces_and_tasks(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = content()
    file["data"]["micro"] = {"64-41414-0_12_333": {"class_scene": network(0.009)}}
    write(paths, file)
    reads = []

    def load_once(path: Path) -> Any:
        reads.append(path)
        return load_torch(path)

    monkeypatch.setattr("hwnas.dataset._transnas.load_torch", load_once)
    for task in ("class_scene", "room_layout"):
        for space in (MACRO, MICRO):
            assert len(dataset(paths, task, space).load()) in (1, 2)
    assert len(reads) == 1
    # A temporary file would mean that a table was not written atomically.
    assert [name.partition("-")[0] for name in official.cached(paths)] == [
        "transnas_macro",
        "transnas_micro",
    ]


def test_transnas_published_files_have_published_values(real: Paths) -> None:
    table = dataset(real, "class_scene", MICRO).load()
    assert len(table) == 4096
    assert table.space.to_strings(table.architectures[:1]) == ["64-41414-0_00_000"]
    assert table.values[0] == pytest.approx(4.46239709854126)
    assert table.accuracy is None
    for task in ("class_object", "room_layout", "segmentsemantic"):
        assert not np.isnan(dataset(real, task, MICRO).load().values).any()
