"""Where barriers go, which names need a container, and what cannot be helped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import Enum

from nnmigrate.classes import dataclass
from nnmigrate.schedule.values import Define, Invoke, Operation, Put, Take, Trace, Use, Wait


@dataclass(frozen=True)
class Place:
    """A statement of an invoke, before or after which something goes.

    Args:
        step: where the statement is a loop and the place is inside its body, the step of one turn.
    """

    invoke: int
    statement: int
    step: int | None = None


@dataclass(frozen=True)
class Barrier:
    """A barrier that makes definitions visible in time.

    Args:
        number: names it in its plan.
        producer: the barrier is called right after this statement, which makes the definitions.
        consumers: it is called right before each of these statements, which are in different
            invokes.
        uses: the uses or takes that need it.
        definitions: the definitions or items that they need.
    """

    number: int
    producer: Place
    consumers: tuple[Place, ...]
    uses: tuple[int, ...]
    definitions: tuple[int, ...]

    @property
    def participants(self) -> int:
        """How many invokes call it."""
        return 1 + len(self.consumers)


class Reason(Enum):
    """Why no barrier lets a use see its definition."""

    BACKWARD = "the user has to go on before the value is there"
    SAME_STATEMENT = "the statement reads an earlier module before it uses the value"
    PRODUCER_GOES_ON = "the statement that makes the value goes on to modules after the user's next"
    ORDER_UNKNOWN = "it depends on an order of modules that is not known"
    CONFLICT = "together with the other barriers of the trace something is missed"


@dataclass(frozen=True)
class Infeasible:
    """A use that cannot see its definition as things stand.

    Args:
        sink: the first later statement of the invoke before which the use would work, if there is
            one.
    """

    use: int
    definition: int
    reason: Reason
    sink: Place | None = None


class Unsafe(Enum):
    """Why a name does not carry a value from one invoke to another."""

    NOTHING = "None is never shared"
    OUTER = "the name is bound outside the invokes"
    SEVERAL_PRODUCERS = "more than one invoke binds the name"
    REBOUND = "the invoke binds the name more than once"
    FOREIGN = "a helper's frame shares its own names instead"


@dataclass(frozen=True)
class NeedsContainer:
    """A use whose value has to travel in a container that the trace's body makes."""

    use: int
    definition: int
    name: str
    reason: Unsafe


@dataclass(frozen=True)
class Plan:
    """What makes a trace's uses see what is written, in every order that its modules can have.

    Args:
        barriers: in the order in which to call those that meet at one place.
    """

    barriers: tuple[Barrier, ...] = ()
    containers: tuple[NeedsContainer, ...] = ()
    infeasible: tuple[Infeasible, ...] = ()


def with_plan(trace: Trace, plan: Plan) -> Trace:
    """Carry out a plan: call its barriers, and send the values that need it through containers.

    A use that goes through a container becomes a `Take` of the same site.
    """
    moved = {need.use: need for need in plan.containers}
    puts = put_sites(trace, plan)
    fresh = last_site(trace) + 1 + len(puts)
    calls = _calls(plan, fresh)
    invokes = tuple(
        replace(invoke, operations=tuple(_carried(number, invoke, calls, moved, puts)))
        for number, invoke in enumerate(trace.invokes)
    )
    sizes = tuple((_name(barrier), barrier.participants) for barrier in plan.barriers)
    return replace(trace, invokes=invokes, barriers=trace.barriers + sizes)


def put_sites(trace: Trace, plan: Plan) -> Mapping[int, int]:
    """The site of the `Put` that `with_plan` adds after each definition that needs a container."""
    definitions = dict.fromkeys(need.definition for need in plan.containers)
    return {site: number for number, site in enumerate(definitions, last_site(trace) + 1)}


def last_site(trace: Trace) -> int:
    """The greatest site of a trace; whatever is added gets greater ones."""
    return max((op.site for invoke in trace.invokes for op in invoke.operations), default=0)


def place(invoke: int, operation: Operation, inside: bool = False) -> Place:
    """The place of an operation: its statement, or its step `inside` that."""
    return Place(invoke, operation.statement, operation.step if inside else None)


def holds(where: Place, operation: Operation) -> bool:
    """Whether an operation of the place's invoke belongs to it."""
    if where.step is not None and operation.step != where.step:
        return False
    return operation.statement == where.statement


_Calls = tuple[dict[Place, list[Wait]], dict[Place, list[Wait]]]


def _name(barrier: Barrier) -> str:
    return f"planned {barrier.number}"


def _calls(plan: Plan, fresh: int) -> _Calls:
    """The calls that go before, and those that go after, each place."""
    before: dict[Place, list[Wait]] = {}
    after: dict[Place, list[Wait]] = {}
    for barrier in plan.barriers:
        for places, calls in (((barrier.producer,), after), (barrier.consumers, before)):
            for where in places:
                wait = Wait(fresh, where.statement, _name(barrier), step=where.step)
                calls.setdefault(where, []).append(wait)
                fresh += 1
    return before, after


def _carried(
    number: int,
    invoke: Invoke,
    calls: _Calls,
    moved: Mapping[int, NeedsContainer],
    puts: Mapping[int, int],
) -> Iterator[Operation]:
    """The invoke's operations with the plan's among them."""
    previous: Operation | None = None
    for operation in invoke.operations:
        yield from _between(number, previous, operation, calls)
        yield from _sent(operation, moved, puts)
        previous = operation
    yield from _between(number, previous, None, calls)


def _between(
    number: int, left: Operation | None, right: Operation | None, calls: _Calls
) -> Iterator[Wait]:
    """The calls between two neighbours: after what ends there, then before what begins there."""
    before, after = calls
    for inside in (True, False):
        if left and _edge(number, left, right, inside):
            yield from after.get(place(number, left, inside), ())
    for inside in (False, True):
        if right and _edge(number, right, left, inside):
            yield from before.get(place(number, right, inside), ())


def _edge(number: int, here: Operation, other: Operation | None, inside: bool) -> bool:
    """Whether the place of `here` has its border towards `other`."""
    if inside and here.step is None:
        return False
    return other is None or not holds(place(number, here, inside), other)


def _sent(
    operation: Operation, moved: Mapping[int, NeedsContainer], puts: Mapping[int, int]
) -> Iterator[Operation]:
    """An operation, or what stands for it where its value goes through a container."""
    if isinstance(operation, Use) and operation.site in moved:
        need = moved[operation.site]
        yield Take(
            operation.site, operation.statement, _box(need), need.definition, step=operation.step
        )
        return
    yield operation
    if isinstance(operation, Define) and operation.site in puts:
        box = f"planned {operation.name}"
        key = operation.site
        yield Put(puts[key], operation.statement, box, key, step=operation.step)


def _box(need: NeedsContainer) -> str:
    return f"planned {need.name}"
