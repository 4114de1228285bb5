"""Composed configurations: their folders, schema, values, checks and errors."""

from hwnas.composition._checks import check, reference_config
from hwnas.composition._choices import check_choices, globs_expanded
from hwnas.composition._compose import composed
from hwnas.composition._explain import explain, mistake_in
from hwnas.composition._folder import (
    CONF,
    conf_folder_added,
    groups,
    is_group,
    option_file,
    options,
    read_yaml,
    user_conf_folder,
)
from hwnas.composition._identity import check_same_configuration, variant
from hwnas.composition._keys import check_chosen, check_keys
from hwnas.composition._schema import Action, Artifacts, file_digest, register
from hwnas.composition._targets import targets
from hwnas.composition._values import (
    INERT,
    copied_nodes,
    decisive,
    differences,
    is_inert,
    key_of,
    leaves,
    overrides,
)

__all__ = [
    "CONF",
    "INERT",
    "Action",
    "Artifacts",
    "check",
    "check_choices",
    "check_chosen",
    "check_keys",
    "check_same_configuration",
    "composed",
    "conf_folder_added",
    "copied_nodes",
    "decisive",
    "differences",
    "explain",
    "file_digest",
    "globs_expanded",
    "groups",
    "is_group",
    "is_inert",
    "key_of",
    "leaves",
    "mistake_in",
    "option_file",
    "options",
    "overrides",
    "read_yaml",
    "reference_config",
    "register",
    "targets",
    "user_conf_folder",
    "variant",
]
