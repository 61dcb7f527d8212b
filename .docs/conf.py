"""The site of the documentation: `sphinx-build -W .docs OUT`.

The pages stand in the rules and in `src/nnmigrate/pages`; `site_pages.py` makes the site's sources
of them, next to this file, each time that it is built.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pygments.lexers.python import PythonLexer
from sphinx.application import Sphinx

import nnmigrate
from nnmigrate.links import SITE

_HERE = Path(__file__).parent
sys.path.insert(0, str(_HERE))

import site_pages  # noqa: E402  # it stands beside this file, wherever that is

site_pages.write(_HERE)

project = "nnmigrate"
author = "nnmigrate contributors"
version = release = nnmigrate.__version__
extensions = ["myst_parser"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "nnmigrate"
html_baseurl = SITE
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"navigation_with_keys": True}
pygments_style = "friendly"
pygments_dark_style = "monokai"
exclude_patterns = ["_build"]


def setup(app: Sphinx) -> None:
    """Lets a notebook's cells be coloured as the Python that they are but for a magic."""
    app.add_lexer("ipython", PythonLexer)
