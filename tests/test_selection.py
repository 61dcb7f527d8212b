from __future__ import annotations

import pytest

from nnmigrate.selection import Selection, UnknownRule

CODES = ("NNS101", "NNS102", "NNS201")


@pytest.mark.parametrize(
    ("select", "ignore", "selected"),
    [
        ([], [], CODES),
        (["ALL"], [], CODES),
        (["NNS"], ["NNS2"], ("NNS101", "NNS102")),
        (["NNS1"], ["NNS101"], ("NNS102",)),
        (["NNS101"], ["NNS1"], ("NNS101",)),
        (["NNS1"], ["NNS1"], ()),
        (["NNS102,NNS201"], [], ("NNS102", "NNS201")),
        (["nns102 , NNS201,"], [], ("NNS102", "NNS201")),
        ([], ["NNS"], ()),
        ([], ["ALL"], ()),
    ],
)
def test_the_longer_selector_decides(
    select: list[str], ignore: list[str], selected: tuple[str, ...]
) -> None:
    selection = Selection.of(select, ignore, CODES)

    assert tuple(code for code in CODES if selection.selects(code)) == selected


@pytest.mark.parametrize("text", ["NNS9", "NNS1011", "E501", "N", "NNS103", "unsynchronized", "*"])
def test_what_fits_no_rule_is_refused(text: str) -> None:
    with pytest.raises(UnknownRule, match="no rule's code"):
        Selection.of([text], [], CODES)
    with pytest.raises(UnknownRule, match="no rule's code"):
        Selection.of([], [f"NNS1,{text}"], CODES)
