"""Whether invokes can be run one after the other as far as the objects go that they hand on.

A value is handed on as the object that it is, a tensor of the model. Who changes it in place
changes it for all; so it matters when.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nnmigrate.classes import dataclass
from nnmigrate.schedule import carried_out, compare, expected, ignored, instances
from nnmigrate.schedule.values import (
    Define,
    Get,
    Index,
    Operation,
    Order,
    Path,
    Point,
    Provider,
    Put,
    Swap,
    Trace,
    Write,
)


def may_run_apart(trace: Trace, rank: Mapping[Provider, int]) -> bool:
    """Whether every invoke gets the values that it had on 0.4 if those before it have ended.

    Args:
        trace: the invokes as they run side by side.
        rank: an order of its providers.
    """
    return not (_changes_what_it_sets(trace) or _Handing(trace, rank).is_changed_meanwhile())


def _changes_what_it_sets(trace: Trace) -> bool:
    """Whether an invoke sets a module's output and then changes that in place.

    Among several invokes nnsight copies what is set into the batch; alone in a trace, the module
    hands on the very object, and the change would be one of the value that was put there as well.
    """
    for invoke in trace.invokes:
        swapped: set[Provider] = set()
        for operation in invoke.operations:
            if isinstance(operation, Swap):
                swapped.add(operation.provider)
            elif isinstance(operation, Write) and operation.provider in swapped:
                return True
    return False


@dataclass(frozen=True)
class _Handed:
    """A value that crosses: where it is made, which module's it may be, when 0.4 first used it."""

    made: int
    source: Provider
    used: int


class _Handing:
    """The values that the invokes of a trace hand on, and their changes."""

    def __init__(self, trace: Trace, rank: Mapping[Provider, int]) -> None:
        self.rank = rank
        self.every = [(n, o) for n, invoke in enumerate(trace.invokes) for o in invoke.operations]
        self.instance = instances(trace)
        self.operations = {operation.site: operation for _, operation in self.every}
        self.times = carried_out(trace, rank)
        self.ignored = {each.site for each in ignored(trace, rank)}
        self.readers = self._readers(trace)
        self.users: dict[int, list[Operation]] = {}
        for _, operation in self.every:
            for need in operation.needs:
                self.users.setdefault(need, []).append(operation)

    def _readers(self, trace: Trace) -> Mapping[int, list[int]]:
        """By definition or item, who reads it."""
        read = expected(trace)
        found: dict[int, list[int]] = {}
        for site, seen in [*((s, (one,)) for s, one in read.uses.items()), *read.takes.items()]:
            for made in seen:
                if isinstance(made, int) and made in self.operations:
                    found.setdefault(made, []).append(site)
        return found

    def is_changed_meanwhile(self) -> bool:
        """Whether an invoke changes in place what it hands on, or what has been handed to it.

        Side by side, the other invoke may have used the value before the change; one after the
        other, it gets what the change has left.
        """
        handed: dict[int, list[_Handed]] = {}
        for each in self._handed():
            handed.setdefault(self.instance[each.made], []).append(each)
        writes = [operation for _, operation in self.every if isinstance(operation, Write)]
        return any(
            self.instance[write.got] != self.instance[write.site]
            or any(
                self._comes_between(each, write)
                for each in handed.get(self.instance[write.site], ())
            )
            for write in writes
        )

    def _comes_between(self, handed: _Handed, write: Write) -> bool:
        """Whether a change comes before the value's first use in the text, but not in time."""
        if write.site < handed.made or not may_be_one(handed.source, write.provider):
            return False
        return handed.used < self.rank[write.provider]

    def _handed(self) -> Iterator[_Handed]:
        first_uses = self._first_uses()
        for made, sites in self.readers.items():
            away = [site for site in sites if self.instance[site] != self.instance[made]]
            for need in self.operations[made].needs if away else ():
                source = self.operations[need]
                if isinstance(source, Get):
                    used = min(first_uses[site] for site in away)
                    yield _Handed(made, source.provider, used)

    def _first_uses(self) -> Mapping[int, int]:
        """When 0.4 first did something with what each operation gives.

        What it ignored does not count. Under another name it is the same object: whoever reads
        that stands below, and so is known already.
        """
        never = len(self.rank)
        first: dict[int, int] = {}
        for site in sorted(self.operations, reverse=True):
            users = (one for one in self.users.get(site, ()) if one.site not in self.ignored)
            first[site] = min((self._used_by(user, first, never) for user in users), default=never)
        return first

    def _used_by(self, user: Operation, first: Mapping[int, int], never: int) -> int:
        if isinstance(user, (Define, Put)):
            readers = self.readers.get(user.site, ())
            return min((first[reader] for reader in readers), default=never)
        return self.times.get(user.site, never)


def may_be_one(one: Provider, other: Provider) -> bool:
    """Whether two modules may hand out one tensor.

    Most modules make a tensor of their own. What a module is given is what the one before it has
    made: a layer's output is the next one's input. A layer adds to its input, so its output is none
    of its parts' outputs.
    """
    if compare(one, other) in (Order.SAME, Order.UNKNOWN):
        return True
    if one.point is other.point:
        return _hands_through(*sorted((one, other), key=lambda each: len(each.path)))
    made, given = (one, other) if one.point is Point.OUTPUT else (other, one)
    return _is_given(made.path, given.path)


def _hands_through(outer: Provider, inner: Provider) -> bool:
    """Whether a module's input is that of a part of it, or its output that of one."""
    if inner.path[: len(outer.path)] != outer.path:
        return False
    is_layer = bool(outer.path) and isinstance(outer.path[-1], Index)
    return outer.point is Point.INPUT or not is_layer


def _is_given(made: Path, given: Path) -> bool:
    """Whether what one module makes may be what another one is given."""
    if not made or not given:
        return True
    left, right = made[-1], given[-1]
    if isinstance(left, Index):
        layer = next((part for part in reversed(given) if isinstance(part, Index)), None)
        # Behind the last layer comes a norm beside the list of layers.
        return len(given) < len(made) if layer is None else _are_neighbours(left, layer)
    if isinstance(right, Index):
        # The first layer is given what the embeddings make.
        return not any(isinstance(part, Index) for part in made)
    inside = [part for part in (*made, *given) if isinstance(part, Index)]
    return made[:-1] == given[:-1] or not inside


def _are_neighbours(left: Index, right: Index) -> bool:
    if left.value is None or right.value is None:
        return True
    return abs(left.value - right.value) == 1
