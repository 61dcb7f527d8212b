"""What nnsight 0.4.11 was observed to ignore."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nnmigrate.schedule import Ignored, Late, carried_out, ignored, providers, rankings
from nnmigrate.schedule.graph04 import BEFORE_ALL
from nnmigrate.schedule.values import (
    Compute,
    Define,
    Get,
    Index,
    Invoke,
    Operation,
    Provider,
    Put,
    Swap,
    Take,
    Trace,
    Use,
    Wait,
    Write,
)

from .builders import HEAD, entry, layer

GIVER: tuple[Operation, ...] = (Get(1, 0, layer(1)), Define(2, 0, "h", needs=(1,)))
LATE: tuple[Operation, ...] = (*GIVER, Get(3, 1, HEAD))
PLAIN = (Use(11, 0, "h"), Get(12, 0, layer(1)), Write(13, 0, layer(1), 12, needs=(11,)))
SCALED = (
    Use(11, 0, "h"),
    Compute(14, 0, needs=(11,)),
    Get(12, 0, layer(1)),
    Write(13, 0, layer(1), 12, needs=(14,)),
)


def late(*invokes: tuple[Operation, ...]) -> tuple[Ignored, ...]:
    trace = Trace(tuple(map(Invoke, invokes)))
    (rank,) = rankings(providers(trace))
    return ignored(trace, rank)


def moved(steps: tuple[Operation, ...], wanted: Provider) -> tuple[Operation, ...]:
    return tuple(
        replace(step, provider=wanted) if isinstance(step, Get | Write | Swap) else step
        for step in steps
    )


def test_a_plain_name_depends_on_its_producer_alone() -> None:
    assert late(LATE, PLAIN) == ()


def test_an_operation_waits_for_the_access_above_it() -> None:
    assert late(LATE, SCALED) == (Ignored(13, Late.OPERATION, 3),)


def test_without_a_later_access_it_is_in_time() -> None:
    assert late(GIVER, SCALED) == ()


def test_the_operation_in_the_giving_invoke_is_in_time() -> None:
    scaled = (Get(1, 0, layer(1)), Compute(4, 0, needs=(1,)), Define(2, 0, "h", needs=(4,)))
    assert late((*scaled, Get(3, 1, HEAD)), PLAIN) == ()


def test_handle_first_puts_the_operation_behind_the_access() -> None:
    handle_first = (SCALED[2], SCALED[0], SCALED[1], SCALED[3])
    assert late(LATE, handle_first) == ()


def test_creating_a_tensor_is_an_operation_too() -> None:
    made = (Compute(14, 0), Get(12, 0, layer(1)), Write(13, 0, layer(1), 12, needs=(14,)))
    assert late(LATE, made) == (Ignored(13, Late.OPERATION, 3),)
    given = (Get(12, 0, layer(1)), Write(13, 0, layer(1), 12))
    assert late(LATE, given) == ()


@pytest.mark.parametrize(
    ("above", "in_time"),
    [((), True), ((Get(1, 0, HEAD),), True), ((Get(1, 0, layer(0)), Get(2, 0, HEAD)), False)],
)
def test_what_stands_at_the_top_needs_no_module(
    above: tuple[Operation, ...], in_time: bool
) -> None:
    """The first access of all does not hold up what follows it."""
    made = (Compute(14, 1), Get(15, 1, HEAD), Get(12, 1, layer(1)))
    steps = (*above, *made, Write(13, 1, layer(1), 12, needs=(14,)))
    assert (late(steps) == ()) is in_time


def test_values_do_not_flow_backwards() -> None:
    assert late(GIVER, moved(PLAIN, layer(0))) == (Ignored(13, Late.BACKWARD, 1, source=1),)


@pytest.mark.parametrize(("steps", "reason"), [(GIVER, None), (LATE, Late.OPERATION)])
def test_swaps(steps: tuple[Operation, ...], reason: Late | None) -> None:
    swapped = (Use(11, 0, "h"), Compute(14, 0, needs=(11,)), Swap(13, 0, layer(1), needs=(14,)))
    assert [each.reason for each in late(steps, swapped)] == ([reason] if reason else [])


def test_an_access_after_a_swap_is_a_new_one() -> None:
    swap = Swap(21, 0, layer(0))
    again = (
        swap,
        Get(22, 1, layer(0)),
        Compute(23, 1, needs=(22,)),
        Swap(24, 1, layer(0), needs=(23,)),
    )
    assert late(again) == ()


def test_a_second_mention_of_a_module_is_the_first_access() -> None:
    steps = (
        Get(1, 0, layer(1)),
        Get(2, 1, HEAD),
        Compute(3, 2),
        Get(4, 2, layer(1)),
        Write(5, 2, layer(1), 4, needs=(3,)),
    )
    assert late(steps) == (Ignored(5, Late.OPERATION, 2),)


def test_what_stands_behind_a_late_node_is_late_too() -> None:
    blocked = (
        Get(11, 0, layer(0)),
        Use(12, 0, "h"),
        Compute(13, 0, needs=(12,)),
        Compute(14, 1, needs=(11,)),
        Write(15, 1, layer(0), 11, needs=(14,)),
    )
    assert late(GIVER, blocked) == (Ignored(15, Late.OPERATION, 1),)
    assert late(GIVER, (blocked[0], *blocked[3:])) == ()


def test_the_input_is_taken_out_of_the_inputs_by_an_operation() -> None:
    steps = (Get(1, 0, HEAD), Get(2, 1, entry(0)), Write(3, 1, entry(0), 2))
    assert late(steps) == ()
    twice = (Get(4, 0, entry(0)), Get(1, 1, HEAD), Get(2, 2, entry(0)), Write(3, 2, entry(0), 2))
    assert late(twice) == (Ignored(3, Late.OPERATION, 1),)


def test_items_of_containers_carry_values() -> None:
    giver = (Get(1, 0, layer(2)), Put(2, 0, "box", 0, needs=(1,)))
    user = (Take(11, 0, "box", 0), Get(12, 0, layer(1)), Write(13, 0, layer(1), 12, needs=(11,)))
    assert late(giver, user) == (Ignored(13, Late.BACKWARD, 1, source=1),)
    assert late(giver, moved(user, layer(2))) == ()


def test_the_batched_patching_loop_is_ignored_altogether() -> None:
    """Layer by layer a slice of the clean run: each but the last waits for a later layer."""
    sites = iter(range(1, 200))
    clean: list[Operation] = []
    for number in range(4):
        clean += [
            Get(site := next(sites), 0, layer(number)),
            Put(next(sites), 0, "hs", number, needs=(site,)),
        ]
    invokes = [(*clean, Get(next(sites), 1, HEAD))]
    for number in range(4):
        take, cut, get, write = (next(sites) for _ in range(4))
        invokes.append(
            (
                Take(take, 0, "hs", number),
                Compute(cut, 0, needs=(take,)),
                Get(get, 0, layer(number)),
                Write(write, 0, layer(number), get, needs=(cut,)),
                Get(next(sites), 1, HEAD),
            )
        )
    assert [each.reason for each in late(*invokes)] == [Late.OPERATION] * 4


def test_when_each_operation_was_carried_out() -> None:
    trace = Trace((Invoke((Compute(20, 0), *LATE)), Invoke(SCALED)))
    (rank,) = rankings(providers(trace))
    first, head = rank[layer(1)], rank[HEAD]

    assert carried_out(trace, rank) == {
        20: BEFORE_ALL,
        1: first,
        3: head,
        14: head,
        12: first,
        13: head,
    }


def test_a_name_from_outside_the_trace_brings_no_access() -> None:
    """Only the operation on it waits."""
    outer = (Use(11, 0, "scale"), *SCALED[1:])
    trace = Trace((Invoke(LATE), Invoke(outer)), outer=frozenset({"scale"}))
    (rank,) = rankings(providers(trace))

    assert ignored(trace, rank) == (Ignored(13, Late.OPERATION, 3),)


def test_nothing_is_ignored_in_a_trace_that_does_nothing() -> None:
    assert late(()) == ()


def test_a_barrier_is_no_node_of_the_graph() -> None:
    assert late((*LATE, Wait(4, 2, "b")), (Wait(15, 0, "b"), *PLAIN)) == ()


def test_a_first_input_that_is_read_again_waits_for_the_access_above_it() -> None:
    twice = (Get(4, 0, entry(0)), Get(1, 1, HEAD), Get(2, 2, entry(0)))
    trace = Trace((Invoke(twice),))
    (rank,) = rankings(providers(trace))
    assert carried_out(trace, rank) == {4: rank[entry(0)], 1: rank[HEAD], 2: rank[HEAD]}


def test_a_change_is_in_time_as_long_as_its_module_is() -> None:
    """Another invoke's access to the same module comes between."""
    giver = (Get(1, 0, layer(1)), Define(2, 0, "h", needs=(1,)))
    user = (Get(3, 0, layer(1)), Use(4, 1, "h"), Write(5, 1, layer(1), 1))
    assert late(giver, user) == ()


def test_a_swap_is_late_once_another_access_had_its_turn() -> None:
    same = replace(layer(1), path=("transformer", "h", Index("k", 1)))
    steps = (Get(1, 0, layer(1)), Get(2, 1, same), Compute(3, 2, needs=(1,)))
    assert late((*steps, Swap(4, 2, layer(1), needs=(3,)))) == (Ignored(4, Late.OPERATION, 2),)


def test_a_later_module_is_found_behind_an_operation() -> None:
    giver = (Get(1, 0, HEAD), Compute(6, 0, needs=(1,)), Define(2, 0, "h", needs=(6,)))
    assert late(giver, PLAIN) == (Ignored(13, Late.BACKWARD, 1, 1),)
