"""Whether what a program saved is still there in its migration.

Of a program whose functions save values and forget them nothing else can be seen. A migration may
save more, in another order, and as a part of something larger, so every tensor and number that was
saved must be somewhere in what is saved or left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .differences import Difference, Tensors, shown
from .observation import Observation, Value


def lost(before: Observation, after: Observation, tensors: Tensors) -> Iterator[Difference]:
    """Yield what the original saved and the migration has nowhere.

    Args:
        before: What the original gave.
        after: What the migration gave.
        tensors: The bytes of the tensors in both.
    """
    there = list(_leaves([*after.saved, *after.values.values()]))
    exact = {key for leaf in there for key in _keys(leaf)}
    for number, value in enumerate(before.saved, 1):
        for leaf in _leaves([value]):
            if exact.isdisjoint(_keys(leaf)):
                close = any(tensors.distance(leaf, other) is not None for other in there)
                what = f"{shown(leaf)} {_contents(leaf)}".strip()
                yield Difference(f"saved value {number}, {what}: is nowhere now", close)


def _leaves(values: Iterable[Value]) -> Iterator[Value]:
    for value in values:
        if value.items:
            yield from _leaves(item for _, item in value.items)
        elif value.kind in ("int", "float") or (value.kind == "tensor" and value.sha256):
            yield value


def _keys(leaf: Value) -> Iterator[object]:
    """What a leaf is known by; a number is the same with and without a tensor around it."""
    if leaf.kind != "tensor":
        yield leaf.text
        return
    yield (leaf.dtype.removeprefix("numpy."), leaf.shape, leaf.sha256)
    if len(leaf.values) == 1:
        yield leaf.values[0]


def _contents(leaf: Value) -> str:
    return f"({', '.join(leaf.values)})" if 0 < len(leaf.values) <= 4 else ""
