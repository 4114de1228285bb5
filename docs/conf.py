"""How Sphinx builds these pages: ``sphinx-build -W --keep-going -b html docs FOLDER``."""

from __future__ import annotations

import hwnas

project = "hwnas"
author = "the authors of hwnas"
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
autodoc_member_order = "groupwise"
autosummary_generate = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
