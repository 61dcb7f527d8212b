from __future__ import annotations

import pytest

from nnmigrate.schedule import (
    Effect,
    Fault,
    Seen,
    TooManyOrders,
    differences,
    expected,
    instances,
    rankings,
)
from nnmigrate.schedule.values import Trace

from .builders import HEAD, Book, layer


def test_names_have_their_last_value_in_the_text() -> None:
    book = Book()
    first = book.invoke((HEAD, "=h"), ("h", "o"), captured=("c",))
    trace = Trace((first, book.invoke(("=h",), ("c",)), book.invoke(("h", "x"))), frozenset("o"))
    assert expected(trace).uses == {
        book.at("h"): book.at("=h"),
        book.at("o"): Seen.OUTER,
        book.at("c"): book.at("captured c"),
        book.at("h", 1): book.at("=h", 1),
        book.at("x"): Seen.UNDEFINED,
    }


def test_the_bodys_binding_comes_before_the_invoke_that_captures_it_first() -> None:
    book = Book()
    first = book.invoke(("=h",))
    again = book.invoke(("h",), captured=("h",))
    last = type(again)(book.invoke(("=h",), ("h",)).operations, again.captured)
    assert expected(Trace((first, again, last))).uses == {
        book.at("h"): book.at("captured h"),
        book.at("h", 1): book.at("=h", 1),
    }


def test_a_working_trace_has_no_differences() -> None:
    book = Book()
    assert differences(Trace((book.invoke((HEAD, "=h")), book.invoke((HEAD, "h"))))) == {}


def test_a_name_that_is_not_there_raises() -> None:
    book = Book()
    trace = Trace((book.invoke((layer(1), "=h")), book.invoke(("h", layer(1)))))
    difference = differences(trace)[book.at("h")]
    assert (difference.effect, difference.fault) == (Effect.RAISES, Fault.UNDEFINED_NAME)
    assert (difference.expected, difference.seen) == ((book.at("=h"),), (Seen.UNDEFINED,))
    assert difference.certain


def test_an_outer_value_is_seen_silently() -> None:
    book = Book()
    trace = Trace((book.invoke((layer(1), "=h")), book.invoke((HEAD, "h"))), frozenset("h"))
    difference = differences(trace)[book.at("h")]
    assert (difference.effect, difference.seen) == (Effect.SILENT, (Seen.OUTER,))


def test_the_worst_of_all_orders_is_told() -> None:
    book = Book()
    giver = book.invoke((layer("i"), "=h"))
    trace = Trace((giver, book.invoke((layer(2), "h"))))
    difference = differences(trace)[book.at("h")]
    assert (difference.effect, difference.certain) == (Effect.RAISES, False)
    known = [rank for rank in rankings([layer("i"), layer(2)]) if rank[layer("i")] < rank[layer(2)]]
    assert differences(trace, known) == {}


def test_silence_is_worse_than_an_error() -> None:
    book = Book()
    giver = book.invoke((layer("i"), "=h"), (layer(2), "=h"))
    trace = Trace((giver, book.invoke((layer(1), "h"))))
    difference = differences(trace)[book.at("h")]
    assert (difference.effect, difference.certain) == (Effect.SILENT, True)
    assert difference.seen == (book.at("=h"),)


def test_missing_items_and_missed_modules() -> None:
    book = Book()
    giver = book.invoke((layer(2), "->k"), (layer(0),), ("h",))
    found = differences(Trace((giver, book.invoke((layer(1), "<-k"), (HEAD,)))))
    assert {site: each.fault for site, each in found.items()} == {
        book.at("get", 1): Fault.OUT_OF_ORDER_GET,
        book.at("<-k"): Fault.MISSING_ITEM,
    }


def test_a_use_that_is_never_reached() -> None:
    book = Book()
    trace = Trace((book.invoke(("=h",), ("!b",), ("h",)),), barriers=(("b", 2),))
    found = differences(trace)
    assert found[book.at("h")].effect is Effect.UNREACHED
    assert found[book.at("!b")].fault is Fault.PARKED_BARRIER


def test_what_has_no_meaning_in_the_text_is_no_difference() -> None:
    book = Book()
    upwards = Trace((book.invoke((layer(1), "h")), book.invoke(("=h",))))
    nowhere = Trace((book.invoke((layer(1), "h")),))
    assert differences(upwards) == differences(nowhere) == {}


def test_too_little_is_known() -> None:
    book = Book()
    with pytest.raises(TooManyOrders):
        differences(Trace((book.invoke(*((layer(name),) for name in "abcde")),)))


def test_every_operation_belongs_to_the_invoke_that_it_stands_in() -> None:
    book = Book()
    trace = Trace((book.invoke((HEAD, "=h")), book.invoke(("h",))))
    assert instances(trace) == {book.at("get"): 0, book.at("=h"): 0, book.at("h"): 1}


def test_an_access_that_comes_too_late_saw_nothing_and_was_meant_to_see_nothing() -> None:
    book = Book()
    trace = Trace((book.invoke((HEAD,), (layer(0),)),))
    (difference,) = differences(trace).values()
    assert (difference.site, difference.fault) == (book.at("get", 1), Fault.OUT_OF_ORDER_GET)
    assert (difference.expected, difference.seen) == ((), ())


def test_an_item_that_comes_too_late_says_which_was_meant() -> None:
    book = Book()
    trace = Trace((book.invoke((layer(1), "->k")), book.invoke(("<-k", layer(1)))))
    (difference,) = differences(trace).values()
    assert (difference.expected, difference.seen) == ((book.at("->k"),), ())
