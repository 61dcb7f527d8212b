"""The simulator on programs whose outcome on nnsight 0.5.15 was observed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nnmigrate.schedule import START, Fault, Seen, providers, rankings
from nnmigrate.schedule.values import Compute, Provider, Trace, Write

from .builders import HEAD, Book, entry, foreign, layer, run, swap


def faults(trace: Trace) -> list[Fault]:
    return [failure.fault for failure in run(trace).failures]


@pytest.mark.parametrize(
    ("user", "seen"),
    [
        ([("h", layer(1))], False),  # right side first
        ([(layer(1), "h")], True),  # handle first, same module
        ([(layer(0),), ("h", layer(1))], False),
        ([(layer(2), "h")], True),
        ([("h",)], False),  # at the start
        ([(entry(1), "h")], False),
    ],
)
def test_a_use_sees_what_was_shared_before_its_last_access(user: list, seen: bool) -> None:  # type: ignore[type-arg]
    book = Book()
    trace = Trace((book.invoke((layer(1), "=h"), (HEAD,)), book.invoke(*user)))
    outcome = run(trace)
    assert outcome.uses[book.at("h")] == (book.at("=h") if seen else Seen.UNDEFINED)
    assert [f.fault for f in outcome.failures] == ([] if seen else [Fault.UNDEFINED_NAME])


def test_a_name_bound_before_the_first_access_is_there_at_the_start() -> None:
    book = Book()
    trace = Trace((book.invoke(("=alpha",), (layer(1),)), book.invoke(("alpha",))))
    outcome = run(trace)
    assert outcome.uses[book.at("alpha")] == book.at("=alpha")
    assert outcome.times[book.at("alpha")] == START


def test_values_of_the_last_module_cross_in_the_order_of_the_text() -> None:
    book = Book()
    trace = Trace((book.invoke((HEAD, "=a")), book.invoke((HEAD, "a"), ("b",))))
    assert run(trace).uses[book.at("a")] == book.at("=a")
    flipped = Trace((book.invoke((HEAD, "c")), book.invoke((HEAD, "=c"))))
    assert run(flipped).uses[book.at("c")] is Seen.UNDEFINED


def test_none_is_never_shared() -> None:
    book = Book()
    trace = Trace((book.invoke(("=None h",), (layer(0),)), book.invoke((layer(1), "h"))))
    assert run(trace).uses[book.at("h")] is Seen.UNDEFINED


def test_none_leaves_the_earlier_value_shared() -> None:
    book = Book()
    giver = book.invoke(("=h",), (layer(0), "=None h"), (layer(1),))
    trace = Trace((giver, book.invoke((layer(2), "h"))))
    assert run(trace).uses[book.at("h")] == book.at("=h")


def test_an_outer_name_hides_the_shared_one_even_behind_a_barrier() -> None:
    book = Book()
    giver = book.invoke((layer(1), "=h"), ("!b",))
    trace = Trace((giver, book.invoke(("!b",), ("h", layer(1)))), barriers=(("b", 2),))
    assert run(trace).uses[book.at("h")] == book.at("=h")
    assert run(replace(trace, outer=frozenset({"h"}))).uses[book.at("h")] is Seen.OUTER


def test_a_captured_name_hides_the_shared_one() -> None:
    book = Book()
    giver = book.invoke((layer(0), "=h"))
    trace = Trace((giver, book.invoke((layer(1), "h"), captured=("h",))))
    assert run(trace).uses[book.at("h")] == book.at("captured h")


def test_a_name_that_the_body_binds_after_the_invoke_is_pulled_like_a_shared_one() -> None:
    book = Book()
    first = book.invoke(("h",), (layer(0), "h"))
    trace = Trace((first, book.invoke(("=h",), captured=("h",))))
    outcome = run(trace)
    assert outcome.uses[book.at("h")] == book.at("captured h")
    assert outcome.uses[book.at("h", 1)] == book.at("captured h")


def test_a_pulled_name_is_frozen() -> None:
    book = Book()
    giver = book.invoke((layer(0), "=h"), (layer(1), "=h"))
    trace = Trace((giver, book.invoke((layer(0),), (layer(2), "h"))))
    assert run(trace).uses[book.at("h")] == book.at("=h")


def test_a_frozen_name_is_pushed_back_over_the_newer_one() -> None:
    book = Book()
    giver = book.invoke((layer(0), "=h"), (layer(1), "=h"))
    between = book.invoke((layer(0),), (layer(2),))
    trace = Trace((giver, between, book.invoke((layer(2), "h"))))
    assert run(trace).uses[book.at("h")] == book.at("=h")


def test_of_two_producers_the_later_in_time_wins() -> None:
    book = Book()
    late, early = book.invoke((layer(2), "=h")), book.invoke((layer(0), "=h"))
    trace = Trace((late, early, book.invoke((HEAD, "h"))))
    assert run(trace).uses[book.at("h")] == book.at("=h")


def test_a_helpers_locals_are_shared_instead() -> None:
    book = Book()
    trace = Trace((book.invoke(("=h",), (layer(0),), (layer(2),)), book.invoke((layer(1), "h"))))
    leaked = foreign(trace, book.at("get"), ("h", 77))
    assert run(leaked).uses[book.at("h")] == 77


def test_nothing_is_pulled_into_the_invoke_by_a_helpers_access() -> None:
    book = Book()
    trace = Trace((book.invoke((layer(0), "=h")), book.invoke((layer(1), "h"))))
    assert run(foreign(trace, book.at("get", 1))).uses[book.at("h")] is Seen.UNDEFINED


def test_what_a_comprehension_pulls_is_seen_and_not_frozen() -> None:
    """Observed on nnsight 0.5.15 under Python 3.11."""
    book = Book()
    giver = book.invoke((layer(0), "=h"), (layer(1), "=h"), (layer(2), "=h"), (HEAD,))
    user = book.invoke((layer(1),), ("h",), (layer(2),), ("h",), (HEAD,), ("h",))
    trace = Trace((giver, user))
    for turn in (4, 5):
        trace = foreign(trace, book.at("get", turn), ("l", 90 + turn), comprehension=True)
    uses = run(trace).uses
    assert [uses[book.at("h", n)] for n in range(3)] == [book.at("=h", n) for n in (1, 2, 2)]


def test_accesses_out_of_order() -> None:
    book = Book()
    trace = Trace((book.invoke((layer(2),), (layer(0),)),))
    assert faults(trace) == [Fault.OUT_OF_ORDER_GET]
    assert faults(swap(trace, book.at("get", 1))) == [Fault.OUT_OF_ORDER_SWAP]


def test_input_after_output_is_out_of_order_and_twice_the_same_is_not() -> None:
    assert faults(Trace((Book().invoke((layer(1),), (entry(1),)),))) == [Fault.OUT_OF_ORDER_GET]
    assert faults(Trace((Book().invoke((layer(1),), (layer(1),)),))) == []


def test_a_module_that_went_by_while_parked_is_not_provided() -> None:
    book = Book()
    giver = book.invoke((HEAD, "=h"), ("!b",))
    outcome = run(Trace((giver, book.invoke(("!b",), (layer(1), "h"))), barriers=(("b", 2),)))
    assert outcome.first is not None
    assert outcome.first.fault is Fault.NOT_PROVIDED
    assert (outcome.first.invoke, outcome.first.subject) == (1, layer(1))
    assert outcome.uses[book.at("h")] is Seen.UNREACHED


def test_an_iteration_that_does_not_come_only_warns() -> None:
    book = Book()
    again = Provider(HEAD.path, HEAD.point, iteration=1)
    giver = book.invoke((Provider(HEAD.path, HEAD.point, iteration=2), "=h"), ("!b",))
    user = book.invoke(("!b",), (again, "h"))
    outcome = run(Trace((giver, user), barriers=(("b", 2),)))
    assert [failure.fault for failure in outcome.failures] == [Fault.ITERATION_MISSED]
    assert outcome.first is None


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_number_of_participants(size: int) -> None:
    book = Book()
    giver = book.invoke((layer(1), "=h"), ("!b",), (HEAD,))
    outcome = run(Trace((giver, book.invoke(("!b",), ("h", layer(1)))), barriers=(("b", size),)))
    expected = {1: [Fault.UNDEFINED_NAME], 2: [], 3: [Fault.PARKED_BARRIER] * 2}
    assert [failure.fault for failure in outcome.failures] == expected[size]


def test_one_invoke_counts_once_and_parks_at_its_second_call() -> None:
    book = Book()
    twice = book.invoke((layer(0),), ("!b",), ("!b",))
    trace = Trace((twice, book.invoke(("!b",))), barriers=(("b", 2),))
    assert faults(trace) == [Fault.PARKED_BARRIER]


def test_barriers_in_opposite_order() -> None:
    book = Book()
    trace = Trace(
        (book.invoke(("!a",), ("!b",)), book.invoke(("!b",), ("!a",))),
        barriers=(("a", 2), ("b", 2)),
    )
    assert faults(trace) == [Fault.PARKED_BARRIER] * 2


def test_a_barrier_is_used_again() -> None:
    book = Book()
    giver = book.invoke((layer(0), "=g"), ("!b",), (layer(1), "=h"), ("!b",))
    user = book.invoke(("!b",), ("g", layer(0)), ("!b",), ("h", layer(1)))
    outcome = run(Trace((giver, user), barriers=(("b", 2),)))
    assert outcome.failures == ()
    assert outcome.uses[book.at("h")] == book.at("=h")


def test_a_consumer_that_is_first_in_the_text_is_served_at_the_meeting() -> None:
    book = Book()
    user = book.invoke(("!b",), ("h", layer(1)))
    trace = Trace((user, book.invoke((layer(1), "=h"), ("!b",))), barriers=(("b", 2),))
    assert run(trace).uses[book.at("h")] == book.at("=h")


def test_one_barrier_for_a_late_and_an_early_consumer() -> None:
    book = Book()
    giver = book.invoke((layer(0), "=h"), ("!b",))
    late = book.invoke((layer(2),), ("!b",), ("h",))
    early = book.invoke(("!b",), ("h", layer(1)))
    outcome = run(Trace((giver, late, early), barriers=(("b", 3),)))
    assert [(f.fault, f.invoke) for f in outcome.failures] == [(Fault.NOT_PROVIDED, 2)]


def test_an_item_is_there_once_its_invoke_has_put_it() -> None:
    book = Book()
    trace = Trace((book.invoke((layer(1), "->k")), book.invoke(("<-k", layer(1)), ("<-k",))))
    outcome = run(trace)
    assert outcome.takes == {book.at("<-k"): (), book.at("<-k", 1): (book.at("->k"),)}
    assert [failure.fault for failure in outcome.failures] == [Fault.MISSING_ITEM]


def test_all_items_have_to_be_there_for_a_take_without_a_key() -> None:
    book = Book()
    giver = book.invoke((layer(0), "->a"), (layer(1), "->b"))
    outcome = run(Trace((giver, book.invoke((layer(0), "<-"), (layer(2), "<-")))))
    assert outcome.takes[book.at("<-")] == (book.at("->a"),)
    assert outcome.takes[book.at("<-", 1)] == (book.at("->a"), book.at("->b"))
    assert [failure.site for failure in outcome.failures] == [book.at("<-")]


def test_it_goes_on_after_a_failure_and_tells_which_came_first() -> None:
    book = Book()
    user = book.invoke(("h", layer(0)), ("h", layer(2)), (layer(1),))
    outcome = run(Trace((book.invoke((layer(1), "=h")), user)))
    assert [failure.fault for failure in outcome.failures] == [
        Fault.UNDEFINED_NAME,
        Fault.UNDEFINED_NAME,
        Fault.OUT_OF_ORDER_GET,
    ]
    assert outcome.first == outcome.failures[0]


def test_a_long_trace_needs_no_recursion() -> None:
    book = Book()
    calls = [("!b",)] * 3000
    trace = Trace((book.invoke(*calls), book.invoke(*calls)), barriers=(("b", 2),))
    assert faults(trace) == []


def test_times_stand_in_the_order_in_which_things_are_executed() -> None:
    book = Book()
    giver = book.invoke((layer(1), "=h"), ("!b",))
    user = book.invoke(("!b",), ("h", layer(1)))
    outcome = run(Trace((giver, user), barriers=(("b", 2),)))
    first, second = (operation.site for operation in (giver.operations[-1], user.operations[0]))
    assert list(outcome.times) == [
        *(operation.site for operation in giver.operations[:-1]),
        first,
        second,
        *(operation.site for operation in user.operations[1:]),
    ]


def test_a_meeting_is_where_the_last_one_comes_to_the_barrier() -> None:
    book = Book()
    early = book.invoke(("!b",), (layer(2),))
    late = book.invoke((layer(1),), ("!b",))
    trace = Trace((early, late), barriers=(("b", 2),))
    (meeting,) = run(trace).meetings
    assert meeting.barrier == "b"
    assert meeting.position == rankings(providers(trace))[0][layer(1)]
    assert meeting.calls == (early.operations[0].site, late.operations[-1].site)


def test_a_barrier_to_which_too_few_come_has_no_meeting() -> None:
    book = Book()
    trace = Trace((book.invoke(("!b",)), book.invoke((layer(1),))), barriers=(("b", 2),))
    assert run(trace).meetings == ()


def late_writer(*before: Provider | str) -> Trace:
    """A change in place of layer 0's output, behind a barrier that waits for layer 2."""
    book = Book()
    waiting = book.invoke((layer(2),), ("!b",))
    changing = book.invoke((layer(0),), before, ("!b",))
    got = changing.operations[0]
    write = Write(book.note("write"), 3, layer(0), got.site)
    changing = replace(changing, operations=(*changing.operations, write))
    return Trace((waiting, changing), barriers=(("b", 2),))


def test_a_change_that_a_barrier_holds_up_until_the_model_has_gone_on_is_without_effect() -> None:
    outcome = run(late_writer())
    assert [(f.fault, f.invoke, f.subject) for f in outcome.failures] == [
        (Fault.LATE_WRITE, 1, layer(0))
    ]
    assert outcome.first is None


def test_a_change_is_not_late_by_a_barrier_where_the_invoke_has_gone_on_by_itself() -> None:
    assert faults(late_writer(layer(2))) == []


def test_an_operation_on_values_shares_and_sees_nothing() -> None:
    book = Book()
    giver = book.invoke((layer(1), "=h"))
    trace = Trace((giver, book.invoke((layer(2), "h"))))
    computed = Compute(book.note("compute"), 1)
    longer = replace(
        trace, invokes=(replace(giver, operations=(*giver.operations, computed)), trace.invokes[1])
    )
    plain, outcome = run(trace), run(longer)
    assert (outcome.uses, outcome.failures) == (plain.uses, ())
    assert outcome.times[computed.site] == outcome.times[book.at("=h")]


def test_none_is_shared_where_the_name_was_bound_outside_the_invokes() -> None:
    book = Book()
    giver = book.invoke(("=None h",), (layer(1),), captured=("h",))
    trace = Trace((giver, book.invoke(("h",))))
    assert run(trace).uses == {book.at("h"): book.at("=None h")}


def test_a_trace_gives_back_no_name_that_it_only_reads() -> None:
    book = Book()
    trace = Trace((book.invoke(("o", layer(1), "=h")),), outer=frozenset({"o"}))
    assert run(trace).shared == {"h": book.at("=h")}


def test_an_invoke_sees_its_own_names_at_once_and_over_those_of_others() -> None:
    book = Book()
    giver = book.invoke((layer(0), "=h"), (HEAD,))
    user = book.invoke(("=h", "h"), (layer(1),), ("h",))
    uses = run(Trace((giver, user))).uses
    assert [uses[book.at("h", n)] for n in range(2)] == [book.at("=h", 1)] * 2


def test_a_value_that_none_replaces_before_it_is_shared_never_is() -> None:
    """Observed on nnsight 0.5.15, as what stands below of comprehensions under Python 3.11."""
    book = Book()
    giver = book.invoke(("=h", "=None h"), (layer(0),))
    trace = Trace((giver, book.invoke((layer(1), "h"))))
    assert run(trace).uses[book.at("h")] is Seen.UNDEFINED


def test_an_item_that_nobody_puts_is_no_concern_of_the_schedule() -> None:
    assert faults(Trace((Book().invoke((layer(0), "<-k")),))) == []


def test_an_older_item_of_the_same_key_is_there() -> None:
    book = Book()
    giver = book.invoke((layer(0), "->k"), (layer(1), "->k"))
    outcome = run(Trace((giver, book.invoke((layer(0), "<-k")))))
    assert outcome.takes == {book.at("<-k"): (book.at("->k"),)}
    assert outcome.failures == ()


def test_only_uses_are_said_not_to_be_reached() -> None:
    book = Book()
    stuck = book.invoke(("!b",), ("h", "=g", "->k"))
    assert run(Trace((stuck,), barriers=(("b", 2),))).uses == {book.at("h"): Seen.UNREACHED}


def comprehending(*behind: str | Provider, before: str = "=x", outer: str = "") -> list[Seen | int]:
    """What an invoke sees whose comprehension reads layer 1, beside one that binds h anew."""
    book = Book()
    giver = book.invoke((layer(0), "=h"), (layer(1), "=h"), (layer(2), "=h"), (HEAD,))
    user = book.invoke((before,), (layer(1),), behind)
    trace = foreign(
        Trace((giver, user), frozenset(outer)),
        user.operations[1].site,
        ("l", 99),
        comprehension=True,
    )
    words = {site: word for word, sites in book.site.items() for site in sites}
    order = {site: book.site["=h"].index(site) for site in book.site["=h"]}
    uses = run(trace).uses
    return [order.get(uses[s], uses[s]) for s in sorted(uses) if words[s] in "hl"]  # type: ignore[arg-type]


def test_the_invokes_own_access_freezes_what_a_comprehension_pulled() -> None:
    assert comprehending("h", layer(2), "h") == [1, 2]


def test_a_comprehensions_own_names_do_not_leave_it() -> None:
    assert comprehending("l") == [Seen.UNDEFINED]


def test_a_comprehension_pulls_nothing_over_the_invokes_own_and_outer_names() -> None:
    assert comprehending("h", outer="h") == [Seen.OUTER]
    assert comprehending("h", before="=h") == [3]
