"""The public interface, as README shows it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hwnas
from hwnas.errors import UserError
from hwnas.space import NASBench201
from tests.tables import LATENCY


@pytest.fixture(scope="module")
def table() -> hwnas.Table:
    return hwnas.load_dataset("local/cpu", metric="latency")


class TestImport:
    def test_import_hwnas_loads_nothing_else(self) -> None:
        code = (
            "import sys; before = set(sys.modules); import hwnas; print(set(sys.modules) - before)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        heavy = {"numpy", "hydra", "sklearn", "pandas", "torch", "scipy", "optuna"}
        assert not heavy & set(done.stdout.replace("'", "").strip("{}\n").split(", "))

    def test_every_public_name_is_there(self) -> None:
        assert set(hwnas.__all__) == set(hwnas._PUBLIC)
        assert all(getattr(hwnas, name) is not None for name in hwnas.__all__)
        assert set(hwnas.__all__) <= set(dir(hwnas))

    def test_unknown_name_raises_attribute_error(self) -> None:
        with pytest.raises(AttributeError, match="no attribute 'load_datset'"):
            hwnas.load_datset  # noqa: B018


class TestLoadDataset:
    def test_load_dataset_bundled_has_every_architecture(self, table: hwnas.Table) -> None:
        assert len(table) == 15_625
        assert (table.metric.unit, table.device) == ("ms", "cpu")

    def test_load_dataset_option_reaches_the_dataset(self) -> None:
        minimum = hwnas.load_dataset("local/cpu", statistic="minimum")
        assert minimum.dataset == "local-onnxruntime-minimum"

    @pytest.mark.parametrize("name", ["help/ofa", "help/fbnet"])
    def test_load_dataset_own_device_reaches_the_dataset(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(UserError, match=r"v100_32\.pt"):
            hwnas.load_dataset(name, device="v100_32", data=tmp_path)

    def test_load_dataset_device_of_a_group_chooses_from_the_group(self) -> None:
        with pytest.raises(UserError, match="did you mean 'raspi4'"):
            hwnas.load_dataset("hwnas/fpga", device="raspi5")

    def test_load_dataset_published_values(self, hwnas_data: Path) -> None:
        values = hwnas.load_dataset("hwnas/raspi4", data=hwnas_data)
        # data/README.md: the first architecture of the benchmark.
        assert values.values[0] == pytest.approx(10.481976820010459)

    @pytest.mark.parametrize(
        ("name", "options", "message"),
        [
            ("hwnas/raspi5", {}, "did you mean 'hwnas/raspi4'"),
            ("local/cpu", {"metric": "latncy"}, "did you mean 'latency'"),
            ("local/cpu", {"statistics": "minimum"}, "did you mean 'dataset.statistic'"),
        ],
    )
    def test_load_dataset_misspelt_raises(
        self, name: str, options: dict[str, str], message: str
    ) -> None:
        with pytest.raises(UserError, match=message):
            hwnas.load_dataset(name, **options)


class TestMakePredictor:
    def test_make_predictor_takes_parameters_and_encoding(self) -> None:
        made = hwnas.make_predictor("ridge", NASBench201(), alpha=0.5, encoding="path")
        assert made.model.alpha == 0.5
        assert type(made.encoding).__name__ == "PathEncoding"
        assert set(made.search_space or {}) == {"alpha"}

    def test_make_predictor_seed_decides_alone(self) -> None:
        states = [
            hwnas.make_predictor("rf", NASBench201(), seed).model.random_state for seed in (0, 0, 1)
        ]
        assert states[0] == states[1] != states[2]

    @pytest.mark.parametrize(
        ("name", "parameters", "message"),
        [
            ("bset", {}, "did you mean 'best'"),
            ("ridge", {"alhpa": 1.0}, "did you mean 'predictor.model.alpha'"),
            ("svr", {"kernel": "it's"}, "'kernel' parameter of SVR"),
        ],
    )
    def test_make_predictor_misspelt_raises(
        self, name: str, parameters: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(UserError, match=message):
            hwnas.make_predictor(name, NASBench201(), **parameters)


class TestFromArrays:
    def test_from_arrays_strings_and_indices_are_one_table(self) -> None:
        cells = NASBench201().enumerate()[[3, 800, 9000]]
        strings = NASBench201().to_strings(cells)
        by_string = hwnas.Table.from_arrays(NASBench201(), strings, [1.0, -1.0, 3.0])
        by_index = hwnas.Table.from_arrays(NASBench201(), cells, np.array([1.0, -1.0, 3.0]))
        np.testing.assert_array_equal(by_string.architectures, by_index.architectures)
        assert by_string.provenance == by_index.provenance
        # A failed measurement is missing.
        assert np.isnan(by_string.values).tolist() == [False, True, False]

    def test_from_arrays_other_values_have_another_provenance(self) -> None:
        cells = NASBench201().enumerate()[:2]
        one, other = (
            hwnas.Table.from_arrays(NASBench201(), cells, [1.0, last], metric=LATENCY)
            for last in (2.0, 3.0)
        )
        assert one.provenance.sha256 != other.provenance.sha256

    def test_from_arrays_repeated_architecture_raises(self) -> None:
        cells = NASBench201().enumerate()[[5, 5]]
        with pytest.raises(ValueError, match="occurs in two rows"):
            hwnas.Table.from_arrays(NASBench201(), cells, [1.0, 2.0])

    def test_from_arrays_unknown_architecture_raises(self) -> None:
        with pytest.raises(ValueError, match="not a NAS-Bench-201 architecture"):
            hwnas.Table.from_arrays(NASBench201(), ["|conv~0|"], [1.0])


class TestFromFitToSelection:
    def test_predict_strings_save_load_score(self, table: hwnas.Table, tmp_path: Path) -> None:
        split = hwnas.split(table, n_train=40, n_test=200, seed=0)
        predictor = hwnas.make_predictor("gp", table.space, seed=0)
        predictor.fit(split.train_architectures, split.train_values)
        strings = table.space.to_strings(split.test_architectures)
        mean, std = predictor.predict(strings, return_std=True)
        predictor.save(tmp_path / "cpu.hwnas")
        again, _ = hwnas.load_predictor(tmp_path / "cpu.hwnas").predict(strings, return_std=True)
        np.testing.assert_allclose(again, mean, rtol=1e-9)
        assert (std > 0).all()
        assert hwnas.score(split.test_values, mean)["kendall_tau"] > 0.7

    def test_split_by_design_measures_what_the_predictor_needs(self, table: hwnas.Table) -> None:
        lookup = hwnas.make_predictor("lut", table.space)
        split = hwnas.split(table, 0, 200, seed=0, design=lookup.training_design())
        assert len(split.train) == 25
        lookup.fit(split.train_architectures, split.train_values)

    def test_experiment_run_leaves_the_predictor_unfitted(self, table: hwnas.Table) -> None:
        from optuna.samplers import RandomSampler

        predictor = hwnas.make_predictor("ridge", table.space)
        split = hwnas.split(table, n_train=40, n_test=200, seed=0)
        experiment = hwnas.Experiment(
            table,
            predictor,
            split,
            tuner=hwnas.Tuner(RandomSampler, n_trials=2),
            selector=hwnas.Selector(),
        )
        result = experiment.run()
        assert not hasattr(predictor, "pipeline_")
        assert result.predictor.n_trials == 2
        assert result.selection is not None
        assert 0.5 < result.selection["retained_hypervolume"] <= 1
        assert result.details is not None
        assert len(result.details.predicted) == len(table)
        assert experiment.run().scores == result.scores
