"""The picture as SVG and as a page: that it stands alone, and that nothing covers anything."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import combinations
from xml.etree import ElementTree

import pytest

from nnmigrate.picture import page, svg
from nnmigrate.picture.layout import CARD, layout
from nnmigrate.picture.model import State

from .traces import (
    BACKWARD,
    BESIDE,
    HEAD,
    LATE_BARRIER,
    OUT_OF_ORDER,
    PARKED,
    STALE,
    SWAP,
    shown,
    trace_of,
)

SVG = "{http://www.w3.org/2000/svg}"
LOOP = (
    f"{HEAD}\nwith lm.trace() as tracer:\n    with tracer.invoke('clean'):\n"
    "        hs = [lm.transformer.h[l].output[0] for l in range(12)]\n"
    "    for layer in range(12):\n        with tracer.invoke('corrupt'):\n"
    "            lm.transformer.h[layer].output[0][:] = hs[layer]\n"
    "            out = lm.lm_head.output.save()\n"
)
EVERY = (SWAP, LATE_BARRIER, PARKED, STALE, BACKWARD, OUT_OF_ORDER, BESIDE, LOOP)
HOSTILE = trace_of(
    "x = lm.lm_head.output['</text></svg><script>alert(1)</script>&\x1b\ufffe'].save()\n"
)
HOSTILE = HOSTILE.replace("prompt", '</title><script src="//evil.example">&amp;]]>')


def texts(drawn: str) -> list[str]:
    return ["".join(text.itertext()) for text in ElementTree.fromstring(drawn).iter(f"{SVG}text")]


@pytest.mark.parametrize("code", EVERY)
def test_it_is_xml_of_which_everything_lies_on_the_page(code: str) -> None:
    root = ElementTree.fromstring(svg(shown(code)))

    assert root.tag == f"{SVG}svg"
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    page_ = root.find(f"{SVG}rect")
    assert page_ is not None
    assert (float(page_.attrib["width"]), float(page_.attrib["height"])) == (width, height)
    for panel in root.iter(f"{SVG}g"):
        moved = re.fullmatch(r"translate\((\S+) (\S+)\)", panel.attrib.get("transform", ""))
        if moved:
            assert float(moved[1]) < width
            assert float(moved[2]) < height


@pytest.mark.parametrize("code", EVERY)
def test_no_card_covers_another_one(code: str) -> None:
    result = shown(code)
    for picture in (result.before, *result.after):
        for one, other in combinations(layout(picture).boxes, 2):
            apart = one.x + CARD <= other.x or other.x + CARD <= one.x
            above = one.y + one.height <= other.y or other.y + other.height <= one.y
            assert apart or above, (one.mark.text, other.mark.text)


@pytest.mark.parametrize("code", EVERY)
def test_every_card_lies_in_its_row(code: str) -> None:
    place = layout(shown(code).before)
    for box in place.boxes:
        top = place.tops[box.mark.row]
        assert top <= box.y
        assert box.y + box.height <= top + place.heights[box.mark.row]


def test_time_goes_down() -> None:
    place = layout(shown(LATE_BARRIER).before)

    assert list(place.tops) == sorted(place.tops)


def test_it_says_what_happens_in_words_and_not_by_colour_alone() -> None:
    said = texts(svg(shown(LATE_BARRIER)))

    assert "barrier(): invokes 1 and 2 go on together" in said
    assert "waits" in said
    assert any(text.startswith("✗  0.5 ends the trace here: ValueError") for text in said)
    assert "✓  nothing is missed" in said
    assert "[1] line 12 · fails · NNS103" in said
    assert "✗ clean" in texts(svg(shown(SWAP)))


def test_kinds_of_marks_have_shapes_of_their_own() -> None:
    root = ElementTree.fromstring(svg(shown(LATE_BARRIER)))
    shapes = {
        each.attrib["class"]: each.tag.removeprefix(SVG)
        for each in root.iter()
        if re.match(r"g-\w+$", each.attrib.get("class", ""))
    }

    assert shapes["g-read"] == "circle"
    assert shapes["g-barrier"] == "rect"
    assert shapes["g-write"] == shapes["g-name"] == shapes["g-passed"] == "path"


def test_code_cannot_get_out_of_its_text() -> None:
    drawn = svg(shown(HOSTILE))

    tags = {each.tag.removeprefix(SVG) for each in ElementTree.fromstring(drawn).iter()}
    assert tags <= set("svg title style rect g text tspan line path circle".split())
    assert "\x1b" not in drawn
    assert "alert(1)" in "".join("".join(texts(drawn)).split())


def test_nothing_is_fetched_from_elsewhere() -> None:
    for drawn in (svg(shown(SWAP)), page([shown(SWAP)], "experiment.py")):
        bare = drawn.replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert not re.search(r"https?:|//|url\(|@import|<script|<link|<img|\bhref=|\bsrc=", bare)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not any(name.startswith("on") for name, _ in attrs)
        self.seen.add(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_page_holds_both_pictures_of_each_trace_and_no_markup_of_the_users() -> None:
    results = [shown(SWAP), shown(HOSTILE)]
    drawn = page(results, "<b>&.py")

    parser = _Tags()
    parser.feed(drawn)
    assert parser.open == []
    assert parser.seen.isdisjoint({"script", "b", "iframe", "img", "link"})
    assert drawn.count("<figure>") == sum(1 + len(each.after) for each in results)
    assert "&lt;b&gt;&amp;.py" in drawn


def test_a_page_is_light_on_paper_and_dark_where_the_screen_is() -> None:
    drawn = page([shown(SWAP)], "experiment.py")

    assert "@media print" in drawn
    assert "@media screen and (prefers-color-scheme:dark)" in drawn


def test_several_traces_stand_below_one_another() -> None:
    one, two = shown(SWAP), shown(STALE)

    heights = [
        float(ElementTree.fromstring(svg(*every)).attrib["height"])
        for every in ((one,), (two,), (one, two))
    ]
    assert heights[2] > heights[0] + heights[1] - 2 * 20


def test_states_have_colours_that_the_style_knows() -> None:
    style = svg(shown(SWAP))

    for state in State:
        assert f".t-{state.value}{{" in style
