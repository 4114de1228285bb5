"""Composing configurations faster than Hydra does, with the same result.

The suite composes two thousand configurations of a few hundred kinds, and Hydra reads and merges
thirty YAML files for each. Here, what depends on the files of the project's own ``conf/`` only is
read and merged once in a process. A test that has YAML files of its own gets plain Hydra.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from hydra._internal import config_loader_impl, defaults_list
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra._internal.core_plugins.importlib_resources_config_source import (
    ImportlibResourcesConfigSource,
)
from hydra._internal.core_plugins.structured_config_source import StructuredConfigSource
from hydra._internal.defaults_list import DefaultsList, Overrides
from hydra.plugins.config_source import ConfigResult
from omegaconf import DictConfig

from hwnas.composition import CONF

#: What Hydra reads configurations from.
SOURCES = (FileConfigSource, ImportlibResourcesConfigSource, StructuredConfigSource)


def compose_fast(patch: pytest.MonkeyPatch) -> None:
    """Make Hydra keep files, lists of defaults, and the configurations merged from them."""
    for source in SOURCES:
        patch.setattr(source, "load_config", _kept_files(source.load_config))
    patch.setattr(
        config_loader_impl,
        "create_defaults_list",
        _kept_lists(defaults_list.create_defaults_list),
    )
    patch.setattr(
        ConfigLoaderImpl,
        "_compose_config_from_defaults_list",
        _kept_configs(ConfigLoaderImpl._compose_config_from_defaults_list),
    )


def _kept_files(load: Callable[[Any, str], ConfigResult]) -> Callable[[Any, str], ConfigResult]:
    files: dict[Hashable, bytes] = {}

    @wraps(load)
    def loaded(source: Any, config_path: str) -> ConfigResult:
        key = (source.provider, source.full_path(), config_path)
        if (source.scheme() == "file" and Path(source.path) != CONF) or key not in files:
            # Pickled, because Hydra changes what it gets.
            files[key] = pickle.dumps(load(source, config_path))
        result: ConfigResult = pickle.loads(files[key])
        return result

    return loaded


def _kept_lists(create: Callable[..., DefaultsList]) -> Callable[..., DefaultsList]:
    lists: dict[Hashable, DefaultsList] = {}

    @wraps(create)
    def created(
        repo: Any, config_name: str | None, overrides_list: list[Any], **options: bool
    ) -> DefaultsList:
        # Only options of groups decide which files are read.
        values = Overrides(repo, overrides_list).config_overrides
        options_of_groups = tuple(o.input_line for o in overrides_list if o not in values)
        key = (_sources(repo), config_name, options_of_groups, *options.items())
        if _has_other_files(repo) or key not in lists:
            lists[key] = create(repo, config_name, overrides_list, **options)
        return replace(lists[key], config_overrides=values)

    return created


def _kept_configs(merge: Callable[..., DictConfig]) -> Callable[..., DictConfig]:
    configs: dict[Hashable, bytes] = {}

    @wraps(merge)
    def merged(loader: Any, defaults: list[Any], repo: Any) -> DictConfig:
        key = (_sources(repo), *map(repr, defaults))
        if _has_other_files(repo) or key not in configs:
            configs[key] = pickle.dumps(merge(loader, defaults=defaults, repo=repo))
        config: DictConfig = pickle.loads(configs[key])
        return config

    return merged


def _sources(repo: Any) -> tuple[str, ...]:
    return tuple(source.full_path() for source in repo.get_sources())


def _has_other_files(repo: Any) -> bool:
    folders = (Path(source.path) for source in repo.get_sources() if source.scheme() == "file")
    return any(folder != CONF and any(folder.rglob("*.yaml")) for folder in folders)
