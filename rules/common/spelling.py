"""Spells the schedule's plan for a trace as edits: barriers, and a dictionary of values."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property

from nnmigrate import schedule
from nnmigrate.classes import dataclass
from nnmigrate.program import (
    BarrierCall,
    BarrierMade,
    Bind,
    Block,
    Program,
    Read,
    Statement,
    Trace,
)
from nnmigrate.schedule.values import Get, Swap, Wait
from nnmigrate.spans import Edit

from .crossings import Run
from .editing import fresh_name, lines_after, lines_before, merged, movable, removed


class NotSpelled(Exception):
    """A plan that cannot be written into the code as it stands."""


@dataclass(frozen=True)
class _SourcePlace:
    """A statement of an invoke's body, or of a loop in it."""

    invoke: int
    statement: Statement
    in_loop: bool


@dataclass
class Speller:
    """Collects the lines that a plan puts into a trace."""

    program: Program
    trace: Trace
    run: Run
    before: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    after: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    statements: dict[int, Statement] = field(default_factory=dict)
    others: list[Edit] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    freed: set[str] = field(default_factory=set)
    names: list[str] = field(default_factory=list)

    def edits(self) -> tuple[Edit, ...]:
        """All edits of the plan, sorted.

        Raises:
            NotSpelled: something stands where no line can be put.
        """
        self._remove_barriers()
        self._carry()
        self._add_barriers()
        for statement in self.statements.values():
            if not movable(statement):
                raise NotSpelled
        edits = [*self.others, *self._lines()]
        return merged(edits)

    def message(self) -> str:
        """What the edits do."""
        parts = []
        if self.run.repair.removed and self.run.plan.barriers:
            parts.append("move the barrier to where the values cross")
        elif self.run.repair.removed:
            parts.append("remove the barrier, which nothing needs")
        elif self.run.plan.barriers:
            count = len({b for b in self.names if b.startswith("barrier")})
            parts.append("add a barrier" if count == 1 else f"add {count} barriers")
        if self.run.plan.containers:
            names = sorted({need.name for need in self.run.plan.containers})
            parts.append("carry " + ", ".join(f"`{name}`" for name in names) + " in a dictionary")
        text = " and ".join(parts)
        return text[0].upper() + text[1:]

    # --- lines ------------------------------------------------------------------------------------

    def _put_before(self, statement: Statement, text: str) -> None:
        self.statements[id(statement)] = statement
        self.before[id(statement)].append(text)

    def _put_after(self, statement: Statement, text: str) -> None:
        self.statements[id(statement)] = statement
        self.after[id(statement)].append(text)

    def _lines(self) -> Iterator[Edit]:
        for key, statement in self.statements.items():
            if self.after[key]:
                yield lines_after(self.program, statement, *self.after[key])
        for key, statement in self.statements.items():
            if self.before[key]:
                yield lines_before(self.program, statement, *self.before[key])

    def _fresh(self, wish: str) -> str:
        free = wish in self.freed and wish not in self.taken
        name = wish if free else fresh_name(self.program, wish, self.taken)
        self.taken.add(name)
        self.names.append(name)
        return name

    # --- barriers that go -------------------------------------------------------------------------

    def _remove_barriers(self) -> None:
        """Removes the calls of the barriers that go, and their creation if no call is left."""
        gone = {int(name.split(" ")[0]) for name in self.run.repair.removed}
        kept = {int(name.split(" ")[0]) for _, name in self.run.repair.kept}
        if gone & kept:
            raise NotSpelled
        for statement in self.trace.statement.walk():
            if any(_concerns_barrier(step, gone) for step in statement.steps):
                if len(statement.blocks) or not movable(statement):
                    raise NotSpelled
                self.others.append(removed(statement))
                self.freed |= {step.name for step in statement.steps if isinstance(step, Bind)}

    # --- containers -------------------------------------------------------------------------------

    def _carry(self) -> None:
        """Puts values that names do not carry into a dictionary that the trace's body makes."""
        meant = schedule.expected(self.run.unrolled.trace).uses
        needed = {self.run.origin(need.use).step.site for need in self.run.plan.containers}
        shared: dict[int, str] = {}
        keys = _Keys()
        for use_step in sorted(needed):
            pairs = self._occurrences(use_step, meant)
            home = self._common_block(pairs).statements[0]
            if id(home) not in shared:
                shared[id(home)] = self._fresh("shared")
                self._put_before(home, f"{shared[id(home)]} = {{}}")
            self._carry_one(pairs[0], shared[id(home)], keys)

    @cached_property
    def _turns_of(self) -> Mapping[int, list[int]]:
        """By step, its operations."""
        found: dict[int, list[int]] = {}
        for site, origin in self.run.unrolled.origins.items():
            found.setdefault(origin.step.site, []).append(site)
        return found

    @cached_property
    def _instances(self) -> Mapping[int, int]:
        return schedule.instances(self.run.unrolled.trace)

    def _occurrences(
        self, use_step: int, meant: Mapping[int, schedule.Sight]
    ) -> list[tuple[int, int]]:
        """The definition and the use at every turn; all must be of one text."""
        pairs = []
        for site in self._turns_of[use_step]:
            definition = meant.get(site)
            if not isinstance(definition, int) or definition not in self.run.unrolled.origins:
                raise NotSpelled
            pairs.append((definition, site))
        if len({self.run.origin(definition).step.site for definition, _ in pairs}) != 1:
            raise NotSpelled
        return pairs

    def _carry_one(self, pair: tuple[int, int], shared: str, keys: _Keys) -> None:
        definition, use = self.run.origin(pair[0]), self.run.origin(pair[1])
        if not isinstance(definition.step, Bind) or not isinstance(use.step, Read):
            raise NotSpelled
        if definition.step.how not in ("assign", "augment", "unpack", "walrus"):
            raise NotSpelled
        site = definition.step.site
        name = definition.step.name
        if site not in keys.given:
            self._put_after(self._settled(pair[0]), f'{shared}["{keys.give(site, name)}"] = {name}')
        self._replace_use(use.step, use.innermost, f'{shared}["{keys.given[site]}"]')

    def _settled(self, site: int) -> Statement:
        """The statement behind which a definition is final: a whole loop, if it ends with it."""
        origin = self.run.origin(site)
        invoke = self.run.unrolled.trace.invokes[self._instances[site]]
        number = next(op.statement for op in invoke.operations if op.site == site)
        later = [op for op in invoke.operations if op.statement == number and op.site > site]
        waits = any(isinstance(op, (Get, Swap, Wait)) for op in later)
        return origin.innermost if waits else origin.statement

    def _replace_use(self, step: Read, statement: Statement, text: str) -> None:
        code = self.program.text(statement.span)
        if step.span.of(self.program.code) != step.name or _augments(statement, step.name):
            raise NotSpelled
        if re.search(r"\b[rRbB]?[fFtT][rRbB]?\"", code):
            text = text.replace('"', "'")
            if re.search(r"\b[rRbB]?[fFtT][rRbB]?'", code):
                raise NotSpelled
        self.others.append(Edit(step.span, text))

    # --- barriers that come -----------------------------------------------------------------------

    def _add_barriers(self) -> None:
        kept = {number for number, _ in self.run.repair.kept}
        groups: dict[tuple[_SourcePlace, ...], list[schedule.Barrier]] = defaultdict(list)
        for barrier in self.run.plan.barriers:
            if barrier.number not in kept:
                groups[self._source_places(barrier)].append(barrier)
        for places, barriers in groups.items():
            self._add_barrier(places, barriers, alone=len(groups) == 1)

    def _source_places(self, barrier: schedule.Barrier) -> tuple[_SourcePlace, ...]:
        consumers = dict.fromkeys(map(self._source_place, barrier.consumers))
        return (self._source_place(barrier.producer), *consumers)

    def _source_place(self, place: schedule.Place) -> _SourcePlace:
        number = self.run.unrolled.instances[place.invoke]
        statement = self.trace.invokes[number].body.statements[place.statement]
        if place.step is None:
            return _SourcePlace(number, statement, in_loop=False)
        children = statement.blocks[0].statements
        return _SourcePlace(number, children[place.step % len(children)], in_loop=True)

    def _add_barrier(
        self,
        places: tuple[_SourcePlace, ...],
        barriers: Sequence[schedule.Barrier],
        *,
        alone: bool,
    ) -> None:
        listed = self._listed(places, barriers)
        home = self.trace.body if listed else self._home(places, barriers)
        tracer = self.trace.entered.name
        assert tracer is not None
        stem = "barriers" if listed else "barrier"
        name = self._fresh(stem if alone else f"{stem}_{self._named(barriers[0])}")
        made = f"{tracer}.barrier({barriers[0].participants})"
        if listed:
            made = f"[{made} for _ in range({len(barriers)})]"
        self._put_before(home.statements[0], f"{name} = {made}")
        self._put_after(places[0].statement, f"{name}{_indexed(listed, 0)}()")
        for place in places[1:]:
            self._put_before(place.statement, f"{name}{_indexed(listed, 1)}()")

    def _listed(
        self, places: tuple[_SourcePlace, ...], barriers: Sequence[schedule.Barrier]
    ) -> tuple[str, str] | None:
        """The loops' variables, where turn by turn of a loop serves turn by turn of the invokes.

        Each turn has a barrier of its own then, and they make a list.
        """
        if len(places) != 2 or not places[0].in_loop or places[1].in_loop:
            return None
        producer, consumer = (self.trace.invokes[place.invoke] for place in places)
        outer = next(s for s in producer.body.statements if s.span.holds(places[0].statement.span))
        if producer.parents or len(consumer.parents) != 1:
            return None
        loops = (outer, consumer.parents[0])
        counts = tuple(range(len(barriers)))
        for statement in loops:
            if statement.loop is None or statement.loop.numbers != counts:
                return None
        children = len(outer.blocks[0].statements)
        for turn, barrier in enumerate(barriers):
            step, instance = barrier.producer.step, barrier.consumers[0].invoke
            turns = [number for _, number in self.run.unrolled.turns[instance]]
            if step is None or step // children != turn or turns != [turn]:
                return None
        first, second = (_variable(statement) for statement in loops)
        return (first, second) if first and second else None

    def _named(self, barrier: schedule.Barrier) -> str:
        step = self.run.origin(barrier.definitions[0]).step
        name = step.name if isinstance(step, Bind) else getattr(step, "base", "")
        return re.sub(r"\W", "_", name) or "values"

    def _home(
        self, places: tuple[_SourcePlace, ...], barriers: Sequence[schedule.Barrier]
    ) -> Block:
        """The suite at whose start the barriers of one group are made.

        Raises:
            NotSpelled: one call in the text cannot stand for what the plan wants at every turn.
        """
        if any(place.in_loop for place in places):
            self._check_lock_step(places, barriers)
            return self.trace.body
        if len(barriers) == 1:
            self._check_all_instances(barriers[0])
            return self.trace.body
        pairs = [(b.producer.invoke, c.invoke) for b in barriers for c in b.consumers]
        return self._common_loop(pairs)

    def _check_lock_step(
        self, places: tuple[_SourcePlace, ...], barriers: Sequence[schedule.Barrier]
    ) -> None:
        """One barrier serves all turns if every participant calls it at each of its own."""
        if not all(place.in_loop for place in places) or not self.run.unrolled.complete:
            raise NotSpelled
        for place in places:
            body = self.trace.invokes[place.invoke].body
            loops = [s for s in body.statements if s.span.holds(place.statement.span)]
            loop = loops[0].loop
            if loop is None or loop.turns != len(barriers):
                raise NotSpelled
        for barrier in barriers:
            self._check_all_instances(barrier)

    def _check_all_instances(self, barrier: schedule.Barrier) -> None:
        """An invoke in a loop calls the barrier at every turn: every turn must be planned."""
        numbers = self.run.unrolled.instances
        planned = [barrier.producer.invoke, *(c.invoke for c in barrier.consumers)]
        sources = {numbers[i] for i in planned}
        every = [i for i, number in enumerate(numbers) if number in sources]
        in_loop = len(every) > len(sources)
        if sorted(planned) != every or (in_loop and not self.run.unrolled.complete):
            raise NotSpelled
        places = {self._source_place(each) for each in (barrier.producer, *barrier.consumers)}
        if len(places) != len(sources):
            raise NotSpelled  # at some turns an invoke would have to call it elsewhere

    # --- loops of invokes -------------------------------------------------------------------------

    def _common_block(self, pairs: Sequence[tuple[int, int]]) -> Block:
        """The suite in which a container for these definitions and uses is made."""
        instances = schedule.instances(self.run.unrolled.trace)
        return self._common_loop([(instances[a], instances[b]) for a, b in pairs])

    def _common_loop(self, pairs: Sequence[tuple[int, int]]) -> Block:
        """The body of the loop whose every turn has such a pair, or the trace's body."""
        numbers, turns = self.run.unrolled.instances, self.run.unrolled.turns
        producer, consumer = (self.trace.invokes[numbers[i]] for i in pairs[0])
        if len(set(pairs)) == 1 and not turns[pairs[0][0]]:
            return self.trace.body
        if not producer.parents or not turns[pairs[0][0]]:
            return self.trace.body
        if any(turns[a] != turns[b] for a, b in pairs) or producer.parents != consumer.parents:
            raise NotSpelled
        loop = producer.parents[-1]
        if loop.loop is None:
            raise NotSpelled
        return loop.blocks[0]


def _indexed(listed: tuple[str, str] | None, side: int) -> str:
    return f"[{listed[side]}]" if listed else ""


def _variable(statement: Statement) -> str | None:
    """The one name that a for loop counts with."""
    names = [step.name for step in statement.turn if isinstance(step, Bind)]
    return names[0] if len(names) == 1 else None


def _concerns_barrier(step: object, made: set[int]) -> bool:
    if isinstance(step, BarrierCall):
        return step.made in made
    return isinstance(step, BarrierMade) and step.site in made


def _augments(statement: Statement, name: str) -> bool:
    return any(
        isinstance(s, Bind) and s.name == name and s.how == "augment" for s in statement.steps
    )


class _Keys:
    """The keys under which values stand in a dictionary."""

    def __init__(self) -> None:
        self.given: dict[int, str] = {}
        self._used: set[str] = set()
        self._numbers: dict[str, int] = {}

    def give(self, site: int, name: str) -> str:
        """Gives a definition a key of its own, like the name that it binds."""
        key, number = name, self._numbers.get(name, 2)
        while key in self._used:
            key, number = f"{name}_{number}", number + 1
        self._numbers[name] = number
        self._used.add(key)
        self.given[site] = key
        return key
