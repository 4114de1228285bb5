"""Datasets: tables of architectures with a hardware metric and their accuracy."""

from hwnas.dataset._benchmark import Benchmark
from hwnas.dataset._cache import Columns, position_columns
from hwnas.dataset._candidates import MEASURED, candidates_of, default_candidates
from hwnas.dataset._catalogue import described_classes, families
from hwnas.dataset._check import check_metric
from hwnas.dataset._csv import TableFile
from hwnas.dataset._delimited import TextTable, read_delimited
from hwnas.dataset._described import Column, Described
from hwnas.dataset._doctor import doctor, doctor_columns
from hwnas.dataset._download import fetch
from hwnas.dataset._estimate import EstimatedWarning
from hwnas.dataset._hat import HAT
from hwnas.dataset._help import HELP
from hwnas.dataset._help_ofa import HELPOFA
from hwnas.dataset._hwgpt import HWGPT
from hwnas.dataset._hwnas import HWNASBench
from hwnas.dataset._hwnas360 import HWNAS360
from hwnas.dataset._hwnas_fbnet import HWNASFBNet
from hwnas.dataset._local import Local, Statistic
from hwnas.dataset._local_table import (
    ONE_VALUE,
    STATISTICS,
    is_bundled,
    measured_column,
    read_local_table,
    table_path,
    write_local_table,
)
from hwnas.dataset._missing import MISSING_WORDS, missing_as_nan
from hwnas.dataset._nasbench201 import accuracy_of, benchmark_index
from hwnas.dataset._official import OfficialFile
from hwnas.dataset._official_table import Content, OfficialTable
from hwnas.dataset._repeated import Repeated, group_repeated
from hwnas.dataset._table import Accuracy, Dataset, Kind, ManyDevices, Provenance, Table
from hwnas.dataset._transnas import TransNAS

__all__ = [
    "HAT",
    "HELP",
    "HELPOFA",
    "HWGPT",
    "HWNAS360",
    "MEASURED",
    "MISSING_WORDS",
    "ONE_VALUE",
    "STATISTICS",
    "Accuracy",
    "Benchmark",
    "Column",
    "Columns",
    "Content",
    "Dataset",
    "Described",
    "EstimatedWarning",
    "HWNASBench",
    "HWNASFBNet",
    "Kind",
    "Local",
    "ManyDevices",
    "OfficialFile",
    "OfficialTable",
    "Provenance",
    "Repeated",
    "Statistic",
    "Table",
    "TableFile",
    "TextTable",
    "TransNAS",
    "accuracy_of",
    "benchmark_index",
    "candidates_of",
    "check_metric",
    "default_candidates",
    "described_classes",
    "doctor",
    "doctor_columns",
    "families",
    "fetch",
    "group_repeated",
    "is_bundled",
    "measured_column",
    "missing_as_nan",
    "position_columns",
    "read_delimited",
    "read_local_table",
    "table_path",
    "write_local_table",
]
