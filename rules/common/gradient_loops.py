"""Gradients that a loop or a comprehension over layers asks for.

The values are read before the backward pass, their gradients in it, and what the loop does with
them comes behind it: in the order in which the loop did it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.program import Access, Bind, Mutation, Program, Read, Statement
from nnmigrate.program.model import code_only
from nnmigrate.spans import Edit, Span, apply_edits

from .editing import code_of, fresh_name, movable, pattern_of, reindented
from .gradients import Reading
from .passing_back import Unmoved, Writing, written

# What may be evaluated twice without anything coming of it.
_REPEATABLE = frozenset("range enumerate zip len list tuple sorted items".split())


@dataclass(frozen=True)
class _Turns:
    """A loop's head.

    Args:
        target: what it binds.
        items: what it goes over.
        span: the characters of both, `in` between them.
    """

    target: str
    items: str
    span: Span

    @property
    def packed(self) -> str:
        """The target as one item among others."""
        loose = "," in self.target and not self.target.startswith("(")
        return f"({self.target})" if loose else self.target


def repeats(program: Program, statement: Statement, readings: Sequence[Reading]) -> bool:
    """Whether a statement asks for its gradients in a loop, or in a comprehension.

    Raises:
        Unmoved: it does, and nobody can tell how often.
    """
    return statement.kind == "For" or _comprehension(program, statement, readings) is not None


def over_layers(writing: Writing) -> tuple[Edit, ...]:
    """The edits for a pass with one loop or comprehension above it.

    Raises:
        Unmoved: there are none.
    """
    found = writing.found
    if len(found.readings) != 1 or any(one.writes for one in found.all_readings):
        raise Unmoved("gradients in a loop stand beside others, or are set in it")
    ((statement, readings),) = found.readings
    turns = _turns(writing.program, statement, readings)
    called = set(re.findall(r"(\w+)\s*\(", code_only(turns.items)))
    reads = any(isinstance(s, Access) and turns.span.holds(s.span) for s in statement.all_steps)
    if reads or not called <= _REPEATABLE or "[::-1]" in turns.items:
        raise Unmoved("what the loop goes over cannot be gone over twice")
    if statement.kind == "For":
        return _over_loop(writing, statement, readings, turns)
    return _over_comprehension(writing, statement, readings, turns)


def _turns(program: Program, statement: Statement, readings: Sequence[Reading]) -> _Turns:
    node = statement.node
    loop = node if isinstance(node, cst.For) else _comprehension(program, statement, readings)
    assert loop is not None
    if isinstance(loop, cst.For) and (loop.orelse is not None or statement.blocks[0].inline):
        raise Unmoved("the loop has an `else`, or a body on its own line")
    target, items = code_of(loop.target), code_of(loop.iter)
    text = program.text(statement.span)
    heads = list(re.finditer(rf"\bfor\s+({re.escape(target)}\s+in\s+{re.escape(items)})", text))
    if not heads:
        raise Unmoved("the loop is written over several lines")
    if statement.kind != "For" and len(heads) > 1:
        raise Unmoved("another comprehension beside it goes over the same")
    head = heads[0]
    start = statement.span.start
    return _Turns(target, items, Span(start + head.start(1), start + head.end(1)))


def _comprehension(
    program: Program, statement: Statement, readings: Sequence[Reading]
) -> cst.CompFor | None:
    """The comprehension that asks for all of a statement's gradients.

    Raises:
        Unmoved: it has conditions or loops of its own, or asks for some of them only.
    """
    text, start = program.text(statement.span), statement.span.start
    asking = []
    for node in _deferring(statement.node):
        places = [found.span() for found in re.finditer(pattern_of(node), text)]
        if len(places) > 1:
            raise Unmoved("the same comprehension stands there twice")
        inner = Span(start + places[0][0], start + places[0][1])
        held = [inner.holds(one.span) for one in readings]
        if any(held):
            asking.append((node, all(held)))
    if not asking:
        return None
    ((node, everything), *more) = asking
    if more or not everything or not isinstance(node, cst.BaseComp):
        raise Unmoved("a function, or one of several comprehensions, asks for it")
    loop = node.for_in
    if loop.ifs or loop.inner_for_in is not None:
        raise Unmoved("the comprehension has conditions or loops of its own")
    return loop


def _deferring(node: cst.CSTNode) -> Iterator[cst.BaseComp | cst.Lambda]:
    """Every part of a statement that is evaluated more than once, or later."""
    if isinstance(node, (cst.BaseComp, cst.Lambda)):
        yield node
    for child in node.children:
        yield from _deferring(child)


def _over_comprehension(
    writing: Writing, statement: Statement, readings: Sequence[Reading], turns: _Turns
) -> tuple[Edit, ...]:
    program = writing.program
    if len({program.text(one.of) for one in readings}) != 1:
        raise Unmoved("the comprehension asks for the gradients of several values")
    if any(
        isinstance(step, Access) and not any(one.of.holds(step.span) for one in readings)
        for step in statement.all_steps
    ):
        raise Unmoved("the comprehension reads other values of modules as well")
    value = program.text(readings[0].of)
    values = _listed(writing, statement, value, turns)
    gradients, gradient = writing.fresh("gradients"), writing.fresh("gradient")
    moved = [(one.span, gradient) for one in readings]
    zipped = f"{turns.packed}, {gradient} in zip({turns.items}, {gradients})"
    behind = [_replaced(program, statement, [*moved, (turns.span, zipped)])]
    return written(
        writing, [_backwards(program, gradients, values, 1)], behind + _dependents(writing)
    )


def _listed(writing: Writing, statement: Statement, value: str, turns: _Turns) -> str:
    """The name of a list of the values: one that is there already, or a new one."""
    program = writing.program
    if value == turns.target and turns.items.isidentifier():
        return turns.items
    text = f"[{value} for {turns.target} in {turns.items}]"
    binds = [step for one in writing.found.block.statements for step in one.all_steps]
    for bind in binds:
        if isinstance(bind, Bind) and bind.expression is not None:
            same = program.text(bind.expression).replace(".save()", "") == text
            if same and bind.span.start < statement.span.start:
                return bind.name
    name = writing.fresh("values")
    writing.hoists.append((statement, f"{name} = {text}"))
    return name


def _backwards(program: Program, gradients: str, values: str, count: int) -> str:
    """The line that reads the gradients, the last one first, and gives them in the old order."""
    one, row = fresh_name(program, "value"), fresh_name(program, "row")
    of = row if count > 1 else values
    read = f"[{one}.grad for {one} in reversed({of})][::-1]"
    if count == 1:
        return f"{gradients} = {read}"
    return f"{gradients} = [{read} for {row} in reversed({values})][::-1]"


def _dependents(writing: Writing) -> list[str]:
    indent = writing.found.statement.indent
    return [reindented(writing.program, one, indent) for one in writing.found.dependents]


def _replaced(program: Program, statement: Statement, parts: Sequence[tuple[Span, str]]) -> str:
    """A statement's text with others for some of its parts."""
    start = statement.span.start
    edits = [Edit(Span(span.start - start, span.end - start), text) for span, text in parts]
    return apply_edits(program.text(statement.span), edits)


# --- loops of statements --------------------------------------------------------------------------


def _over_loop(
    writing: Writing, loop: Statement, readings: Sequence[Reading], turns: _Turns
) -> tuple[Edit, ...]:
    """What of the body needs a gradient goes into a loop of its own behind the pass."""
    program, body = writing.program, loop.blocks[0].statements
    moving = _moving(body, readings)
    _check_body(body, moving)
    asked = list(dict.fromkeys(program.text(one.of) for one in readings))
    carried = _carried(program, body, moving, readings)
    row = [*asked, *(text for text in carried if text not in asked)]
    names = {text: text if text.isidentifier() else writing.fresh("value") for text in row}
    given = {text: writing.fresh("gradient") for text in asked}
    values, gradients = writing.fresh("values"), writing.fresh("gradients")
    packed = asked[0] if len(asked) == 1 else f"({', '.join(asked)})"
    above = _above(writing, loop, moving, turns, (values, packed))
    parts = [turns.packed]
    zipped = [turns.items]
    if carried:
        kept = writing.fresh("kept")
        whole = f"({', '.join(row)},)"
        above = _above(writing, loop, moving, turns, (values, packed), (kept, whole))
        parts.append(f"({', '.join(names[text] for text in row)},)")
        zipped.append(kept)
    inner = [given[text] for text in asked]
    parts.append(inner[0] if len(inner) == 1 else f"({', '.join(inner)})")
    zipped.append(gradients)
    behind = [f"for {', '.join(parts)} in zip({', '.join(zipped)}):"]
    unit = loop.blocks[0].indent[len(loop.indent) :]
    for statement in moving:
        changed = [(one.span, given[program.text(one.of)]) for one in readings]
        changed += _accesses(program, statement, names, [one.span for one in readings])
        own = [(span, text) for span, text in changed if statement.span.holds(span)]
        behind.append(unit + _replaced(program, statement, own))
    body_rows = [_backwards(program, gradients, values, len(asked))]
    writing.hoists.append((loop, above))
    return written(writing, body_rows, behind + _dependents(writing))


def _moving(body: Sequence[Statement], readings: Sequence[Reading]) -> list[Statement]:
    """The statements of a body that ask for gradients, or need what those bind."""
    names: set[str] = set()
    moving = []
    for statement in body:
        steps = statement.all_steps
        asks = any(statement.span.holds(one.span) for one in readings)
        if asks or any(isinstance(step, Read) and step.name in names for step in steps):
            moving.append(statement)
            names |= {step.name for step in steps if isinstance(step, Bind)}
    return moving


def _check_body(body: Sequence[Statement], moving: Sequence[Statement]) -> None:
    if not movable(*body) or any(one.blocks for one in body):
        raise Unmoved("the loop's body has conditions or loops of its own")
    changed = {step.base for one in moving for step in one.all_steps if isinstance(step, Mutation)}
    staying = [one for one in body if one not in moving]
    for step in (step for one in staying for step in one.all_steps):
        if isinstance(step, Read) and step.name in changed:
            raise Unmoved("the loop reads what it fills with gradients")


def _carried(
    program: Program,
    body: Sequence[Statement],
    moving: Sequence[Statement],
    readings: Sequence[Reading],
) -> list[str]:
    """What the moving statements need of the turn besides gradients: names and modules' values."""
    staying = [one for one in body if one not in moving]
    bound = {s.name for one in staying for s in one.all_steps if isinstance(s, Bind)}
    found: list[str] = []
    for step in (step for one in moving for step in one.all_steps):
        if any(one.span.holds(step.span) for one in readings):
            continue
        if isinstance(step, Access) or (isinstance(step, Read) and step.name in bound):
            found.append(program.text(step.span))
    return list(dict.fromkeys(found))


def _accesses(
    program: Program, statement: Statement, names: dict[str, str], taken: Sequence[Span]
) -> list[tuple[Span, str]]:
    """The reads of modules in a statement, with the names that stand for them behind the pass."""
    return [
        (step.span, names[program.text(step.span)])
        for step in statement.all_steps
        if isinstance(step, Access) and not any(span.holds(step.span) for span in taken)
    ]


def _above(
    writing: Writing,
    loop: Statement,
    moving: Sequence[Statement],
    turns: _Turns,
    *lists: tuple[str, str],
) -> str:
    """What is left of the loop, which now keeps the values; no loop where that is all."""
    program, newline = writing.program, writing.program.newline
    staying = [one for one in loop.blocks[0].statements if one not in moving]
    if not staying and len(lists) == 1:
        ((name, text),) = lists
        return f"{name} = [{text} for {turns.target} in {turns.items}]"
    inner = loop.blocks[0].indent
    rows = [f"{name} = []" for name, _ in lists]
    rows = [row if number == 0 else loop.indent + row for number, row in enumerate(rows)]
    rows.append(f"{loop.indent}for {turns.target} in {turns.items}:")
    rows += [inner + program.text(one.span) for one in staying]
    rows += [f"{inner}{name}.append({text})" for name, text in lists]
    return newline.join(rows)
