"""Pictures of the schedule of a trace: as text, as SVG, as one page of HTML.

A `Document` is made of code and options; its traces are found by line, and drawn before and after
the fix:

    document = Document(code, options)
    for trace in document.at_line(12):
        shown = document.shown(trace)
        print(text(shown))
        picture = svg(shown)
"""

from __future__ import annotations

from nnmigrate.picture.compose import picture_of
from nnmigrate.picture.html import page
from nnmigrate.picture.model import Picture, Shown
from nnmigrate.picture.pairs import Document
from nnmigrate.picture.svg import svg
from nnmigrate.picture.text import text

__all__ = ["Document", "Picture", "Shown", "page", "picture_of", "svg", "text"]
