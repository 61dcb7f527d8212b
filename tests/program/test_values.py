"""Values: what is said of collections, and of parts of them."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from nnmigrate.program.indexes import sequence_of
from nnmigrate.program.slices import sliced
from nnmigrate.program.values import (
    UNKNOWN,
    Container,
    Envoy,
    Items,
    Numbers,
    Traced,
    followed,
)


def test_a_collection_of_too_many_collections_is_not_followed() -> None:
    many = Items(kind="list", items=(Items(kind="list", items=()),) * 1000)

    assert followed(many) is UNKNOWN
    assert followed(replace(many, items=many.items[:999])) is not UNKNOWN


def test_what_is_among_other_things_is_not_known_to_be_saved() -> None:
    assert Container(kind="dict", element=Traced(saved=True), mixed=True).item("a") == Traced()


def test_a_module_among_other_things_is_the_module() -> None:
    module = Envoy(proved=True)

    assert Container(kind="dict", element=module, mixed=True).item("a") is module


def test_a_part_of_what_is_not_in_view_is_not_in_view() -> None:
    assert sliced(UNKNOWN, cst.Slice(lower=cst.Integer("1"), upper=None)) is UNKNOWN


def test_a_part_of_what_is_in_view_is_in_view() -> None:
    some = Items(kind="list", items=(Traced(), Traced(saved=True)))

    part = sliced(some, cst.Slice(lower=cst.Integer("1"), upper=None))

    assert part == Items(kind="list", items=(Traced(saved=True),))


def test_a_loop_counts_from_the_first() -> None:
    assert sequence_of("loop", Numbers(ascending=True)) == ("loop", 0)
    assert sequence_of("loop", Numbers(ascending=False, falling=True)) == ("-loop", 0)
