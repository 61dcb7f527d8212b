"""Which of two providers a forward pass reaches first, as far as that is known."""

from __future__ import annotations

from functools import cache

from nnmigrate.schedule.module_order import (
    INSIDE_LAYERS,
    LAYER_CHILDREN,
    LAYER_CONTAINERS,
    OUTSIDE_LAYERS,
)
from nnmigrate.schedule.values import Index, Order, Path, Point, Provider

_OPPOSITE = {Order.BEFORE: Order.AFTER, Order.AFTER: Order.BEFORE}

Stage = tuple[bool, int, bool]


def compare(a: Provider, b: Provider) -> Order:
    """Tell how `a` follows `b` in a run of the model.

    A module's input is there before everything inside it, its output after. Siblings compare where
    the order was recorded (`module_order`), items of recorded layer lists by their index.

    Returns:
        BEFORE if `a` comes first, SAME if both are one provider, UNKNOWN where nothing was
        recorded.
    """
    if stage(a) != stage(b):
        return Order.BEFORE if stage(a) < stage(b) else Order.AFTER
    for depth, (one, other) in enumerate(zip(a.path, b.path, strict=False)):
        order = compare_children(a.path[:depth], one, other)
        if order is not Order.SAME:
            return order
    return _nested(a, b)


def stage(provider: Provider) -> Stage:
    """The coarse position of a provider: what comes in another stage compares by the stages alone.

    The generator wraps `generate`: it has its values when every forward pass is over. Its streamer
    is given the prompt before the first pass and a token after each (transformers 5.23,
    generation/utils.py).
    """
    closing = provider.path == ("generator",)
    streaming = "streamer" in provider.path
    return closing, 0 if closing else provider.iteration, not streaming


def _nested(a: Provider, b: Provider) -> Order:
    """Compare two providers of which one's module holds, or is, the other's."""
    if len(a.path) == len(b.path):
        if a.point == b.point:
            return Order.SAME
        return Order.BEFORE if a.point < b.point else Order.AFTER
    if len(a.path) < len(b.path):
        return Order.BEFORE if a.point is Point.INPUT else Order.AFTER
    return _OPPOSITE[_nested(b, a)]


def compare_children(parent: Path, a: str | Index, b: str | Index) -> Order:
    """Tell how two children of the module at `parent` follow each other."""
    if isinstance(a, Index) and isinstance(b, Index):
        return _compare_indexes(parent, a, b)
    if a == b:
        return Order.SAME
    pairs = _pairs(_group(parent))
    return _order((a, b) in pairs, (b, a) in pairs)


def may_coincide(a: str | Index, b: str | Index) -> bool:
    """Whether two children whose order is unknown can be one child at run time."""
    return isinstance(a, Index) and isinstance(b, Index) and _measures(a, b) is None


def _compare_indexes(parent: Path, a: Index, b: Index) -> Order:
    measures = _measures(a, b)
    if a.key == b.key or (measures and measures[0] == measures[1]):
        return Order.SAME
    in_order = bool(parent) and parent[-1] in LAYER_CONTAINERS
    if measures is None or not in_order:
        return Order.UNKNOWN
    return Order.BEFORE if measures[0] < measures[1] else Order.AFTER


def _measures(a: Index, b: Index) -> tuple[int, int] | None:
    """Two numbers that order the indexes: values, or turns of the loop that counts them."""
    if a.value is not None and b.value is not None:
        same_sign = (a.value < 0) == (b.value < 0)
        return (a.value, b.value) if same_sign else None
    if a.sequence and b.sequence and a.sequence[0] == b.sequence[0]:
        return a.sequence[1], b.sequence[1]
    return None


def _order(before: bool, after: bool) -> Order:
    if before == after:
        return Order.UNKNOWN
    return Order.BEFORE if before else Order.AFTER


def _group(parent: Path) -> str | None:
    """Name the rows of the recorded tables that speak of the children of `parent`.

    A module of one's own may have names such as `fc1` too, and then run them in any order: inside a
    layer is what hangs below an index.
    """
    if not any(isinstance(part, Index) for part in parent):
        return ""
    last = parent[-1]
    if isinstance(last, str):
        return last if last in INSIDE_LAYERS else None
    return "*" if len(parent) > 1 and parent[-2] in LAYER_CONTAINERS else None


@cache
def _pairs(group: str | None) -> frozenset[tuple[str, str]]:
    if group is None:
        return frozenset()
    rows = {"": OUTSIDE_LAYERS, "*": LAYER_CHILDREN}.get(group) or INSIDE_LAYERS[group]
    return frozenset(
        (first, later) for row in rows for i, first in enumerate(row) for later in row[i + 1 :]
    )
