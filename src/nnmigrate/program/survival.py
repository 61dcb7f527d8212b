"""Which names a trace loses on 0.5: bound in its body, not saved at its end, and wanted afterwards.

When the outermost trace ends, 0.5 writes a name back only if the object that it stands for then is
saved (nnsight 0.5.15, intervention/tracing/base.py, `push`). On 0.4 the body ran in the caller's
own frame, so every name kept its value.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from enum import Enum

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern
from nnmigrate.program.bodies import Placed, placed, reaching, straight
from nnmigrate.program.joins import is_none
from nnmigrate.program.liveness import (
    block_reads_first,
    bound_before,
    only_returned,
    read_after,
    read_by_handler,
    reads_first,
)
from nnmigrate.program.memory import remembered
from nnmigrate.program.model import Program, Remote, Scope, Trace
from nnmigrate.program.steps import Bind, Mutation, Read, Save
from nnmigrate.program.values import (
    Container,
    Envoy,
    Items,
    Traced,
    Tracer,
    Unknown,
    Value,
)
from nnmigrate.spans import Span


class Held(Enum):
    """What a name held on 0.4 when the trace had ended."""

    PLAIN = "plain"
    """A Python value that does not come from the model."""
    COLLECTION = "collection"
    """A collection made in the trace."""
    UNFILLED = "unfilled"
    """A collection made in the trace, of values that were not saved: 0.4 raised for each item."""
    UNSET = "unset"
    """A proxy that was never saved: 0.4 raised when it was used."""
    OPAQUE = "opaque"
    """What a function out of view returned."""


@dataclass(frozen=True, eq=False)
class Lost:
    """A name that a trace loses.

    Args:
        name: the name.
        binds: its bindings that may be the last ones of the body.
        every: all its bindings in the body.
        held: what it held on 0.4.
        before: it may have a value when the trace begins, so that an old value stays in it.
        wanted: it is read after the trace, and not saved.
        needed: the body reads the value from before, which a server does not have.
        kept: it is saved; it is lost all the same if `exported`.
        exported: it is declared `global`: 0.5 writes it into the function's frame instead.
        read: it is read after the trace, saved or not.
        restarts: an invoke reads it and binds it anew, and what it binds does not reach the next.
        caught: it is read where an error leads that may come out of the trace.
        handed: all that reads it hands it on, in a `return`: 0.4 did that with what had no value.
    """

    name: str
    binds: tuple[Placed, ...]
    every: tuple[Placed, ...]
    held: Held
    before: bool
    wanted: bool
    needed: bool
    kept: bool = False
    exported: bool = False
    read: bool = True
    restarts: bool = False
    caught: bool = False
    handed: bool = False


def lost_names(program: Program, trace: Trace) -> Iterator[Lost]:
    """The names that an outermost trace loses, in the order of their first bindings.

    Args:
        program: the program.
        trace: a trace that stands in no session.
    """
    body = Body(program, placed(program, trace))
    for name, bound in body.bound.items():
        every = tuple(one for one in bound if _bind(one).how not in ("declare", "except"))
        if not every:
            continue
        binds = reaching(tuple(bound), name)
        if all(isinstance(_bind(place).value, Tracer) for place in binds):
            continue
        if all(_bind(place).how == "delete" for place in binds) and _stays_inside(trace, name):
            continue
        before = bound_before(trace, name)
        kept = all(map(body.saved_at_end, binds))
        exported = name in globals_of(program, trace.scope)
        read = read_after(program, trace, name)
        wanted = (exported or not kept) and read
        remote = trace.remote is not Remote.NO
        # What an earlier turn of a loop has left is not there on a server either.
        stays = before or (bool(trace.loops) and kept)
        needed = remote and stays and reads_first(program, trace, name)
        lost = [place for place in binds if not body.saved_at_end(place)]
        held = _held(body, trace, lost or binds)
        restarts = held is Held.PLAIN and _restarts(program, trace, name, every)
        if wanted or needed or restarts:
            caught = wanted and read_by_handler(program, trace, name)
            handed = wanted and only_returned(trace, name)
            yield Lost(
                name,
                binds,
                every,
                held,
                before,
                wanted,
                needed,
                kept,
                exported,
                read,
                restarts,
                caught,
                handed,
            )


def _restarts(program: Program, trace: Trace, name: str, every: Sequence[Placed]) -> bool:
    """Whether an invoke takes a name on from the invoke before it: on 0.5 each has its own."""
    invokes = {invoke.statement: invoke for invoke in trace.invokes if not invoke.implicit}
    binders = {place.invoke: place for place in every if place.invoke in invokes}
    repeated = any(not straight(invokes[statement].parents) for statement in binders if statement)
    if len(binders) < 2 and not repeated:
        return False
    return all(
        block_reads_first(program, invokes[statement].body, name)
        for statement in binders
        if statement
    )


@remembered
def globals_of(program: Program, scope: Scope) -> frozenset[str]:
    """The names that a scope declares `global`."""
    if "global" not in program.code:
        return frozenset()
    return frozenset(
        item.name.value
        for statement in scope.body.walk()
        if isinstance(statement.node, cst.Global)
        for item in statement.node.names
    )


def _bind(place: Placed) -> Bind:
    assert isinstance(place.step, Bind)
    return place.step


# --- saved ----------------------------------------------------------------------------------------


class Body:
    """The steps of a trace's body, by the names that they are about."""

    def __init__(self, program: Program, body: Sequence[Placed]) -> None:
        self.program = program
        # The last save of each name, and the bindings to each expression.
        self.saves: dict[str, int] = {}
        self.copies: dict[str, list[Bind]] = {}
        self.changes: dict[str, list[Value]] = {}
        self.reads: list[Read] = []
        self.bound: dict[str, list[Placed]] = {}
        # By name, whether what a binding adds to is saved; by the binding's site.
        self.grown: dict[str, dict[int, bool]] = {}
        for place in body:
            step = place.step
            if isinstance(step, Bind):
                self.bound.setdefault(step.name, []).append(place)
                if step.expression is not None:
                    self.copies.setdefault(program.text(step.expression), []).append(step)
            elif isinstance(step, Save):
                self.saves[step.name or ""] = max(step.site, self.saves.get(step.name or "", -1))
            elif isinstance(step, Mutation) and step.value is not None:
                self.changes.setdefault(step.base, []).append(step.value)
            elif isinstance(step, Read):
                self.reads.append(step)
        self.reads.sort(key=lambda read: read.span)
        self.read_starts = [read.span.start for read in self.reads]

    def saved_at_end(self, place: Placed) -> bool:
        """Whether the object that a binding binds is saved, by this name or by another one."""
        bind = _bind(place)
        if bind.value.optional or is_none(bind.value):
            return False  # None never comes back
        if bind.value.saved:
            return True
        aliases = ((bind.name, bind.site), *self._aliases(bind))
        return any(self.saves.get(name, -1) > site for name, site in aliases) or (
            bind.how == "augment" and _same_object(bind) and self._saved_before(bind)
        )

    def _aliases(self, bind: Bind) -> Iterator[tuple[str, int]]:
        """Other names of the object: `y = x` before or behind it."""
        if bind.expression is not None and bind.how == "assign":
            source = self.program.text(bind.expression)
            if source.isidentifier():
                yield source, -1
        for other in self.copies.get(bind.name, ()):
            if other.site > bind.site:
                yield other.name, other.site

    def _saved_before(self, bind: Bind) -> bool:
        if bind.name not in self.grown:
            self._learn_grown(bind.name)
        return self.grown[bind.name].get(bind.site, False)

    def _learn_grown(self, name: str) -> None:
        """Goes from one `x += ...` to the next in the order of the text: there may be thousands."""
        saved = self.grown[name] = {}
        reached: tuple[Placed, ...] = ()
        for place in self.bound.get(name, ()):
            saved[place.step.site] = bool(reached) and all(map(self.saved_at_end, reached))
            reached = reaching((*reached, place), name)

    def read_in(self, expression: Span) -> Iterator[Read]:
        """What is read in an expression."""
        first = bisect_left(self.read_starts, expression.start)
        last = bisect_right(self.read_starts, expression.end)
        return (read for read in self.reads[first:last] if expression.holds(read.span))


def _same_object(bind: Bind) -> bool:
    """Whether `x += ...` keeps the object: collections and tensors do."""
    return isinstance(bind.value, (Container, Items, Traced))


# --- what it held ---------------------------------------------------------------------------------


def _stays_inside(trace: Trace, name: str) -> bool:
    """Whether nothing but the trace speaks of a name."""
    inside = trace.statement.span
    return all(
        inside.holds(step.span)
        for statement in trace.scope.body.statements
        for step in statement.all_steps
        if isinstance(step, (Bind, Read)) and step.name == name
    )


def _held(body: Body, trace: Trace, binds: Sequence[Placed]) -> Held:
    kinds = {_held_by(body, trace, _bind(place)) for place in binds}
    for held in (Held.UNSET, Held.OPAQUE, Held.UNFILLED, Held.COLLECTION):
        if held in kinds:
            return held
    return Held.PLAIN


def _held_by(body: Body, trace: Trace, bind: Bind) -> Held:
    value = bind.value
    if value.optional:
        return Held.PLAIN if value.saved else Held.OPAQUE
    if isinstance(value, Traced) and value.opaque and trace.kind != "scan":
        return Held.OPAQUE
    if isinstance(value, Traced):
        # A scan knows shapes and types, so what is computed from them is plain Python there.
        return Held.PLAIN if trace.kind == "scan" else Held.UNSET
    if isinstance(value, (Container, Items)):
        return Held.COLLECTION if _usable(body, bind.name, value) else Held.UNFILLED
    if isinstance(value, Unknown) and bind.how == "assign" and _is_call(body, bind):
        return Held.OPAQUE
    return Held.PLAIN


def _usable(body: Body, name: str, value: Container | Items) -> bool:
    """Whether a collection's items had values on 0.4: saved, or not of the model at all."""
    values = [item for one in (value, *body.changes.get(name, ())) for item in _items(one)]
    traced = [item for item in values if isinstance(item, Traced)]
    return not traced or any(item.saved for item in traced) or value.saved


def _items(value: Value) -> Iterator[Value]:
    if isinstance(value, Items):
        for item in value.items:
            yield from _items(item)
    elif isinstance(value, Container):
        yield from () if value.element is None else _items(value.element)
    else:
        yield value


# Python's own functions that never give `None`.
_KNOWN = frozenset(
    """
    len int float str bool min max abs range tuple sorted list dict set round sum repr type
    """.split()
)
_CALLED = pattern(r"(\s*\.\s*\w+|\[[^\]\n]*\])*\s*\(")


def _is_call(body: Body, bind: Bind) -> bool:
    """Whether a value comes out of a call of something that is not known."""
    return bind.expression is not None and any(
        read.name not in _KNOWN and _calls_unknown(body.program, read, bind.expression)
        for read in body.read_in(bind.expression)
    )


def _calls_unknown(program: Program, read: Read, expression: Span) -> bool:
    """Whether what is read, or something reached from it, is called and not followed."""
    called = _CALLED.match(program.code, read.span.end, expression.end)
    if called is None or not isinstance(read.value, Envoy):
        return called is not None and isinstance(read.value, Unknown)
    # A model's class in this file has methods of its own: `self._run(...)`.
    method = re.fullmatch(r"\s*\.\s*(\w+)", called[1] or "")
    return method is not None and f"def {method[1]}(" in program.code


def is_module(value: Value) -> bool:
    """Whether a value is a module of the wrapped model."""
    return isinstance(value, Envoy)
