"""Sphinx configuration."""

from __future__ import annotations

import os

os.environ["GOGRAD_PURE_PYTHON"] = "1"  # whose signatures Sphinx can read

from gograd_core import __version__

project = "gograd"
author = "the gograd contributors"
copyright = "2026, the gograd contributors"
release = __version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"gograd {release}"
html_static_path = ["_static"]
html_css_files = ["wide.css", "notebooks.css"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # the outputs are stored: see run_notebooks.py
nb_code_prompt_show = "Show the settings of the pictures"
nb_code_prompt_hide = "Hide the settings of the pictures"
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_use_ivar = True
default_role = "code"
