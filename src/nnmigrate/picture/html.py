"""One page of HTML with the pictures of some traces: nothing in it comes from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nnmigrate.picture.markup import clean
from nnmigrate.picture.model import Shown
from nnmigrate.picture.style import page_style
from nnmigrate.picture.svg import panel_svg
from nnmigrate.picture.words import titled


def page(every: Sequence[Shown], name: str) -> str:
    """A page that stands alone, for a screen in the light or the dark and for paper.

    Args:
        every: the traces.
        name: of the document that they stand in.
    """
    sections = "".join(section for shown in every for section in _section(shown))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{clean(name)}: the schedule of its traces</title>"
        f"<style>{page_style()}</style></head><body>"
        f"<h1><code>{clean(name)}</code></h1>"
        '<p class="soft">What nnsight 0.5 does, and when. Time goes down along the model\'s '
        "modules; each column is an invoke.</p>"
        f"{sections}</body></html>\n"
    )


def _section(shown: Shown) -> Iterator[str]:
    before = shown.before
    yield f"<section><h2>Line {before.line}: <code>{clean(before.title)}</code></h2>"
    lead = "Fix: " if shown.after else ""
    yield f'<p class="soft">{lead}{clean(shown.outcome)}</p><div class="pair">'
    for title, picture in titled(shown):
        yield f"<figure>{panel_svg(title, picture)}</figure>"
    yield "</div></section>"
