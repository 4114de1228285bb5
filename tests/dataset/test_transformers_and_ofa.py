"""OFA in HELP, HW-GPT-Bench and HAT: their official layouts, read from small files."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import torch

from hwnas.dataset import HAT, HELPOFA, HWGPT, doctor
from hwnas.dataset._hwgpt import read_observations
from hwnas.errors import UserError
from hwnas.metric import Metric
from hwnas.network import GPTSkeleton, skeleton
from hwnas.paths import Paths
from hwnas.space import ColumnSpace, NASBench201, spaces

LATENCY, ENERGY = Metric("latency", "ms"), Metric("energy", "mJ")
OFA, GPT = spaces()["ofa"], spaces()["hwgpt"]
HAT_NAME = "wmt14ende_cpu_xeon"


def write_ofa(paths: Paths, resolutions: tuple[int, ...] = (128, 160)) -> None:
    """Write architectures whose kernels grow from block to block, and their latencies."""
    folder = paths.data / "help" / "ofa" / "latency"
    folder.mkdir(parents=True)
    blocks = {"ks": [3, 5, 7, 3] * 5, "e": [3, 4, 6, 3] * 5, "d": [2, 3, 4, 2, 2]}
    arch = [{**blocks, "r": np.int64(resolution)} for resolution in resolutions]
    torch.save({"dataset": "imagenet", "arch": arch}, folder.parent / "ofa_archs.pt")
    torch.save([float(r) for r in resolutions], folder / "v100_32.pt")


def observation(index: int, gpu: bool) -> dict[str, Any]:
    arch = {
        "sample_embed_dim": (192, 384, 768)[index % 3],
        "sample_n_layer": 10 + index // 3 % 3,
        "sample_n_head": [4, 8, 12] * 4,
        "sample_mlp_ratio": [2, 3, 4] * 4,
        "sample_bias": index % 2 == 1,
    }
    values: dict[str, Any] = {
        "gpu_lat": np.float64(5.0 + index),
        "mean_energy_gpu": np.float64(1e-3),
    }
    others = {"cpu_lat": None, "mean_energy_cpu": None}
    if not gpu:
        values, others = (
            {"cpu_lat": 9.0, "mean_energy_cpu": None},
            {"gpu_lat": None, "mean_energy_gpu": None},
        )
    return {"arch": arch, **values, **others, "flops": 1, "params": 1}


def write_gpt(paths: Paths, device: str, gpu: bool = True) -> None:
    folder = paths.data / "hwgpt" / f"latency_{device}"
    folder.mkdir(parents=True)
    for part in range(4):
        rows = [observation(4 * part + index, gpu) for index in range(4)]
        name = f"efficiency_observations_{2500 * part}_{2500 * (part + 1)}.pkl"
        (folder / name).write_bytes(pickle.dumps(rows))


def write_hat(paths: Paths, rows: str) -> None:
    folder = paths.data / "hat"
    folder.mkdir()
    head = "layers,ffn_avg,latency_mean_encoder,latency_mean_decoder,latency_std_encoder"
    (folder / f"{HAT_NAME}_all.csv").write_text(f"{head}\n{rows}")


def test_help_ofa_blocks_that_do_not_exist_are_left_out(paths: Paths) -> None:
    write_ofa(paths)
    table = HELPOFA("v100_32", LATENCY, OFA, paths).load()
    assert table.values.tolist() == [128.0, 160.0]
    string = OFA.format(table.architectures[0].tolist())
    assert string.startswith("resolution=128;stage1.depth=2;stage1.block1.kernel=3;")
    assert "stage2.block3.kernel=7;stage2.block3.expansion=6;stage3" in string
    assert "stage1.block3" not in string
    with pytest.raises(UserError, match="covers the space ofa, not nasbench201"):
        HELPOFA("v100_32", LATENCY, NASBench201(), paths).load()
    with pytest.raises(UserError, match=r"dataset\.device: no 'v100'"):
        HELPOFA("v100", LATENCY, OFA, paths).load()


def test_help_ofa_other_layout_or_length_is_refused(paths: Paths) -> None:
    write_ofa(paths)
    torch.save([1.0], paths.data / "help/ofa/latency/2080ti_1.pt")
    with pytest.raises(UserError, match="1 values for 2 architectures"):
        HELPOFA("2080ti_1", LATENCY, OFA, paths).load()
    torch.save({"arch": [{"r": 128}]}, paths.data / "help/ofa/ofa_archs.pt")
    with pytest.raises(UserError, match="does not have the layout of HELP's OFA"):
        HELPOFA("v100_32", LATENCY, OFA, paths).load()


@pytest.mark.parametrize("resolution", [2**70, float("inf")])
def test_help_ofa_number_too_large_is_refused(paths: Paths, resolution: float) -> None:
    write_ofa(paths)
    blocks = {"ks": [3] * 20, "e": [3] * 20, "d": [2] * 5}
    torch.save({"arch": [{**blocks, "r": resolution}] * 2}, paths.data / "help/ofa/ofa_archs.pt")
    with pytest.raises(UserError, match="does not have the layout of HELP's OFA"):
        HELPOFA("v100_32", LATENCY, OFA, paths).load()


@pytest.mark.parametrize("layers", [2**70, float("inf")])
def test_hwgpt_number_too_large_is_refused(paths: Paths, layers: float) -> None:
    write_gpt(paths, "h100")
    file = paths.data / "hwgpt/latency_h100/efficiency_observations_0_2500.pkl"
    rows = [observation(index, gpu=True) for index in range(4)]
    rows[0]["arch"]["sample_n_layer"] = layers
    file.write_bytes(pickle.dumps(rows))
    with pytest.raises(UserError):
        HWGPT("h100", LATENCY, GPT, paths).load()


def test_hwgpt_four_files_are_one_table(paths: Paths) -> None:
    write_gpt(paths, "h100")
    table = HWGPT("h100", LATENCY, GPT, paths).load()
    assert table.values.tolist() == [5.0 + index for index in range(16)]
    strings = GPT.to_strings(table.architectures)
    assert strings[0].startswith("embedding=192;layers=10;layer1.heads=4;layer1.mlp_ratio=2;")
    assert "layer11" not in strings[0]
    assert strings[1].endswith("bias=true")
    energy = HWGPT("h100", ENERGY, GPT, paths).load()
    assert energy.values[0] == pytest.approx(3600.0)
    write_gpt(paths, "helix_cpu", gpu=False)
    assert HWGPT("helix_cpu", LATENCY, GPT, paths).load().values[0] == 9.0
    with pytest.raises(UserError, match="no energy of helix_cpu"):
        HWGPT("helix_cpu", ENERGY, GPT, paths).load()
    (paths.data / "hwgpt/latency_h100/efficiency_observations_0_2500.pkl").unlink()
    with pytest.raises(UserError, match="hwnas fetch hwgpt"):
        HWGPT("h100", LATENCY, GPT, paths).load()


def test_hat_columns_are_the_space_and_parts_are_added(paths: Paths) -> None:
    write_hat(paths, "6,512.5,1,10,0\n3,1024,2,20,0\n6,512.5,3,30,0\n")
    table = HAT(HAT_NAME, LATENCY, ColumnSpace(), paths).load()
    assert table.space.to_strings(table.architectures) == [
        "layers=6;ffn_avg=512.5",
        "layers=3;ffn_avg=1024",
    ]
    # Two rows with equal numbers are one architecture.
    assert table.values.tolist() == [22.0, 22.0]
    assert table.provenance.details["inferred"] == [
        "layers: a whole number from 3 to 6",
        "ffn_avg: a number from 512.5 to 1024",
    ]
    decoder = HAT(HAT_NAME, LATENCY, ColumnSpace(), paths, "decoder").load()
    assert (decoder.dataset, decoder.values.tolist()) == ("hat-decoder", [20.0, 20.0])
    with pytest.raises(UserError, match=r"dataset\.part: no 'all'"):
        HAT(HAT_NAME, LATENCY, ColumnSpace(), paths, "all").load()  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"Try: space=columns"):
        HAT(HAT_NAME, LATENCY, NASBench201(), paths).load()


def test_hat_other_layout_is_refused(paths: Paths) -> None:
    write_hat(paths, "6,many,1,10,0\n")
    with pytest.raises(UserError, match="does not have the layout of HAT's tables"):
        HAT(HAT_NAME, LATENCY, ColumnSpace(), paths).load()


def test_doctor_describes_tables_of_other_spaces(paths: Paths) -> None:
    write_ofa(paths)
    write_gpt(paths, "h100")
    write_hat(paths, "6,512.5,1,10,0\n3,1024,2,20,0\n")
    text, faults = doctor(paths)
    assert faults == []
    for row in ("v100_32/latency", "h100/energy", f"{HAT_NAME}/latency_mean_decoder"):
        assert row in text


def test_gpt_skeleton_counts_equal_those_of_the_file(real: Paths) -> None:
    table = HWGPT("h100", LATENCY, GPT, real).load()
    gpt = skeleton(GPT)
    assert isinstance(gpt, GPTSkeleton)
    path = real.data / "hwgpt/latency_h100/efficiency_observations_0_2500.pkl"
    own = read_observations(path).arrays
    first = table.architectures[: len(own["params"])]
    np.testing.assert_array_equal(gpt.params(first), own["params"])
    np.testing.assert_array_equal(gpt.flops(first), own["flops"])
