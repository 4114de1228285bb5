"""How Sphinx builds these pages: ``sphinx-build -W --keep-going -b html docs FOLDER``."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout, suppress

from sphinx.application import Sphinx

import hwnas
from hwnas.cli import COMMANDS, Command, main
from hwnas.composition import groups, options

#: The configurations of the commands.
CONFIGS = ("run", "sweep", "measure")

project = "hwnas"
author = "the hwnas developers"
copyright = f"2026, {author}"  # noqa: A001 - Sphinx's name
release = version = hwnas.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
]
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"hwnas {release}"
html_static_path = ["_static"]
html_css_files = ["wide.css"]
# The pages are short, and readers who want their text have the repository.
html_copy_source = False
html_show_sphinx = False

# Links such as `your_board.md#2-look-at-the-table-and-fit` work here as they do on a code host.
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
myst_links_external_new_tab = True

# A name in single backticks of a docstring is an object of Python.
templates_path = ["_templates"]
default_role = "py:obj"
autodoc_typehints = "none"
# scikit-learn adds these methods to its estimators.
autodoc_default_options = {
    "exclude-members": "set_fit_request, set_predict_request, set_score_request"
}
autodoc_member_order = "groupwise"
autosummary_generate = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False


def _help_of(name: str) -> str:
    """Return what ``hwnas NAME --help`` prints."""
    printed = io.StringIO()
    with redirect_stdout(printed), suppress(SystemExit):
        main([name, "--help"])
    return printed.getvalue().replace("python -m hwnas", "hwnas").strip()


def _section(name: str, command: Command) -> str:
    """Return the section of a command: its help, with the names of groups alone."""
    text, _, rest = _help_of(name).partition("== Configuration groups (group=option) ==\n")
    groups, _, values = rest.partition("== Values (key=value) ==\n")
    names = re.findall(r"^(\w+): ", groups, re.MULTILINE)
    values = values.partition("\n\n")[0]
    parts = [f"## hwnas {name}", f"{command.summary[0].upper()}{command.summary[1:]}."]
    parts.append(f"```text\n{text.strip()}\n```")
    pages = re.findall(r"docs/(\w+\.md)", text + values)
    if pages:
        parts.append(f"More: {', '.join(f'[]({page})' for page in pages)}.")
    if names:
        listed = ", ".join(f"`{each}`" for each in names)
        parts.append(f"[Groups](#groups): {listed}.")
    if values:
        parts.append(f"```text\n{values}\n```")
    return "\n\n".join(parts)


def _groups() -> str:
    """Return a table of the groups and their options."""
    rows = [
        f"| `{group}` | {', '.join(f'`{option}`' for option in options(group))} |"
        for group in sorted({group for name in CONFIGS for group in groups(name)})
    ]
    return "\n".join(["| group | options |", "|---|---|", *rows])


def _fill_in_commands(app: Sphinx, page: str, source: list[str]) -> None:
    """Write the commands as they are now into the page that lists them."""
    if page == "commands":
        # The commands are no part of the page's file, so read it in every build.
        app.env.note_reread()
        sections = "\n\n".join(_section(*item) for item in COMMANDS.items())
        source[0] = source[0].replace("%COMMANDS%", sections).replace("%GROUPS%", _groups())


def setup(app: Sphinx) -> None:
    """Connect the page of commands; Sphinx calls this."""
    app.connect("source-read", _fill_in_commands)
