"""Names that blocks of steps would lose on 0.5, and how each of them is bound only once.

A block of `tracer.iter[...]` is a function of its own on 0.5.15 (`intervention/tracing/iterator.py`
and `intervention/interleaver.py`, `Mediator.push` and `Mediator.pull`; run on 0.5.15, 0.6.3 and
0.7.0): it sees a name that had a value before the trace with that value, whatever the body has
bound since; and behind it the body sees a name that the block binds only if nothing has bound that
name before. So a name that is bound twice keeps what it was bound to first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern
from nnmigrate.program import Bind, Block, Invoke, Program, Read, Remote, Save, Statement, Trace
from nnmigrate.program.liveness import bound_before, read_after
from nnmigrate.program.steps import Step, flat
from nnmigrate.program.values import Constant, Traced
from nnmigrate.spans import Edit, Span

from .editing import fresh_name, lines_before, merged, movable
from .neighbours import is_entered
from .stepping import Chunk, loops_over_steps

# A name's characters, and whether it is bound there: `total += x` reads it in the same place.
Place = tuple[Span, bool]
Renames = Mapping[Place, str]


class Lost(Exception):
    """A name would be lost, and nothing helps; the message says which, and why."""


@dataclass(frozen=True)
class Part:
    """A statement of an invoke as it is to be run.

    Args:
        steps: what it does, in order.
        block: the number of the block of steps that it goes into; None for the body itself.
        turned: the block is entered at each turn of a loop.
    """

    steps: tuple[Step, ...]
    block: int | None = None
    turned: bool = False


@dataclass(frozen=True)
class Kept:
    """What a fix has to change besides.

    Args:
        edits: other names.
        above: what is made before the trace.
        gone: the statements that made it in the invoke.
    """

    edits: tuple[Edit, ...] = ()
    above: tuple[Edit, ...] = ()
    gone: tuple[Statement, ...] = ()

    def within(self, statement: Statement) -> tuple[Edit, ...]:
        """The other names in a statement."""
        return tuple(edit for edit in self.edits if statement.span.holds(edit.span))


NOTHING_LOST = Kept()


def renamed(chunk: Chunk, names: Kept) -> Chunk:
    """A chunk without what is made before the trace, and with the names that it needs."""
    if chunk.statement in names.gone:
        return replace(chunk, edits=(), dropped=True)
    return replace(chunk, edits=merged((*chunk.edits, *names.within(chunk.statement))))


@dataclass(frozen=True)
class _Event:
    """A name is read or bound."""

    binds: bool
    block: int | None
    turned: bool
    number: int
    later: bool = False


def part_of(statement: Statement, block: int | None = None, *, turned: bool = False) -> Part:
    """A statement, with all that is below it, as one part."""
    return Part(statement.all_steps, block, turned)


def kept(program: Program, trace: Trace, invoke: Invoke, parts: Sequence[Part]) -> Kept:
    """What lets blocks of steps lose no name: each is bound only once, or before the trace.

    Args:
        program: the program.
        trace: the trace.
        invoke: the invoke that has the blocks.
        parts: its statements as they will be, in their order then.

    Raises:
        Lost: a name would be lost, and another name for it does not help.
    """
    renames: dict[Place, str] = {}
    edits: list[Edit] = []
    above: list[Edit] = []
    gone: list[Statement] = []
    for name in dict.fromkeys(_lost(program, trace, parts, {})):
        statement = _made_before(program, trace, invoke, name)
        if statement is not None:
            gone.append(statement)
            renames |= {(s.span, True): "" for s in statement.steps if isinstance(s, Bind)}
            made = program.text(statement.span).removesuffix(".save()")
            above.append(lines_before(program, trace.statement, made))
            continue
        found, names = _bound_once(program, trace, invoke, name)
        renames |= names
        edits += found
    for name in _lost(program, trace, parts, renames):
        raise Lost(_why(program, trace, name))
    return Kept(tuple(sorted(edits)), tuple(above), tuple(gone))


def is_outer(program: Program, trace: Trace, name: str) -> bool:
    """Whether a name may have a value, in its frame or globally, when the trace begins.

    What a trace saves is there when a loop comes to it again.
    """
    shadows = trace.scope.kind == "function" and name in program.scopes[0].bindings
    if shadows or bound_before(trace, name):
        return True
    steps = trace.statement.all_steps if trace.loops else ()
    return any(
        (isinstance(step, Bind) and step.name == name and step.value.saved)
        or (isinstance(step, Save) and step.name == name)
        for step in steps
    )


def _why(program: Program, trace: Trace, name: str) -> str:
    if is_outer(program, trace, name):
        return f"`{name}` is bound before the trace, too"
    return f"`{name}` is bound more than once, and 0.5 would keep what it was bound to first"


_EMPTY = pattern(r"((list|dict|set)\(\)|\[\]|\{\})(\.save\(\))?")


def _made_before(program: Program, trace: Trace, invoke: Invoke, name: str) -> Statement | None:
    """The statement that makes an empty collection, if that can as well be done before the trace.

    A server would fill a copy of it.
    """
    touching = list(_touching(invoke.body, name))
    binds = [statement for statement, step in touching if isinstance(step, Bind)]
    if len(binds) != 1 or binds[0] not in invoke.body.statements or trace.remote is not Remote.NO:
        return None
    statement = binds[0]
    made = [step.expression for step in statement.steps if isinstance(step, Bind)]
    whole = len(made) == 1 and made[0] is not None and movable(statement, trace.statement)
    is_first = touching[0][0] is statement and statement.kind == "Assign"
    if not whole or not is_first or not is_outer(program, trace, name) or trace.session is not None:
        return None
    assert made[0] is not None
    header = program.code[trace.statement.span.start : trace.body.span.start]
    used = re.search(rf"(?<![\w.]){name}\b", header) is not None
    return statement if _EMPTY.fullmatch(program.text(made[0])) and not used else None


def begins_anew(block: Statement) -> str | None:
    """A name that the body of a block reads before it binds it."""
    read: set[str] = set()
    bound: set[str] = set()
    for _, name, binds, _ in _names(block.all_steps):
        if binds and name in read:
            return name
        if binds:
            bound.add(name)
        elif name not in bound:
            read.add(name)
    return None


# --- which names are lost -------------------------------------------------------------------------


def _lost(program: Program, trace: Trace, parts: Sequence[Part], renames: Renames) -> Iterator[str]:
    """The names, as the program has them, that would have another value on 0.5."""
    events: dict[tuple[str, str], list[_Event]] = {}
    for number, part in enumerate(parts):
        for span, name, binds, later in _names(part.steps):
            own = renames.get((span, binds), name)
            if not own:
                continue
            events.setdefault((name, own), []).append(
                _Event(binds, part.block, part.turned, number, later)
            )
    for (name, own), history in events.items():
        # What never comes near a block is as it always was.
        if not any(event.binds for event in history) or all(e.block is None for e in history):
            continue
        if loops_over_steps(program):
            if own == name and _accumulates(history):
                yield name
            continue
        outer = own == name and is_outer(program, trace, name)
        live = own == name and read_after(program, trace, name)
        if _is_lost(history, outer=outer, live=live):
            yield name


def _names(steps: tuple[Step, ...]) -> Iterator[tuple[Span, str, bool, bool]]:
    """The names that steps bind, or read, in the frame of the body, and whether that is later."""
    for step in flat(steps):
        if isinstance(step, Bind) and not step.foreign and step.how not in ("declare", "delete"):
            yield step.span, step.name, True, False
        elif isinstance(step, Read) and not step.foreign:
            yield step.span, step.name, False, step.nested


def _is_lost(history: Sequence[_Event], *, outer: bool, live: bool) -> bool:
    """Whether some reading of a name gets another value than the last one bound."""
    for at, event in enumerate(history):
        if not event.binds and _reads_stale(history, at, outer=outer):
            return True
    binds = [event for event in history if event.binds]
    last = binds[-1]
    # A function that the body makes reads what the name stands for when it is called.
    if any(event.later for event in history) and len({event.block for event in binds}) > 1:
        return True
    return live and last.block is not None and _is_rebound(history, last)


def _accumulates(history: Sequence[_Event]) -> bool:
    """Whether a block begins with what its last step has made of a name."""
    return any(_goes_on(history, at) and not event.turned for at, event in enumerate(history))


def _goes_on(history: Sequence[_Event], at: int) -> bool:
    """Whether a block reads a name there that it binds only behind that."""
    event = history[at]
    own = [number for number, one in enumerate(history) if one.binds and one.block == event.block]
    return event.block is not None and not event.binds and bool(own) and own[0] > at


def _reads_stale(history: Sequence[_Event], at: int, *, outer: bool) -> bool:
    event = history[at]
    before = [one for one in history[:at] if one.binds]
    inside = event.block is not None
    if inside and any(one.block == event.block for one in before):
        return False
    if _goes_on(history, at):
        # What a step makes of it is what the next one begins with.
        return bool(before) or event.turned
    if not before:
        return False
    last = before[-1]
    if last.block is None:
        return inside and outer
    return outer or _is_rebound(history[: at + 1], last)


def _is_rebound(history: Sequence[_Event], last: _Event) -> bool:
    """Whether something else has bound the name before that block does."""
    elsewhere = any(
        one.binds and one.block != last.block and one.number < last.number for one in history
    )
    return last.turned or elsewhere


# --- each bound once ------------------------------------------------------------------------------


def _bound_once(
    program: Program, trace: Trace, invoke: Invoke, name: str
) -> tuple[list[Edit], dict[Place, str]]:
    """The edits that give a name another one up to where it is bound for the last time.

    Raises:
        Lost: that is not possible.
    """
    binds = _binds(invoke.body, name)
    last_too = is_outer(program, trace, name) and not read_after(program, trace, name)
    own = ""
    edits: list[Edit] = []
    names: dict[Place, str] = {}
    for statement, step in _touching(invoke.body, name):
        if isinstance(step, Read):
            if step.nested:
                raise Lost(_why(program, trace, name))
            if own:
                names[step.span, False] = own
                if not _is_augmented(statement, step):
                    edits.append(Edit(step.span, own))
            continue
        assert isinstance(step, Bind)
        if statement not in binds or step.how not in ("assign", "augment", "unpack", "for"):
            raise Lost(_why(program, trace, name))
        before, is_last = own or name, statement is binds[-1]
        own = ""
        if not is_last or last_too:
            own = fresh_name(program, f"{name}_step", names.values())
            names[step.span, True] = own
        if step.how == "augment":
            edits += _spelled_out(program, statement, step, before, own or name)
        elif own:
            edits.append(Edit(step.span, own))
    return edits, names


def _binds(body: Block, name: str) -> list[Statement]:
    """The statements that bind a name and are run once, one behind the other."""
    return [
        statement
        for statement in _straight(body)
        if any(isinstance(s, Bind) and s.name == name for s in (*statement.steps, *statement.turn))
    ]


def _straight(body: Block) -> Iterator[Statement]:
    """The statements of a body, those of its blocks of steps among them."""
    for statement in body.statements:
        yield statement
        if is_entered(statement):
            yield from statement.blocks[0].statements


def _touching(body: Block, name: str) -> Iterator[tuple[Statement, Step]]:
    for top in body.statements:
        for statement in top.walk():
            for step in flat((*statement.steps, *statement.turn)):
                if isinstance(step, (Read, Bind)) and step.name == name and not step.foreign:
                    yield statement, step


def _is_augmented(statement: Statement, step: Read) -> bool:
    """Whether a name is read because the statement adds to it."""
    return any(
        isinstance(other, Bind) and other.how == "augment" and other.span == step.span
        for other in statement.steps
    )


_OPERATOR = pattern(r"\s*(\*\*|//|>>|<<|[-+*/%@&|^])=\s*")


def _spelled_out(
    program: Program, statement: Statement, step: Bind, before: str, own: str
) -> list[Edit]:
    """The edits that make `total += x` a sum with another name than what it adds to."""
    found = _OPERATOR.match(program.code, step.span.end)
    node = statement.node
    if found is None or step.expression is None or not isinstance(step.value, (Traced, Constant)):
        raise Lost(f"`{step.name}` is added to at every step")
    right = node.value if isinstance(node, cst.AugAssign) else None
    plain = isinstance(right, (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.Integer))
    opening, closing = ("", "") if plain else ("(", ")")
    head = Span(step.span.start, found.end())
    edits = [Edit(head, f"{own} = {before} {found[1]} {opening}")]
    end = step.expression.end
    return [*edits, Edit(Span(end, end), closing)] if closing else edits
