"""Which interventions nnsight 0.4 silently ignored.

0.4 made one graph of a trace, its nodes in the order of the text. When a module has run, its nodes
are given their value, and from each of them the graph is executed forwards, up to the first access
whose module has not run or the first operation that lacks an operand (nnsight 0.4.11,
intervention/graph/graph.py, `InterventionGraph.execute`). An operation on the right-hand side of an
intervention stands before the access that it changes: it waits for the access above it, which may
be to a module that runs later. Then the change comes when the module's output is long in use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

from nnmigrate.classes import dataclass
from nnmigrate.schedule.sequential import expected
from nnmigrate.schedule.values import (
    Compute,
    Define,
    Get,
    Operation,
    Point,
    Provider,
    Put,
    Swap,
    Take,
    Trace,
    Use,
    Write,
)

# Stands for the access from which a node is executed, where none has to come first.
BEFORE_ALL = -1


class Late(Enum):
    """Why an intervention came too late on 0.4."""

    BACKWARD = "its value comes from a module that runs later"
    OPERATION = "an operation on its right-hand side waited for a module that runs later"


@dataclass(frozen=True)
class Ignored:
    """An intervention that changed nothing on 0.4.

    Args:
        site: the `Swap` or `Write`.
        waited_for: the site of the access whose module had to run first.
        source: of one whose value comes too late, the site of the access that it comes from.
    """

    site: int
    reason: Late
    waited_for: int
    source: int | None = None


def ignored(trace: Trace, rank: Mapping[Provider, int]) -> tuple[Ignored, ...]:
    """Find the interventions of a trace that 0.4 carried out too late, or never.

    Args:
        trace: the trace as it was written for 0.4; `Operation.needs` says what each operation
            takes.
        rank: the order of all providers of the trace (`orders.rankings`).
    """
    graph = _Graph(trace, rank)
    graph.run()
    return tuple(
        each for node in graph.nodes if node.target is not None for each in graph.late(node)
    )


def carried_out(trace: Trace, rank: Mapping[Provider, int]) -> Mapping[int, int]:
    """When 0.4 carried out each operation and intervention of a trace.

    Args:
        trace: as for `ignored`.
        rank: as for `ignored`.

    Returns:
        By site the rank of the access whose module had run, `BEFORE_ALL` for what waits for none.
    """
    graph = _Graph(trace, rank)
    graph.run()
    times: dict[int, int] = {}
    for node in graph.nodes:
        fired = graph.fired(node)
        times[node.operation.site] = BEFORE_ALL if fired == BEFORE_ALL else graph.turn(fired)
    return times


@dataclass
class _Node:
    """A node of 0.4's graph.

    Args:
        rank: of an access: its provider's rank. None for operations.
        target: of an intervention: the access that it changes.
        fired_by: the access from which the node was executed; None as long as it was not.
    """

    index: int
    operation: Operation
    rank: int | None
    dependencies: frozenset[int]
    target: int | None = None
    fired_by: int | None = None


class _Graph:
    """The nodes of a trace, in the order of the text, and their execution."""

    def __init__(self, trace: Trace, rank: Mapping[Provider, int]) -> None:
        self.rank = rank
        self.nodes: list[_Node] = []
        self.written = expected(trace)
        self.values: dict[int, frozenset[int]] = {}
        for invoke in trace.invokes:
            self.accesses: dict[Provider, int] = {}
            for operation in invoke.operations:
                self.values[operation.site] = self._read(operation)
        self.following = list(range(len(self.nodes) + 1))

    def _read(self, operation: Operation) -> frozenset[int]:
        """Add an operation's nodes; return those that its value consists of."""
        if isinstance(operation, Get):
            return self._get(operation)
        if isinstance(operation, Swap):
            return frozenset({self._swap(operation)})
        if isinstance(operation, Write):
            source = self.values[operation.got]
            return frozenset({self._add(operation, source, target=self._root(source))})
        if isinstance(operation, Compute):
            return frozenset({self._add(operation)})
        return self._carried(operation)

    def _carried(self, operation: Operation) -> frozenset[int]:
        """The nodes of a value that a name or a container carries."""
        if isinstance(operation, Define | Put):
            return self._union(operation.needs)
        if isinstance(operation, Use):
            sight = self.written.uses[operation.site]
            return self._union([sight] if isinstance(sight, int) else [])
        if isinstance(operation, Take):
            # Of several items that it may be, that of the first is there the earliest.
            sites = self.written.takes[operation.site]
            return self._union(sites[:1] if operation.one else sites)
        return frozenset()

    def _union(self, sites: Iterable[int]) -> frozenset[int]:
        return frozenset().union(*(self.values.get(site, frozenset()) for site in sites))

    def _get(self, get: Get) -> frozenset[int]:
        """An access; the first input is taken out of all the inputs by an operation of its own."""
        access = self._access(get, get.provider)
        if get.provider.point is Point.INPUT:
            return frozenset({self._add(get, frozenset({access}))})
        return frozenset({access})

    def _access(self, operation: Operation, provider: Provider) -> int:
        """The node of an access: one for each provider of an invoke, and a new one after a swap."""
        if provider not in self.accesses:
            self.accesses[provider] = self._add(operation, rank=self.rank[provider])
        return self.accesses[provider]

    def _swap(self, swap: Swap) -> int:
        access = self._access(swap, swap.provider)
        del self.accesses[swap.provider]
        return self._add(swap, frozenset({access}), target=access)

    def _add(
        self,
        operation: Operation,
        sources: frozenset[int] = frozenset(),
        rank: int | None = None,
        target: int | None = None,
    ) -> int:
        needs = frozenset() if rank is not None else self._union(operation.needs)
        index = len(self.nodes)
        self.nodes.append(_Node(index, operation, rank, sources | needs, target))
        return index

    def _root(self, source: frozenset[int]) -> int:
        """The access that a value was read from."""
        index = min(source)
        while self.nodes[index].rank is None:
            index = min(self.nodes[index].dependencies)
        return index

    def run(self) -> None:
        """Let the modules run: each of their accesses executes what follows it.

        Before the model runs the graph is executed once from its top, up to the first access; if
        that is the very first node, the execution begins there and so goes on behind it.
        """
        begins_with_access = bool(self.nodes) and self.nodes[0].rank is not None
        self._walk(1 if begins_with_access else 0, BEFORE_ALL)
        accesses = [(node.rank, node.index) for node in self.nodes if node.rank is not None]
        for _, index in sorted(accesses):
            self._execute(self.nodes[index], index)
            self._walk(index, index)

    def _walk(self, start: int, access: int) -> None:
        """Execute what waits from `start` on, on behalf of an access."""
        index = self._waiting(start)
        while index < len(self.nodes) and self._ready(self.nodes[index]):
            self._execute(self.nodes[index], access)
            index = self._waiting(index)

    def _ready(self, node: _Node) -> bool:
        """Whether a waiting node can be executed; an access cannot before its module ran."""
        return node.rank is None and all(
            self.nodes[each].fired_by is not None for each in node.dependencies
        )

    def _execute(self, node: _Node, access: int) -> None:
        node.fired_by = access
        self.following[node.index] = node.index + 1

    def _waiting(self, index: int) -> int:
        """The first node from `index` on that is not executed; the way there is shortened."""
        passed = []
        while self.following[index] != index:
            passed.append(index)
            index = self.following[index]
        for each in passed:
            self.following[each] = index
        return index

    def late(self, node: _Node) -> tuple[Ignored, ...]:
        """The intervention of a node, if it came late."""
        assert node.target is not None
        if self._in_time(node, self.nodes[node.target]):
            return ()
        fired = self.nodes[self.fired(node)].operation.site
        source = self._later_source(node, node.target)
        if source is None:
            return (Ignored(node.operation.site, Late.OPERATION, fired),)
        site = self.nodes[source].operation.site
        return (Ignored(node.operation.site, Late.BACKWARD, fired, site),)

    def _in_time(self, node: _Node, access: _Node) -> bool:
        """A swap counts when its own access is done, a write as long as the module is."""
        fired = self.fired(node)
        if isinstance(node.operation, Swap):
            return fired == access.index
        return self.nodes[fired].rank == access.rank

    def fired(self, node: _Node) -> int:
        """The access from which a node was executed.

        Every node is, in the end: where the last of those before it is executed, what it needs is
        there, and the walk goes on to it.
        """
        assert node.fired_by is not None
        return node.fired_by

    def _later_source(self, node: _Node, target: int) -> int | None:
        """An access that the intervention's value comes from, and that runs after its target."""
        limit = self._turn(target)
        seen: set[int] = set()
        waiting = list(node.dependencies)
        while waiting:
            index = waiting.pop()
            if index in seen:
                continue
            seen.add(index)
            if self.nodes[index].rank is not None and self._turn(index) > limit:
                return index
            waiting.extend(self.nodes[index].dependencies)
        return None

    def turn(self, access: int) -> int:
        """The rank of an access."""
        rank = self.nodes[access].rank
        assert rank is not None
        return rank

    def _turn(self, access: int) -> tuple[int, int]:
        return self.turn(access), access
