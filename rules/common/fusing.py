"""Makes one loop of two that go over the same layers, one after the other.

The second one comes too late on 0.5: when the first has come to its last layer, the model has left
all the others behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.program import Access, Block, Program, Read, Statement, Trace
from nnmigrate.spans import Edit, Span

from .editing import code_of, lines_before, movable, reindented, removed
from .touching import Touched, may_change_places, touched

_UNIT = "    "


@dataclass(frozen=True)
class _Pass:
    """One going over some layers.

    Args:
        statement: a for loop, or the assignment of a comprehension.
        target: what the loop binds at each turn.
        over: what it goes over.
        collected: the name of a comprehension's collection; empty for a loop.
        made: the empty collection.
        item: a comprehension's item, as the line that puts it into the collection.
        keyed: whether the loop's variable is the key of the item that its turn collects.
    """

    statement: Statement
    target: str
    over: str
    collected: str = ""
    made: str = ""
    item: str = ""
    keyed: bool = False


def fused(program: Program, trace: Trace, step: Access) -> Iterator[list[Edit]]:
    """The ways to make one loop of the late one and one before it."""
    for invoke in trace.invokes:
        if invoke.body.span.holds(step.span):
            yield from _fused_in(program, trace, invoke.body, step)


def _fused_in(program: Program, trace: Trace, suite: Block, step: Access) -> Iterator[list[Edit]]:
    index = next(i for i, s in enumerate(suite.statements) if s.span.holds(step.span))
    late = _pass(program, suite.statements[index])
    if late is None:
        return
    what = touched(program, trace, late.statement)
    names = {late.target}
    for other in reversed(suite.statements[:index]):
        early, passed = _pass(program, other), touched(program, trace, other)
        if early is not None and (early.target, early.over) == (late.target, late.over):
            ours = (passed.bound | passed.changed) - names
            if _same_turns(program, early, late):
                ours -= {early.collected}
            # At its second turn the early one would find what the late one did at the first.
            theirs = (what.bound | what.changed) - names
            apart = not ours & (what.read | what.bound | what.changed) and not theirs & passed.read
            if apart and not passed.fixed:
                yield list(_edits(program, early, late))
            if _may_come_first(early, passed, what, names):
                yield list(_edits(program, early, late, first=True))
        if not may_change_places(passed, what):
            return


def _may_come_first(early: _Pass, passed: Touched, what: Touched, names: AbstractSet[str]) -> bool:
    """Whether each turn of a late loop may come before the early loop's turn."""
    one, other = (replace(each, bound=each.bound - names) for each in (passed, what))
    return not early.collected and may_change_places(one, other)


def _same_turns(program: Program, early: _Pass, late: _Pass) -> bool:
    """Whether the late loop takes of what the early one collects only the item of its own turn."""
    if not early.collected or not early.keyed:
        return False
    text = program.text(late.statement.span)
    item = rf"(?<![\w.]){early.collected}\[{re.escape(early.target)}\]"
    return len(re.findall(item, text)) == sum(
        isinstance(step, Read) and step.name == early.collected for step in late.statement.all_steps
    )


def _pass(program: Program, statement: Statement) -> _Pass | None:
    if not movable(statement):
        return None
    node = statement.node
    if isinstance(node, cst.For) and node.orelse is None and len(statement.blocks) == 1:
        if statement.blocks[0].inline or not isinstance(node.target, cst.Name):
            return None
        return _Pass(statement, node.target.value, code_of(node.iter))
    if isinstance(node, cst.Assign) and len(node.targets) == 1:
        target = node.targets[0].target
        return _comprehension(statement, target, node.value)
    return None


def _comprehension(
    statement: Statement, target: cst.BaseExpression, value: cst.BaseExpression
) -> _Pass | None:
    whole, saved = _unsaved(value)
    if not isinstance(target, cst.Name) or not isinstance(whole, (cst.ListComp, cst.DictComp)):
        return None
    clause = whole.for_in
    if clause.ifs or clause.inner_for_in is not None or clause.asynchronous is not None:
        return None
    if not isinstance(clause.target, cst.Name):
        return None
    name = target.value
    if isinstance(whole, cst.ListComp):
        made, item = ("list().save()" if saved else "[]"), f"{name}.append({code_of(whole.elt)})"
        keyed = _counts_from_zero(clause.iter)
    else:
        made = "dict().save()" if saved else "{}"
        item = f"{name}[{code_of(whole.key)}] = {code_of(whole.value)}"
        keyed = code_of(whole.key) == clause.target.value
    return _Pass(statement, clause.target.value, code_of(clause.iter), name, made, item, keyed)


def _counts_from_zero(node: cst.BaseExpression) -> bool:
    """`range(n)`."""
    return isinstance(node, cst.Call) and code_of(node.func) == "range" and len(node.args) == 1


def _unsaved(value: cst.BaseExpression) -> tuple[cst.BaseExpression, bool]:
    """An expression without `.save()` behind it, and whether there was one."""
    call = value if isinstance(value, cst.Call) and not value.args else None
    if call is None or not isinstance(call.func, cst.Attribute) or call.func.attr.value != "save":
        return value, False
    return call.func.value, True


def _edits(program: Program, early: _Pass, late: _Pass, *, first: bool = False) -> Iterator[Edit]:
    """One loop in the place of the early one, in which each turn of the late one comes second."""
    indent = early.statement.indent
    made = [f"{each.collected} = {each.made}" for each in (early, late) if each.collected]
    if made:
        yield lines_before(program, early.statement, *made)
    inner = early.statement.blocks[0].indent if not early.collected else indent + _UNIT
    more = [f"{inner}{row}" for row in _rows(program, late, inner)]
    if early.collected:
        rows = [f"for {early.target} in {early.over}:", f"{inner}{early.item}", *more]
        yield Edit(early.statement.span, program.newline.join(rows))
    else:
        statements = early.statement.blocks[0].statements
        at = statements[0].line.start if first else statements[-1].line.end
        yield Edit(Span(at, at), "".join(row + program.newline for row in more))
    yield removed(late.statement)


def _rows(program: Program, late: _Pass, indent: str) -> Iterator[str]:
    """The lines of one turn, the first of each statement without indentation."""
    if late.collected:
        yield late.item
        return
    for statement in late.statement.blocks[0].statements:
        yield reindented(program, statement, indent)
