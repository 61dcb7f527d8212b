"""Which of the plans that come into question is taken, and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from nnmigrate.schedule import Barrier, Infeasible, Place, Plan, Reason, Unsafe, plan, with_plan
from nnmigrate.schedule.placement import _Case, _crossings
from nnmigrate.schedule.sequential import every_order
from nnmigrate.schedule.values import Get, Invoke, Operation, Put, Take, Trace

from .builders import HEAD, Book, foreign, layer, run


def filling(layers: Iterable[int], sites: Iterable[int]) -> Iterable[Operation]:
    """A loop that puts each layer's value into a box, under its number."""
    number = iter(sites)
    for turn in layers:
        yield Get(next(number), 0, layer(turn), step=turn)
        yield Put(next(number), 0, "box", turn, step=turn)


def test_a_call_stands_behind_the_loop_where_all_of_it_is_waited_for() -> None:
    giver = Invoke((*filling((0, 1), range(1, 9)), Get(10, 1, HEAD)))
    user = Invoke((Get(20, 0, layer(0)), Take(21, 1, "box", None), Get(22, 1, layer(1))))
    (barrier,) = plan(Trace((giver, user))).barriers
    assert (barrier.producer, barrier.consumers) == (Place(0, 0), (Place(1, 1),))


@pytest.mark.parametrize("captured", [(), ("h",)])
def test_what_no_other_invoke_binds_needs_no_plan(captured: tuple[str, ...]) -> None:
    book = Book()
    giver = book.invoke((layer(1),), captured=captured)
    assert plan(Trace((giver, book.invoke(("h", layer(0)))))) == Plan()


def test_an_invokes_own_values_need_no_plan_however_little_is_known_of_the_order() -> None:
    book = Book()
    giver = book.invoke(*((layer(name), f"={name}") for name in "abcde"), ("a",))
    assert plan(Trace((giver, book.invoke((layer("f"),))))) == Plan()


def test_no_container_helps_where_an_older_item_of_one_key_comes_later() -> None:
    book = Book()
    givers = book.invoke((layer(2), "->k")), book.invoke((layer(0), "->k"))
    planned = plan(Trace((*givers, book.invoke((HEAD, "<-k")))))
    assert [each.reason for each in planned.infeasible] == [Reason.CONFLICT]
    assert planned.containers == ()


def test_other_names_have_no_part_in_why_one_needs_a_container() -> None:
    book = Book()
    giver = book.invoke((layer(0), "=h"), (HEAD, "=g"))
    trace = Trace((giver, book.invoke(("=x",), (layer(1), "h"))))
    helped = foreign(trace, book.at("get", 2), ("x", 99))
    assert [each.reason for each in plan(helped).containers] == [Unsafe.FOREIGN]


def test_a_value_of_the_same_module_further_up_in_the_text_is_in_time() -> None:
    """A barrier would stand behind the statement, and the statement goes on to layer 3."""
    book = Book()
    giver = book.invoke((layer(1), "=h", layer(3)))
    trace = Trace((giver, book.invoke((layer(1),), ("h",), (layer(2),))))
    assert plan(trace) == Plan()


@pytest.mark.parametrize("late", [layer(2), layer("i")])
def test_those_that_hold_up_nobody_share_a_barrier_and_another_has_its_own(late: object) -> None:
    book = Book()
    giver = book.invoke((layer(1), "=h"), (HEAD,))
    early = [book.invoke(("h", layer(1))) for _ in range(2)]
    last = book.invoke((late,), ("h",))  # type: ignore[arg-type]
    barriers = plan(Trace((giver, *early, last))).barriers
    assert barriers[0].consumers == (Place(1, 0), Place(2, 0))
    assert all(Place(3, 1) in each.consumers for each in barriers[1:])


def judged(candidate: Plan, trace: Trace) -> set[int]:
    return set(_Case(trace, every_order(trace), _crossings(trace)).wrong(candidate))


def barrier(number: int, producer: Place, consumer: Place, book: Book, name: str) -> Barrier:
    return Barrier(number, producer, (consumer,), (book.at(name),), (book.at(f"={name}"),))


def test_a_plan_under_which_somebody_misses_a_module_is_wrong_and_his_barrier_is_to_blame() -> None:
    book = Book()
    first = book.invoke((layer(0), "=g"), (layer(2), "=h"))
    second = book.invoke(("g", layer(0))), book.invoke((layer(0),), ("h", layer(1)))
    trace = Trace((first, *second))
    good = barrier(0, Place(0, 0), Place(1, 0), book, "g")
    bad = barrier(1, Place(0, 1), Place(2, 1), book, "h")
    assert run(with_plan(trace, Plan((good, bad)))).uses[book.at("g")] == book.at("=g")
    assert judged(Plan((good, bad)), trace) == {book.at("h")}


def test_all_barriers_are_to_blame_where_somebody_without_one_comes_too_early() -> None:
    """Nobody can help it where the plan has given it up."""
    book = Book()
    giver = book.invoke((layer(3), "=g"), (HEAD,))
    held_up = book.invoke(("g",), ("=h",), (HEAD,))
    trace = Trace((giver, held_up, book.invoke((layer(2),), ("h", HEAD))))
    barriers = (barrier(0, Place(0, 0), Place(1, 0), book, "g"),)
    given_up = Infeasible(book.at("h"), book.at("=h"), Reason.CONFLICT)
    assert judged(Plan(barriers), trace) == {book.at("g"), book.at("h")}
    assert judged(Plan(barriers, (), (given_up,)), trace) == set()
