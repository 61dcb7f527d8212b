"""Users' text in SVG and HTML."""

from __future__ import annotations

from html import escape

from nnmigrate.patterns import pattern
from nnmigrate.reports.text import escaped

# Unicode has them, XML has not.
_NO_CHARACTERS = pattern("[\ufffe\uffff]")


def clean(text: str) -> str:
    """Users' text for XML and HTML: markup, controls and what XML cannot hold are written out."""
    return escape(_NO_CHARACTERS.sub("\ufffd", escaped(text)))
