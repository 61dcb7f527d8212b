"""How the statements around a backward pass are written for 0.5: the edits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from nnmigrate.program import Access, Bind, Program, Read, Statement
from nnmigrate.schedule.module_order import LAYER_CONTAINERS
from nnmigrate.spans import Edit, Span

from .editing import movable, name_for
from .gradient_loops import over_layers, repeats
from .gradients import Pass, Reading, backwards
from .passing_back import Unmoved, Writing, inner_indent, text_with, written


def edits_of(program: Program, found: Pass) -> tuple[tuple[Edit, ...], bool]:
    """The edits for one pass, and whether they take the order of the modules for granted.

    Raises:
        Unmoved: there are none.
    """
    _check(program, found)
    writing = Writing(program, found)
    if any(repeats(program, one, readings) for one, readings in found.readings):
        return over_layers(writing), _is_certain(found)
    readings, certain = backwards(program, found.all_readings)
    behind: list[str] = []
    if any(one.writes for one in readings):
        body = _with_writes(writing, readings)
    elif _fits_inside(found):
        body = _inside(writing, readings)
    else:
        body, behind = _in_two_steps(writing, readings)
    return written(writing, body, behind), certain


def _is_certain(found: Pass) -> bool:
    """Whether a loop asks for one value of each of a model's layers, which run in their order."""
    providers = {one.provider for one in found.all_readings}
    return len(providers) == 1 and all(
        one is not None and not LAYER_CONTAINERS.isdisjoint(one.path) for one in providers
    )


def _check(program: Program, found: Pass) -> None:
    for one in found.all_readings:
        if not one.proved:
            text = program.text(one.of)
            raise Unmoved(f"nothing shows that `{text}` is a value of the model's")
    if found.statement.kind != "Expr" or not movable(found.statement, *found.moving):
        raise Unmoved("a statement shares its line with another one, or uses what the pass gives")
    names = {step.name for one in found.moving for step in one.all_steps if isinstance(step, Bind)}
    needed = [step for step in found.statement.all_steps if isinstance(step, Read)]
    if any(step.name in names for step in needed):
        raise Unmoved("the pass itself starts from a gradient")
    own = found.block.statements
    elsewhere = [rs for one, rs in found.readings if one not in own]
    if any(not program.text(each.of).isidentifier() for each in chain(*elsewhere)):
        raise Unmoved("another invoke asks a module for it: bind the module's value to a name")
    for statement in found.moving:
        for step in statement.all_steps:
            by_function = isinstance(step, Access) and step.foreign and not step.comprehension
            if by_function or (isinstance(step, Access) and step.swap):
                raise Unmoved("a module is set, or read by a function, together with a gradient")
        if statement.kind in ("Return", "FunctionDef", "While", "With", "Try", "If"):
            raise Unmoved("it stands under a condition, or in a statement that cannot be moved")


def _fits_inside(found: Pass) -> bool:
    """Whether each statement can go into the pass as it is: one gradient each, and none needed."""
    return not found.dependents and all(len(readings) == 1 for _, readings in found.readings)


def _hoisted(writing: Writing) -> dict[Span, str]:
    """A name for every module's value that a moving statement reads, by its place."""
    names: dict[Span, str] = {}
    for statement, readings in writing.found.readings:
        for one in readings:
            wish = name_for(one.provider) if one.provider else "value"
            names[one.of] = writing.name_of(one.of, statement, wish)
    for statement in writing.found.moving:
        for step in statement.all_steps:
            if isinstance(step, Access) and not any(span.holds(step.span) for span in names):
                names[step.span] = writing.name_of(step.span, statement, name_for(step.provider))
    return {span: name for span, name in names.items() if writing.program.text(span) != name}


def _inside(writing: Writing, readings: Sequence[Reading]) -> list[str]:
    names = _hoisted(writing)
    of = {one.span: statement for statement, own in writing.found.readings for one in own}
    return [text_with(writing, of[one.span], names, inner_indent(writing)) for one in readings]


def _in_two_steps(writing: Writing, readings: Sequence[Reading]) -> tuple[list[str], list[str]]:
    """The gradients in the pass, and everything else behind it in the order of the text."""
    names = _hoisted(writing)
    rows, given = [], {}
    by_value: dict[str, str] = {}
    for one in readings:
        value = names.get(one.of, writing.program.text(one.of))
        if value not in by_value:
            by_value[value] = writing.fresh(f"{value}_grad")
            rows.append(f"{by_value[value]} = {value}.grad")
        given[one.span] = by_value[value]
    parts = {span: name for span, name in names.items() if not any(g.holds(span) for g in given)}
    indent = writing.found.statement.indent
    moving = writing.found.moving
    return rows, [text_with(writing, one, {**parts, **given}, indent) for one in moving]


def _with_writes(writing: Writing, readings: Sequence[Reading]) -> list[str]:
    """All of it in the pass: what belongs to one value stays together, in the order of the text."""
    names = _hoisted(writing)
    values: list[str] = []
    for one in readings:
        value = names.get(one.of, writing.program.text(one.of))
        if value not in values:
            values.append(value)
    left = list(writing.found.moving)
    done: set[str] = set()
    rows: list[str] = []
    for value in values:
        for statement in _of_value(writing, names, value, left, done):
            rows.append(text_with(writing, statement, names, inner_indent(writing)))
    if left:
        raise Unmoved("a gradient is set from one that comes later in the pass")
    return rows


def _of_value(
    writing: Writing, names: dict[Span, str], value: str, left: list[Statement], done: set[str]
) -> Iterator[Statement]:
    """The statements that the pass can reach when it has come to a value, in order."""
    own = dict(writing.found.readings)
    waiting = {_bound(one) for one in left}
    pending = {name for bound in waiting for name in bound} - done
    for statement in list(left):
        asked = {names.get(one.of, writing.program.text(one.of)) for one in own.get(statement, ())}
        needs = {step.name for step in statement.all_steps if isinstance(step, Read)} & pending
        if asked <= {value} and needs <= done:
            left.remove(statement)
            done |= _bound(statement)
            yield statement


def _bound(statement: Statement) -> frozenset[str]:
    return frozenset(step.name for step in statement.all_steps if isinstance(step, Bind))
