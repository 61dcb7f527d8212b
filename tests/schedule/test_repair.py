from __future__ import annotations

from nnmigrate.schedule import Place, Repair, differences, repaired, with_plan, without_barriers
from nnmigrate.schedule.values import Trace

from .builders import HEAD, Book, layer


def works(trace: Trace, repair: Repair) -> bool:
    return not differences(with_plan(without_barriers(trace), repair.plan))


def test_barriers_that_do_their_work_are_left_alone() -> None:
    book = Book()
    giver = book.invoke((layer(1), "=h"), ("!b",), (HEAD,))
    trace = Trace((giver, book.invoke(("!b",), ("h", layer(1)))), barriers=(("b", 2),))
    assert repaired(trace) == Repair()


def test_a_superfluous_but_harmless_barrier_is_left_alone() -> None:
    book = Book()
    giver = book.invoke((layer(1), "=h"), ("!b",))
    trace = Trace((giver, book.invoke((layer(1),), ("!b",), ("h",))), barriers=(("b", 2),))
    assert repaired(trace) == Repair()


def test_a_barrier_behind_the_last_module_moves() -> None:
    book = Book()
    giver = book.invoke((layer(1), "=h"), (HEAD,), ("!b",))
    trace = Trace((giver, book.invoke(("!b",), ("h", layer(1)))), barriers=(("b", 2),))
    repair = repaired(trace)
    assert repair.removed == ("b",)
    assert [(b.producer, b.consumers) for b in repair.plan.barriers] == [
        (Place(0, 0), (Place(1, 1),))
    ]
    assert works(trace, repair)


def test_a_barrier_that_does_harm_goes() -> None:
    book = Book()
    giver = book.invoke((layer(0), "=h"), ("!b",), (layer(1),))
    trace = Trace((giver, book.invoke((layer(2),), ("!b",), ("h",))), barriers=(("b", 2),))
    repair = repaired(trace)
    assert (repair.removed, repair.plan.barriers) == (("b",), ())
    assert works(trace, repair)


def test_a_wrong_count() -> None:
    for size in (1, 3):
        book = Book()
        giver = book.invoke((layer(1), "=h"), ("!b",))
        trace = Trace((giver, book.invoke(("!b",), ("h", layer(1)))), barriers=(("b", size),))
        repair = repaired(trace)
        assert (repair.removed, repair.kept) == (("b",), ())
        assert works(trace, repair)


def test_crossed_barriers_keep_the_one_that_stands_right() -> None:
    book = Book()
    giver = book.invoke((layer(0), "=g"), ("!a",), (layer(1), "=h"), ("!b",))
    user = book.invoke(("!b",), ("g", layer(0)), ("!a",), ("h", layer(1)))
    trace = Trace((giver, user), barriers=(("a", 2), ("b", 2)))
    repair = repaired(trace)
    assert repair.removed == ("a", "b")
    assert works(trace, repair)
    third = book.invoke(("!c",), ("g", layer(0)))
    more = book.invoke((layer(0), "=g"), ("!c",), (layer(1), "=h"), (HEAD,), ("!b",))
    mixed = Trace(
        (more, third, book.invoke(("!b",), ("h", layer(1)))), barriers=(("c", 2), ("b", 2))
    )
    repair = repaired(mixed)
    assert (repair.removed, [name for _, name in repair.kept]) == (("b",), ["c"])


def test_nothing_is_touched_where_the_order_is_beyond_knowing() -> None:
    book = Book()
    giver = book.invoke(*((layer(name),) for name in "abcde"), ("!b",))
    assert repaired(Trace((giver, book.invoke(("!b",))), barriers=(("b", 2),))) == Repair()


def test_what_no_plan_can_help_keeps_its_barriers() -> None:
    book = Book()
    giver = book.invoke((layer(2), "=h"), ("!b",))
    trace = Trace((giver, book.invoke(("!b",), ("h", layer(0)))), barriers=(("b", 2),))
    repair = repaired(trace)
    assert repair.plan.barriers == ()
    assert repair.removed == ("b",)


def test_a_barrier_that_leaves_an_older_value_moves() -> None:
    """Nothing fails: the name has a value from before the trace."""
    book = Book()
    giver = book.invoke(("!b",), (layer(0), "->k"), (layer(1), "->k"), (HEAD,))
    user = book.invoke(("!b",), (layer(0),), ("<-k", layer(1)))
    trace = Trace((giver, user), barriers=(("b", 2),))
    repair = repaired(trace)
    assert repair.removed == ("b",)
    assert [(b.producer, b.consumers) for b in repair.plan.barriers] == [
        (Place(0, 2), (Place(1, 2),))
    ]
    assert works(trace, repair)


def test_a_barrier_behind_a_statement_of_several_steps_is_kept() -> None:
    book = Book()
    giver = book.invoke((layer(0), "=g", layer(1), "=h"), ("!b",), ("!a",), (HEAD,))
    user = book.invoke(("!b",), ("h", layer(1)), ("!a",))
    trace = Trace((giver, user), barriers=(("b", 2), ("a", 3)))
    repair = repaired(trace)
    assert (repair.kept, repair.removed) == (((0, "b"),), ("a",))
    assert works(trace, repair)
