from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest

from nnmigrate.schedule import (
    Infeasible,
    Place,
    Plan,
    Reason,
    Unsafe,
    differences,
    expected,
    plan,
    with_plan,
)
from nnmigrate.schedule.plans import holds
from nnmigrate.schedule.values import Get, Invoke, Operation, Put, Take, Trace, Use, Wait

from .builders import HEAD, Book, foreign, layer, run


def solved(trace: Trace) -> bool:
    """Whether the plan for a trace leaves nothing different from the text."""
    planned = plan(trace)
    changed = with_plan(trace, planned)
    return not planned.infeasible and not differences(changed)


def test_right_side_first_needs_a_barrier() -> None:
    book = Book()
    giver = book.invoke((layer(1), "=h"), (HEAD,))
    trace = Trace((giver, book.invoke((layer(0),), ("h", layer(1)))))
    (barrier,) = plan(trace).barriers
    assert (barrier.producer, barrier.consumers) == (Place(0, 0), (Place(1, 1),))
    assert (barrier.uses, barrier.definitions) == ((book.at("h"),), (book.at("=h"),))
    assert barrier.participants == 2
    assert solved(trace)


def test_handle_first_needs_none() -> None:
    book = Book()
    trace = Trace((book.invoke((layer(1), "=h")), book.invoke((layer(1), "h"))))
    assert plan(trace) == Plan()


def test_several_consumers_call_one_barrier_and_only_where_they_need_it() -> None:
    book = Book()
    giver = book.invoke((layer(0), "=h"), (HEAD,))
    users = book.invoke(("h", layer(1))), book.invoke((layer(2), "h")), book.invoke(("h", layer(2)))
    trace = Trace((giver, *users))
    (barrier,) = plan(trace).barriers
    assert barrier.consumers == (Place(1, 0), Place(3, 0))
    assert solved(trace)


def test_a_late_consumer_does_not_hold_up_an_early_one() -> None:
    book = Book()
    giver = book.invoke((layer(0), "=h"), (layer(1), "=g"))
    late = book.invoke((layer(0),), ("g", layer(2)))
    early = book.invoke(("h", layer(0)), ("g", layer(1)))
    trace = Trace((giver, late, early))
    assert len(plan(trace).barriers) == 2
    assert solved(trace)


def test_the_later_of_two_values_stands_for_both() -> None:
    book = Book()
    giver = book.invoke((layer(0), "=a"), (layer(1), "=b"))
    trace = Trace((giver, book.invoke(("a", "b", layer(1)))))
    (barrier,) = plan(trace).barriers
    assert barrier.producer == Place(0, 1)
    assert solved(trace)


def test_a_chain_delays_what_was_in_time() -> None:
    book = Book()
    first = book.invoke((layer(0), "=a"))
    second = book.invoke(("a", "=b"), (layer(1),))
    trace = Trace((first, second, book.invoke(("b", layer(0)))))
    assert len(plan(trace).barriers) == 2
    assert solved(trace)


def test_a_barrier_would_hold_up_a_producer_that_needs_none() -> None:
    book = Book()
    giver = book.invoke((layer(0), "=h"), (layer(1),))
    trace = Trace((giver, book.invoke((layer(2),), ("h", layer(3)))))
    assert plan(trace) == Plan()


def test_backward_flow_cannot_be_planned() -> None:
    book = Book()
    trace = Trace((book.invoke((layer(2), "=h")), book.invoke(("h", layer(0)))))
    reason = Infeasible(book.at("h"), book.at("=h"), Reason.BACKWARD)
    assert plan(trace) == Plan(infeasible=(reason,))


def test_a_use_that_can_be_sunk() -> None:
    book = Book()
    trace = Trace((book.invoke((layer(2), "=h")), book.invoke(("h",), (layer(0),), (layer(3),))))
    (hopeless,) = plan(trace).infeasible
    assert (hopeless.reason, hopeless.sink) == (Reason.BACKWARD, Place(1, 2))


def test_a_statement_that_touches_an_earlier_module_first() -> None:
    book = Book()
    trace = Trace((book.invoke((layer(2), "=h")), book.invoke((layer(1), "h", layer(3)))))
    assert [each.reason for each in plan(trace).infeasible] == [Reason.SAME_STATEMENT]


def test_an_unknown_order() -> None:
    book = Book()
    trace = Trace((book.invoke((layer("i"), "=h")), book.invoke(("h", layer(2)))))
    assert [each.reason for each in plan(trace).infeasible] == [Reason.ORDER_UNKNOWN]
    same = Trace((book.invoke((layer("i"), "=g")), book.invoke(("g", layer("i")))))
    assert len(plan(same).barriers) == 1


def test_too_many_orders() -> None:
    book = Book()
    giver = book.invoke(*((layer(name),) for name in "abcde"), ("=h",))
    trace = Trace((giver, book.invoke(("h", layer("a")))))
    assert [each.reason for each in plan(trace).infeasible] == [Reason.ORDER_UNKNOWN]


def loops(book: Book, number: int) -> Trace:
    """One invoke fills a list in a loop over layers, one invoke a layer takes its item first."""
    sites = iter(range(1, 10 * number))
    filled = [
        each
        for turn in range(number)
        for each in (
            Get(next(sites), 0, layer(turn), step=turn),
            Put(next(sites), 0, "box", turn, step=turn),
        )
    ]
    users = [
        Invoke((Take(next(sites), 0, "box", turn), Get(next(sites), 0, layer(turn))))
        for turn in range(number)
    ]
    return Trace((Invoke((*filled, Get(next(sites), 1, HEAD))), *users))


def test_calls_stand_inside_a_loop_where_each_turn_has_a_consumer() -> None:
    trace = loops(Book(), 4)
    barriers = plan(trace).barriers
    assert [b.producer for b in barriers] == [Place(0, 0, turn) for turn in range(4)]
    assert [b.consumers for b in barriers] == [(Place(turn + 1, 0),) for turn in range(4)]
    assert solved(trace)


def test_without_steps_the_producer_goes_on_too_far() -> None:
    trace = loops(Book(), 2)
    closed = replace(
        trace,
        invokes=tuple(
            Invoke(tuple(replace(operation, step=None) for operation in invoke.operations))
            for invoke in trace.invokes
        ),
    )
    planned = plan(closed)
    assert [each.reason for each in planned.infeasible] == [Reason.PRODUCER_GOES_ON]
    assert len(planned.barriers) == 1


@pytest.mark.parametrize(
    ("outer", "captured", "reason"),
    [("h", (), Unsafe.OUTER), ("", ("h",), Unsafe.OUTER)],
)
def test_names_bound_outside_need_a_container(
    outer: str, captured: tuple[str, ...], reason: Unsafe
) -> None:
    book = Book()
    empty = book.invoke(captured=captured)
    giver = replace(book.invoke((layer(1), "=h")), captured=empty.captured)
    user = replace(book.invoke(("h", layer(1))), captured=empty.captured)
    trace = Trace((giver, user), frozenset(outer))
    planned = plan(trace)
    assert len(planned.barriers) == 1
    assert [(each.use, each.name, each.reason) for each in planned.containers] == [
        (book.at("h"), "h", reason)
    ]
    assert solved(trace)


def test_a_container_alone_where_the_time_is_right() -> None:
    book = Book()
    trace = Trace((book.invoke((layer(1), "=h")), book.invoke((HEAD, "h"))), frozenset("h"))
    planned = plan(trace)
    assert planned.barriers == ()
    assert [each.reason for each in planned.containers] == [Unsafe.OUTER]
    assert solved(trace)


def test_none_needs_a_container() -> None:
    book = Book()
    trace = Trace((book.invoke(("=None h",), (layer(0),)), book.invoke((layer(1), "h"))))
    assert [each.reason for each in plan(trace).containers] == [Unsafe.NOTHING]
    assert solved(trace)


def test_a_name_bound_again_needs_a_container() -> None:
    book = Book()
    giver = book.invoke((layer(0), "=h"), (layer(1), "=h"))
    trace = Trace((giver, book.invoke((layer(0),), (layer(2), "h"))))
    assert [each.reason for each in plan(trace).containers] == [Unsafe.REBOUND]
    assert solved(trace)


def test_a_name_of_several_producers_needs_a_container() -> None:
    book = Book()
    pairs = []
    for _ in range(2):
        pairs += [book.invoke((layer(1), "=h")), book.invoke((layer(2), "h"))]
    trace = Trace((*pairs,))
    assert {each.reason for each in plan(trace).containers} == {Unsafe.SEVERAL_PRODUCERS}
    assert solved(trace)


def test_a_helpers_access_after_the_definition_needs_a_container() -> None:
    book = Book()
    giver = book.invoke((layer(0), "=h"), (HEAD,))
    trace = Trace((giver, book.invoke((layer(1), "h"))))
    helped = foreign(trace, book.at("get", 1), ("x", 99))
    assert [each.reason for each in plan(helped).containers] == [Unsafe.FOREIGN]
    assert solved(helped)


def test_what_failed_before_is_not_the_plans_business() -> None:
    book = Book()
    giver = book.invoke((layer(1), "=h"), (layer(0),))
    planned = plan(Trace((giver, book.invoke(("h", layer(1))))))
    assert len(planned.barriers) == 1
    assert planned.infeasible == ()


def test_a_barrier_of_the_traces_own_makes_late_what_stands_behind_it() -> None:
    book = Book()
    late = book.invoke((layer(2),), ("!b",))
    giver = book.invoke(("!b",), ("=h",))
    user = book.invoke((layer(1),), ("h",))
    trace = Trace((late, giver, user), barriers=(("b", 2),))
    planned = plan(trace)
    (barrier,) = planned.barriers
    assert (barrier.producer, barrier.consumers) == (Place(1, 1), (Place(2, 1),))
    assert solved(trace)


def test_a_barrier_of_the_traces_own_that_nobody_passes_holds_up_nothing_else() -> None:
    book = Book()
    stuck = book.invoke((HEAD,), ("!b",))
    giver = book.invoke((layer(1), "=h"), (HEAD,))
    trace = Trace((stuck, giver, book.invoke(("h", layer(1)))), barriers=(("b", 2),))
    (barrier,) = plan(trace).barriers
    assert (barrier.producer, barrier.consumers) == (Place(1, 0), (Place(2, 0),))


def test_what_stands_behind_a_barrier_that_nobody_passes_cannot_be_helped() -> None:
    book = Book()
    giver = book.invoke(("!b",), ("=h",))
    trace = Trace((giver, book.invoke(("h",))), barriers=(("b", 2),))
    planned = plan(trace)
    assert (planned.barriers, planned.containers) == ((), ())
    assert planned.infeasible == (Infeasible(book.at("h"), book.at("=h"), Reason.CONFLICT),)


def test_what_comes_too_late_is_said_to_do_so_even_where_a_barrier_keeps_it_from_coming() -> None:
    book = Book()
    giver = book.invoke(("!b",), (layer(2), "=h"))
    trace = Trace((giver, book.invoke(("h", layer(0)))), barriers=(("b", 2),))
    assert [each.reason for each in plan(trace).infeasible] == [Reason.BACKWARD]


def test_what_is_never_reached_needs_no_barrier() -> None:
    book = Book()
    giver = book.invoke((layer(1),), ("!b",), ("->k",))
    user = book.invoke((layer(0),), ("!b",), ("<-k",))
    assert plan(Trace((giver, user), barriers=(("b", 3),))) == Plan()


def test_invokes_that_share_nothing_need_nothing_however_little_is_known_of_the_order() -> None:
    book = Book()
    giver = book.invoke(*((layer(name), f"={name}") for name in "abcde"))
    assert plan(Trace((giver, book.invoke((layer("f"), "=f"))))) == Plan()


def test_what_a_plan_adds_has_sites_of_its_own() -> None:
    book = Book()
    giver = book.invoke((layer(0), "=g"), (layer(1), "=h"), ("=h",), (HEAD,))
    users = book.invoke(("g", layer(0))), book.invoke(("h", layer(1)), ("h",))
    trace = Trace((giver, *users), outer=frozenset({"g", "h"}))
    old = [operation.site for invoke in trace.invokes for operation in invoke.operations]
    planned = plan(trace)
    changed = with_plan(trace, planned)
    new = [operation.site for invoke in changed.invokes for operation in invoke.operations]
    assert (len(planned.barriers), len(planned.containers)) == (2, 3)
    assert len(new) == len(set(new)) == len(old) + 2 * 2 + 2
    assert min(set(new) - set(old)) > max(old)


def test_a_statement_holds_the_steps_of_all_turns_and_a_place_inside_one() -> None:
    step = Use(1, 4, "h", step=2)
    assert holds(Place(0, 4), step)
    assert holds(Place(0, 4, 2), step)
    assert not holds(Place(0, 4, 3), step)
    assert not holds(Place(0, 5), step)


def test_a_consumer_that_may_come_late_does_not_join_one_that_must_not_wait() -> None:
    book = Book()
    giver = book.invoke((layer(1), "=h"), (HEAD,))
    early = book.invoke(("h", layer(1)))
    perhaps_late = book.invoke((layer("i"),), ("h",))
    trace = Trace((giver, early, perhaps_late))
    first, second = plan(trace).barriers
    assert (first.consumers, second.consumers) == ((Place(1, 0),), (Place(2, 1),))
    assert solved(trace)


# Everything there is with two invokes of up to three statements and one value that crosses.

GIVERS = [("g", n) for n in range(3)] + [("=", 0)] + [("g=", n) for n in range(3)]
USERS = [("g", n) for n in range(3)] + [("u", 0)] + [(k, n) for k in ("ug", "gu") for n in range(3)]
Kind = tuple[str, int]


def bodies(kinds: list[Kind], wanted: str) -> Iterator[tuple[Kind, ...]]:
    for length in (1, 2, 3):
        for body in product(kinds, repeat=length):
            if sum(wanted in kind for kind, _ in body) == 1:
                yield body


def written(book: Book, body: tuple[Kind, ...]) -> Invoke:
    words = {"=": "=h", "u": "h"}
    return book.invoke(*([layer(n) if c == "g" else words[c] for c in kind] for kind, n in body))


def in_order(body: tuple[Kind, ...]) -> bool:
    accesses = [number for kind, number in body if "g" in kind]
    return accesses == sorted(accesses)


ORDERED = [
    (giver, user)
    for giver in bodies(GIVERS, "=")
    for user in bodies(USERS, "u")
    if in_order(giver) and in_order(user)
]


def anywhere(trace: Trace) -> Iterator[Trace]:
    """The trace with one barrier, at every pair of places."""
    first, second = (sorted({o.statement for o in i.operations}) for i in trace.invokes)
    for after, before in product([-1, *first], [*second, len(second)]):
        calls = [(0, after + 1, Wait(901, 0, "x")), (1, before, Wait(902, 0, "x"))]
        invokes = []
        for number, index, wait in calls:
            operations = trace.invokes[number].operations
            left = [o for o in operations if o.statement < index]
            invokes.append(Invoke((*left, wait, *operations[len(left) :])))
        yield Trace(tuple(invokes), barriers=(("x", 2),))


def test_the_small_space() -> None:
    """A plan works, is empty if nothing is wrong and least if not, and is given up rightly."""
    assert len(ORDERED) > 5000
    for giver, user in ORDERED:
        book = Book()
        trace = Trace((written(book, giver), written(book, user)))
        planned = plan(trace)
        meant, use = expected(trace).uses[book.at("h")], book.at("h")
        if run(trace).uses[use] == meant:
            assert planned == Plan()
        elif planned.infeasible:
            assert planned.barriers == ()
            assert not any(run(each).failures == () for each in anywhere(trace))
        else:
            (barrier,) = planned.barriers
            outcome = run(with_plan(trace, planned))
            assert (outcome.uses[use], outcome.failures) == (meant, ())
            assert barrier.participants == 2


@pytest.mark.parametrize("shift", range(4))
def test_plans_for_three_invokes_are_right_and_least(shift: int) -> None:
    """Two values that cross, in a sample of the traces with three invokes."""
    for giver, user in ORDERED[shift::29]:
        book = Book()
        last = book.invoke((layer(shift % 3), "h"), (layer(2), "k"))
        middle = written(book, user)
        between = replace(middle, operations=(*middle.operations, *extra(book, "=k")))
        trace = Trace((written(book, giver), between, last))
        planned = plan(trace)
        changed = with_plan(trace, planned)
        assert good(trace, changed, planned)
        for barrier in planned.barriers:
            rest = tuple(each for each in planned.barriers if each != barrier)
            fewer = replace(planned, barriers=rest)
            assert not good(trace, with_plan(trace, fewer), fewer)


def extra(book: Book, word: str) -> Iterator[Operation]:
    yield book.step(9, word)


def good(trace: Trace, changed: Trace, planned: Plan) -> bool:
    """Whether all uses see what is meant, but for those that the plan calls infeasible."""
    hopeless = {each.use for each in planned.infeasible}
    return not set(differences(changed)) - hopeless
