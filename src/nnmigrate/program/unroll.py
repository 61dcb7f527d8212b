"""Turns a trace into the schedule's values: loops unrolled, branches chosen.

The result is what one run of the trace does; where a condition is not known, there is one result
for each way it may go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field, replace

from nnmigrate.classes import dataclass
from nnmigrate.program.conditions import Choice, choices
from nnmigrate.program.holdings import Holdings, keeps_object, names_bound, refilled
from nnmigrate.program.model import Block, Invoke, Statement, Trace
from nnmigrate.program.runs import NotFollowed, Origin, Unrolled
from nnmigrate.program.steps import (
    Access,
    BarrierCall,
    BarrierMade,
    Bind,
    Collect,
    Compute,
    Item,
    Loop,
    Mutation,
    Read,
    Repeat,
    Save,
    Step,
    Told,
    Write,
)
from nnmigrate.program.turns import (
    Turns,
    at_turn,
    is_open,
    item_key,
    numbered,
    open_turns,
    turned,
    turns_of,
)
from nnmigrate.program.values import Constant, Container, Items, Traced
from nnmigrate.schedule import values as schedule

__all__ = ["NotFollowed", "Origin", "Unrolled", "unroll"]

# A trace that does more than this, or turns in its loops more often, is not followed.
MAX_OPERATIONS = 4000

# What leaves a suite before its end.
_LEAVING = frozenset("Break Continue Return Raise".split())

# What moves on to the next generated token, and what reads one module or another.
_ITERATING = "next all iter[] tracer.iter tracer.iter[] tracer.all".split()
_UNFOLLOWED = dict.fromkeys(_ITERATING, "the invoke iterates over generated tokens")
_UNFOLLOWED["either"] = "it is not known which of two modules an expression reads"
_UNFOLLOWED["barrier"] = "a function that is not in view is given a barrier"


def unroll(trace: Trace, outer: Iterable[str], empty: Iterable[str] = ()) -> tuple[Unrolled, ...]:
    """The runs that a trace may have.

    Args:
        trace: a trace with invokes.
        outer: the names that are bound outside the trace when it starts.
        empty: those of them that are bound to a collection that has no items then.

    Raises:
        NotFollowed: it does something that is not modelled, such as iterating over tokens.
    """
    if not trace.invokes:
        raise NotFollowed("a session has no run of its own")
    bound = frozenset(outer)
    return tuple(Unroller(trace, choice, empty).run(bound) for choice in choices(trace))


@dataclass
class Sink:
    """The operations of one invoke while they are collected."""

    number: int
    operations: list[schedule.Operation] = field(default_factory=list)
    # The names of a helper's or comprehension's frame, with the sites that bound them.
    foreign: dict[str, int] = field(default_factory=dict)


@dataclass
class Place:
    """Where the operations being collected stand."""

    number: int
    statement: Statement
    innermost: Statement
    step: int | None = None


class Unroller:
    """Unrolls one trace for one choice of its conditions."""

    def __init__(self, trace: Trace, choice: Choice, empty: Iterable[str]) -> None:
        self.trace, self.choice = trace, choice
        self.numbers = {id(invoke.statement): n for n, invoke in enumerate(trace.invokes)}
        self.bound = frozenset(names_bound(trace))
        self.refilled = refilled(trace)
        self.captured: dict[str, int] = {}
        self.holdings = Holdings(empty)
        self.invokes: list[schedule.Invoke] = []
        self.instances: list[int] = []
        self.instance_turns: list[tuple[tuple[str, int], ...]] = []
        self.origins: dict[int, Origin] = {}
        self.barriers: dict[str, int] = {}
        self.made: dict[int, int | None] = {}
        # How often each barrier's creation has run: a barrier made in a loop is many.
        self.times: dict[int, int] = {}
        self.providers: dict[int, schedule.Provider] = {}
        self.latest: dict[int, int] = {}
        self.complete, self.open_turns = True, open_turns(trace)
        self.site = self.turned = 0
        self.before: Step | None = None

    def run(self, outer: frozenset[str]) -> Unrolled:
        if self.trace.explicit:
            self._level(self.trace.body, {})
        else:
            self._invoke(self.trace.invokes[0], {})
        made = schedule.Trace(tuple(self.invokes), outer & self.bound, tuple(self.barriers.items()))
        return Unrolled(
            made,
            self.origins,
            tuple(self.instances),
            tuple(self.instance_turns),
            self.complete,
        )

    def _next(self) -> int:
        self.site += 1
        if self.site > MAX_OPERATIONS:
            raise NotFollowed("the trace is too long to be followed")
        return self.site

    # --- the trace's own level --------------------------------------------------------------------

    def _level(self, block: Block, turns: Turns) -> str:
        """Statements beside the invokes: they bind names that the invokes capture.

        Returns:
            What leaves the suite before its end: `Break`, `Continue`, `Return`, `Raise` or nothing.
        """
        for statement in block.statements:
            if id(statement) in self.numbers:
                self._invoke(self.trace.invokes[self.numbers[id(statement)]], turns)
                continue
            self._level_steps(statement.steps, statement, turns)
            left = statement.kind if statement.kind in _LEAVING else ""
            if statement.loop is not None:
                left = self._level_loop(statement, statement.loop, turns)
            for inner in () if statement.loop is not None else self._chosen(statement, turns):
                left = left or self._level(inner, turns)
            if left:
                return left
        return ""

    def _level_loop(self, statement: Statement, loop: Loop, turns: Turns) -> str:
        for each in self._turns(loop, turns):
            self._level_steps(statement.turn, statement, each)
            left = self._level(statement.blocks[0], each)
            if left in ("Return", "Raise"):
                return left
            if left == "Break":
                return ""
        for orelse in statement.blocks[1:]:
            return self._level(orelse, turns)
        return ""

    def _level_steps(self, steps: Iterable[Step], statement: Statement, turns: Turns) -> None:
        """What a statement beside the invokes does; 0.5 does it before any of them."""
        before: Step | None = None
        for step in steps:
            if isinstance(step, Told) and step.what == "helper-invoke":
                raise NotFollowed("a helper opens an invoke")
            if isinstance(step, BarrierMade):
                self.made[step.site] = step.count
                self.times[step.site] = self.times.get(step.site, 0) + 1
            elif isinstance(step, Mutation):
                # How many items it has by now is not counted here.
                self.holdings.lose_count(self.holdings.container(step.base, step.path))
            elif isinstance(step, Repeat):
                self._level_steps(step.steps, statement, turns)
            elif isinstance(step, Bind) and not step.foreign and step.how != "with":
                self.captured[step.name] = self._next()
                self.holdings.bound(step, self.captured[step.name], before)
            before = step

    def _turns(self, loop: Loop, turns: Turns) -> Iterator[Turns]:
        self.complete = self.complete and loop.turns is not None
        for turn in range(turns_of(loop, self.open_turns)):
            # Loops within loops turn ever more often, also where they do nothing.
            self.turned += 1
            if self.turned > MAX_OPERATIONS:
                raise NotFollowed("the trace is too long to be followed")
            yield {**turns, **turned(loop, turn)}

    def _chosen(self, statement: Statement, turns: Turns) -> Iterator[Block]:
        """The suites of a statement that run."""
        if statement.kind == "Match":
            raise NotFollowed("it is not known which case of a match statement runs")
        if statement.kind in ("If", "Elif"):
            wanted = "body" if self.choice.of(statement, turns) else "orelse"
            yield from (block for block in statement.blocks if block.name == wanted)
        else:
            yield from (block for block in statement.blocks if block.name not in ("handler",))

    # --- invokes ----------------------------------------------------------------------------------

    def _invoke(self, invoke: Invoke, turns: Turns) -> None:
        number = 0 if invoke.implicit else self.numbers[id(invoke.statement)]
        sink = Sink(number)
        for count, statement in enumerate(invoke.body.statements):
            if self._statement(sink, Place(count, statement, statement), statement, turns):
                break
        captured = () if invoke.implicit else tuple(self.captured.items())
        self.invokes.append(schedule.Invoke(tuple(sink.operations), captured))
        self.instances.append(number)
        self.instance_turns.append(numbered(turns))

    def _statement(self, sink: Sink, place: Place, statement: Statement, turns: Turns) -> str:
        """Runs a statement; the result is that of `_level`."""
        if statement.opens is not None and statement.opens.kind != "backward":
            raise NotFollowed(f"the invoke enters {statement.opens.kind}")
        at = replace(place, innermost=statement)
        self._steps(sink, at, statement.steps, turns)
        if statement.kind in _LEAVING:
            return statement.kind
        if statement.loop is not None:
            return self._loop(sink, at, statement.loop, turns)
        for block in self._chosen(statement, turns):
            left = self._suite(sink, at, block, turns)
            if left:
                return left
        return ""

    def _suite(self, sink: Sink, place: Place, block: Block, turns: Turns) -> str:
        for inner in block.statements:
            left = self._statement(sink, place, inner, turns)
            if left:
                return left
        return ""

    def _loop(self, sink: Sink, at: Place, loop: Loop, turns: Turns) -> str:
        statement, count = at.innermost, 0
        for each in self._turns(loop, turns):
            self._steps(sink, at, statement.turn, each)
            left = ""
            for inner in statement.blocks[0].statements:
                # Only the turns of the outermost loop have steps of their own.
                step = count if at.step is None else at.step
                left = left or self._statement(sink, replace(at, step=step), inner, each)
                count += 1
            if left in ("Return", "Raise"):
                return left
            if left == "Break":
                return ""
        for orelse in statement.blocks[1:]:
            return self._suite(sink, at, orelse, turns)
        return ""

    def _steps(self, sink: Sink, place: Place, steps: Iterable[Step], turns: Turns) -> None:
        for step in steps:
            if isinstance(step, Repeat):
                for each in self._turns(step.loop, turns):
                    self._steps(sink, place, step.steps, each)
                continue
            origin = Origin(step, sink.number, place.statement, place.innermost, numbered(turns))
            if isinstance(step, Collect):
                self.holdings.collect(step, item_key(step, turns), self._needs(sink, origin))
                continue
            operation = self._operation(sink, place, step, turns)
            self.before = step
            done = [] if operation is None else [operation]
            done = [replace(one, needs=self._needs(sink, origin)) for one in done]
            if isinstance(step, Bind) and not step.foreign:
                done += self._filled(place, step)
            for made in done:
                sink.operations.append(made)
                self.origins[made.site] = origin

    def _needs(self, sink: Sink, origin: Origin) -> tuple[int, ...]:
        """The operations of the same statement and turn whose values a step takes."""
        reach = origin.reach
        if reach is None:
            return ()
        found = []
        for operation in reversed(sink.operations):
            other = self.origins[operation.site]
            same_turn = other.turns[: len(origin.turns)] == origin.turns
            if other.innermost is not origin.innermost or not same_turn:
                break
            if reach.holds(other.step.span) and not _reaches_item(other.step):
                found.append(operation.site)
        return tuple(reversed(found))

    def _operation(
        self, sink: Sink, place: Place, step: Step, turns: Turns
    ) -> schedule.Operation | None:
        if isinstance(step, Access):
            return self._access(sink, place, step, turns)
        if isinstance(step, Bind):
            return self._bind(sink, place, step)
        if isinstance(step, Read) and step.name in self.bound and not step.foreign:
            return schedule.Use(self._next(), place.number, step.name, step=place.step)
        if isinstance(step, Item) and (not step.reached or step.base in self.refilled):
            read = self.holdings.read(step, item_key(step, turns))
            if read is None:
                return None
            one = not step.whole
            return schedule.Take(self._next(), place.number, *read, one=one, step=place.step)
        if isinstance(step, Mutation):
            return self._put(sink, place, step, turns)
        if isinstance(step, BarrierCall):
            return self._wait(place, step, turns)
        if isinstance(step, (Compute, Save)):
            return schedule.Compute(self._next(), place.number, step=place.step)
        if isinstance(step, Write) and step.got in self.latest:
            got = self.latest[step.got]
            return schedule.Write(
                self._next(), place.number, self.providers[got], got, step=place.step
            )
        if isinstance(step, Told) and step.what in _UNFOLLOWED:
            raise NotFollowed(_UNFOLLOWED[step.what])
        return None

    def _access(self, sink: Sink, place: Place, step: Access, turns: Turns) -> schedule.Operation:
        provider = at_turn(step.provider, turns)
        foreign = tuple(sink.foreign.items()) if step.foreign else None
        if not step.foreign:
            sink.foreign.clear()
        site = self._next()
        self.providers[site], self.latest[step.site] = provider, site
        if step.swap:
            return schedule.Swap(site, place.number, provider, foreign, step=place.step)
        frame = (foreign, step.comprehension, step.inlined)
        return schedule.Get(site, place.number, provider, *frame, step=place.step)

    def _bind(self, sink: Sink, place: Place, step: Bind) -> schedule.Operation | None:
        site = self._next()
        if step.foreign:
            sink.foreign[step.name] = site
            return None
        if step.how == "delete":
            raise NotFollowed("the invoke deletes a name")
        if keeps_object(step):
            return None
        self.holdings.bound(step, site, self.before)
        nothing = isinstance(step.value, Constant) and step.value.value is None
        return schedule.Define(site, place.number, step.name, nothing, step=place.step)

    def _put(self, sink: Sink, place: Place, step: Mutation, turns: Turns) -> schedule.Operation:
        container = self.holdings.container(step.base, step.path)
        key = item_key(step, turns)
        if step.how == "setitem" and isinstance(step.value, (Container, Items)):
            # `shared["hs"] = hs`: what is put into the list later is put there as well.
            reads = (self.origins[o.site].step for o in reversed(sink.operations))
            named = (r for r in reads if isinstance(r, Read) and r.span == step.value_span)
            self.holdings.hold(container, key, next(named, None))
        if step.how == "method" and step.method == "append" and not step.depth:
            key = self.holdings.append(container)
        self.holdings.put(container, key, step.counter if is_open(turns) else None)
        return schedule.Put(self._next(), place.number, container, key, step=place.step)

    def _filled(self, place: Place, step: Bind) -> Iterator[schedule.Operation]:
        """The items that a collection has from the start."""
        container = self.holdings.container(step.name, step.name)
        for key, counter, needs in self.holdings.collected(step, complete=self.complete):
            put = schedule.Put(self._next(), place.number, container, key, step=place.step)
            self.holdings.put(container, key, None if self.complete else counter)
            yield replace(put, needs=needs)

    def _wait(self, place: Place, step: BarrierCall, turns: Turns) -> schedule.Operation:
        count = self.made.get(step.made)
        if count is None:
            raise NotFollowed("the barrier's number of participants is not known")
        key = item_key(step, turns)
        listed = step.text.endswith("]")
        if listed and (key is None or (isinstance(key, int) and key < 0)):
            raise NotFollowed("it is not known which of several barriers is called")
        name = f"{step.made} {key if listed else self.times[step.made]}"
        self.barriers[name] = count
        return schedule.Wait(self._next(), place.number, name, step=place.step)


def _reaches_item(step: Step) -> bool:
    """Whether a name is read only to reach an item, on which alone the value depends."""
    return isinstance(step, Read) and step.partial and not isinstance(step.value, Traced)
