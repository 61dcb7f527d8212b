"""Rewrites statements whose shape keeps a value from crossing in time, before barriers can help."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from nnmigrate.findings import Applicability, Fix
from nnmigrate.program import (
    Access,
    Bind,
    Collect,
    Compute,
    Item,
    Mutation,
    Program,
    Read,
    Statement,
    Trace,
    Write,
)
from nnmigrate.spans import Edit

from .crossings import Crossing, runs
from .editing import code_of, fresh_name, lines_before, merged, movable, name_for, removed


def reshapings(program: Program, trace: Trace, crossing: Crossing) -> Iterator[Fix]:
    """Changes after which the value of a crossing may arrive, perhaps with a barrier's help."""
    for shape, message in (
        (_collected_in_turn, "Collect the values one by one, in a list of the trace"),
        (_handle_first, "Read the module first, and then write into what it gave"),
        (_used_later, "Use the value further down, when it is there"),
    ):
        edits = merged(shape(program, trace, crossing))
        if edits:
            yield Fix(message, edits, Applicability.SAFE, trace.statement.span)


# --- a comprehension over modules ---------------------------------------------------------------


def _collected_in_turn(program: Program, trace: Trace, crossing: Crossing) -> Iterator[Edit]:
    """Turns `hs = [h.output for h in layers]`, bound behind the last layer, into a loop."""
    for origin in crossing.definitions:
        statement, invoke = origin.innermost, trace.invokes[origin.invoke]
        found = _comprehension(statement)
        if found is None or not movable(statement, trace.body.statements[0]) or invoke.parents:
            continue
        name, comprehension = found
        unit = invoke.body.indent[len(invoke.statement.indent) :] or "    "
        clause = comprehension.for_in
        yield lines_before(program, trace.body.statements[0], f"{name} = []")
        rows = (
            f"for {code_of(clause.target)} in {code_of(clause.iter)}:",
            f"{statement.indent}{unit}{name}.append({code_of(comprehension.elt)})",
        )
        yield Edit(statement.span, program.newline.join(rows))
        return


def _comprehension(statement: Statement) -> tuple[str, cst.ListComp] | None:
    """The name and the comprehension of `name = [... for ... in ...]`."""
    node = statement.node
    if not isinstance(node, cst.Assign) or len(node.targets) != 1:
        return None
    target, value = node.targets[0].target, node.value
    if not isinstance(target, cst.Name) or not isinstance(value, cst.ListComp):
        return None
    clause = value.for_in
    if clause.ifs or clause.inner_for_in is not None or clause.asynchronous is not None:
        return None
    return target.value, value


# --- the right side first -----------------------------------------------------------------------


def _handle_first(program: Program, trace: Trace, crossing: Crossing) -> Iterator[Edit]:
    """Lets `X.output[:] = h` wait for X before it needs `h`."""
    statement = crossing.origin.innermost
    if statement.kind != "Assign" or not movable(statement):
        return
    written = {step.got for step in statement.steps if isinstance(step, Write)}
    for step in statement.steps:
        # Of several accesses the one that is written into comes last, on the left.
        early = step.span.start < crossing.step.span.start
        if isinstance(step, Access) and step.site in written and early and not step.foreign:
            name = fresh_name(program, name_for(step.provider))
            yield lines_before(program, statement, f"{name} = {program.text(step.span)}")
            yield Edit(step.span, name)


# --- a use that can wait ------------------------------------------------------------------------


def _used_later(program: Program, trace: Trace, crossing: Crossing) -> Iterator[Edit]:
    """Moves a statement that only computes down to where the value is there."""
    statements = trace.invokes[crossing.origin.invoke].body.statements
    statement = crossing.origin.statement
    number = statements.index(statement)
    for target in _sinks(program, trace, crossing):
        between = statements[number + 1 : target]
        if movable(statement, statements[target]) and _may_sink(statement, between):
            yield removed(statement)
            yield lines_before(program, statements[target], program.text(statement.span))
            return


def _sinks(program: Program, trace: Trace, crossing: Crossing) -> Iterator[int]:
    for run in runs(program, trace):
        for each in run.plan.infeasible:
            same = run.origin(each.use).step.site == crossing.step.site
            if same and each.sink is not None:
                yield each.sink.statement


def _may_sink(statement: Statement, between: Sequence[Statement]) -> bool:
    """Whether a statement only computes, and nothing that it would pass needs it or changes it."""
    kinds = (Read, Bind, Item, Collect, Compute)
    if statement.blocks or not all(isinstance(step, kinds) for step in statement.all_steps):
        return False
    bound = {step.name for step in statement.steps if isinstance(step, Bind)}
    read = {step.name for step in statement.all_steps if isinstance(step, Read)}
    for other in between:
        for step in other.all_steps:
            if isinstance(step, Read) and step.name in bound:
                return False
            if isinstance(step, Bind) and step.name in bound | read:
                return False
            if isinstance(step, (Write, Mutation)) and _touches(step, statement, read):
                return False
    return True


def _touches(step: Write | Mutation, statement: Statement, read: set[str]) -> bool:
    """Whether a change may be of something that the statement reads."""
    if isinstance(step, Mutation):
        return step.base in read
    accesses = {each.site for each in statement.all_steps if isinstance(each, Access)}
    return step.got is None or step.got in accesses
