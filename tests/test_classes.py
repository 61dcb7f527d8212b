"""Classes made by our decorator behave as those that the standard library makes."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import field
from typing import Any

import pytest

from nnmigrate import classes

DECORATORS: list[Any] = [classes.dataclass, dataclasses.dataclass]
both = pytest.mark.parametrize("dataclass", DECORATORS, ids=["ours", "standard"])


def frozen_point(dataclass: Any) -> Any:
    @dataclass(frozen=True, order=True)
    class Point:
        x: int
        y: int = 2
        tags: list[str] = field(default_factory=list, compare=False, repr=False)
        seen: bool = field(default=False, kw_only=True, compare=False)

        @property
        def both(self) -> int:
            return self.x + self.y

    return Point


@both
def test_instances_are_made_with_defaults_and_factories(dataclass: Any) -> None:
    Point = frozen_point(dataclass)
    one, other = Point(1), Point(x=1, y=5, seen=True)
    assert (one.x, one.y, one.tags, one.seen) == (1, 2, [], False)
    assert (other.y, other.seen) == (5, True)
    assert one.tags is not Point(1).tags


@both
def test_wrong_arguments_are_refused(dataclass: Any) -> None:
    Point = frozen_point(dataclass)
    for _ in range(2):  # the first call is another one than those that follow
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
            Point()
        with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
            Point(1, z=3)
        with pytest.raises(TypeError, match="positional argument"):
            Point(1, 2, [], True)


@both
def test_equality_and_hash_are_those_of_the_compared_fields(dataclass: Any) -> None:
    Point = frozen_point(dataclass)
    one, same, other = Point(1, tags=["a"]), Point(1, tags=["b"], seen=True), Point(2)
    assert one == same
    assert one != other
    assert hash(one) == hash(same) == hash((1, 2))
    assert len({one, same, other}) == 2
    assert one != (1, 2)


@both
def test_a_subclass_with_equal_fields_is_another_thing(dataclass: Any) -> None:
    Point = frozen_point(dataclass)

    @dataclass(frozen=True)
    class Named(Point):
        name: str = ""

    class Bare(Point):
        pass

    assert Named(1, name="p") == Named(1, name="p") != Named(1, name="q")
    assert Named(1) != Point(1)
    assert Bare(1) != Point(1)
    assert Bare(1) == Bare(1)


@both
def test_order_is_that_of_tuples(dataclass: Any) -> None:
    Point = frozen_point(dataclass)
    assert sorted([Point(2, 0), Point(1, 9), Point(1, 3)]) == [
        Point(1, 3),
        Point(1, 9),
        Point(2, 0),
    ]
    assert Point(1) <= Point(1) < Point(2) > Point(1) >= Point(1)
    with pytest.raises(TypeError):
        Point(1) < 3  # noqa: B015


@both
def test_others_can_be_changed_and_are_not_hashed(dataclass: Any) -> None:
    @dataclass
    class Box:
        held: list[int] = field(default_factory=list)

    box = Box()
    box.held = [1]
    assert box == Box([1])
    with pytest.raises(TypeError, match="unhashable"):
        hash(box)


@both
def test_identity_counts_where_equality_is_not_wanted(dataclass: Any) -> None:
    @dataclass(frozen=True, eq=False)
    class Node:
        x: int

    assert Node(1) != Node(1)
    assert len({Node(1), Node(1)}) == 2


@both
def test_what_a_class_defines_itself_stays(dataclass: Any) -> None:
    @dataclass(frozen=True)
    class Odd:
        x: int

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 7

        def __repr__(self) -> str:
            return "odd"

    assert Odd(1) == Odd(2)
    assert hash(Odd(1)) == 7
    assert repr(Odd(1)) == "odd"


@both
def test_they_can_be_shown_replaced_and_taken_apart(dataclass: Any) -> None:
    Point = frozen_point(dataclass)
    assert repr(Point(1)).endswith("Point(x=1, y=2, seen=False)")
    assert dataclasses.replace(Point(1), y=4) == Point(1, 4)
    assert dataclasses.asdict(Point(1)) == {"x": 1, "y": 2, "tags": [], "seen": False}
    assert dataclasses.is_dataclass(Point)
    assert copy.deepcopy(Point(1, 3)) == Point(1, 3)
    assert Point.__match_args__ == ("x", "y", "tags")


@classes.dataclass(frozen=True)
class Kept:
    x: int
    y: tuple[int, ...] = ()


def test_they_go_from_process_to_process() -> None:
    assert pickle.loads(pickle.dumps(Kept(1, (2,)))) == Kept(1, (2,))
