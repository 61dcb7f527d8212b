"""Runs the invokes of a trace one after the other, each as a trace of its own, in one session.

That is the way where no single run of the model can do what is meant: a value is needed before the
module that makes it runs. A session runs its traces in the order of the text and hands every name
on, unsaved ones included (nnsight 0.5.15, intervention/tracing/base.py), so the text keeps its
meaning. What it does not keep is the batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import libcst as cst

from nnmigrate.findings import Applicability, Fix
from nnmigrate.program import (
    Access,
    BarrierCall,
    BarrierMade,
    Block,
    Program,
    Read,
    Scope,
    Statement,
    Told,
    Trace,
    flat,
)
from nnmigrate.program.memory import remembered
from nnmigrate.schedule import Unsafe
from nnmigrate.spans import Edit, Span, moved

from .changing import Edits, Tries, built, together
from .crossings import Run, runs, trouble
from .editing import code_of, merged, movable, removed
from .handing import may_run_apart
from .helpers import calls_helper, changes_model, invokes_of, opening_helpers, passes_tracer_on

# What the session takes over from the trace; anything else is for each run of the model.
_OF_SESSION = frozenset(["remote", "backend", "blocking"])

# What must stay within one run of the model, or speaks to the tracer that would be gone.
_BOUND_TO_TRACE = frozenset(["backward", "grad", "stop", "next", "all"])

MESSAGE = (
    "Run the invokes one after the other, in a session: one run of the model for each, and prompts "
    "of different lengths are no longer padded to the longest of them"
)


@remembered
def apart_fix(program: Program, trace: Trace) -> Fix | None:
    """The change that makes a session of a trace, and traces of its invokes.

    It is unsafe: it holds where the prompts have the same number of tokens, or nothing depends on
    the padding. What one invoke does out of order, a trace of its own does as well.
    """
    edits = _parting(program, trace).at(0)
    if not edits or not _works(program, trace, edits):
        return None
    return Fix(MESSAGE, edits, Applicability.UNSAFE, trace.statement.span)


@remembered
def _parting(program: Program, trace: Trace) -> Tries:
    """The edits that part a trace; none where it may not be parted."""
    return Tries(iter([merged(_edits(program, trace))] if _may_part(program, trace) else []))


def _may_part(program: Program, trace: Trace) -> bool:
    entered = trace.entered
    if not (trace.explicit and entered.items == 1 and trace.session is None):
        return False
    if trace.kind not in ("trace", "generate") or entered.arguments:
        return False
    steps = trace.statement.all_steps
    if any(isinstance(step, Told) and step.what in _BOUND_TO_TRACE for step in steps):
        return False
    helpers = opening_helpers(program, trace)
    if helpers is None or not all(map(_enters_plainly, _all_invokes(trace, helpers))):
        return False
    if helpers and any(changes_model(invoke.statement) for invoke in trace.invokes[:-1]):
        return False  # such a trace is not followed: it is not known what sees the change
    blocks = (trace.body, *(scope.body for scope in helpers))
    if any(_reads_modules(block) for block in blocks):
        return False  # a session runs no model itself
    return _only_invokes(trace) and all(map(_may_run_apart, runs(program, trace)))


def _may_run_apart(run: Run) -> bool:
    # None does not travel from trace to trace either.
    nothing = any(need.reason is Unsafe.NOTHING for need in run.plan.containers)
    orders = [rank for turn in run.turns for rank in turn]
    return not nothing and all(may_run_apart(run.unrolled.trace, rank) for rank in orders)


def _all_invokes(trace: Trace, helpers: Sequence[Scope]) -> Iterator[Statement]:
    """The invokes of a trace, and those of the functions that open more."""
    yield from (invoke.statement for invoke in trace.invokes)
    for scope in helpers:
        yield from invokes_of(scope)


def _reads_modules(block: Block) -> bool:
    """Whether something beside the invokes of a suite reads a module."""
    for statement in block.statements:
        if statement.opens is not None and statement.opens.kind == "invoke":
            continue
        # What a function does in invokes of its own is done in these.
        opens = calls_helper(statement)
        steps = flat((*statement.steps, *statement.turn))
        if any(isinstance(step, Access) and not (step.foreign and opens) for step in steps):
            return True
        if any(map(_reads_modules, statement.blocks)):
            return True
    return False


def _enters_plainly(statement: Statement) -> bool:
    """Whether an invoke has a prompt of its own and a body of its own lines."""
    opens = statement.opens
    if opens is None or statement.blocks[0].inline:
        return False
    return opens.items == 1 and opens.name is None and opens.arguments


def _only_invokes(trace: Trace) -> bool:
    """Whether the tracer is used for nothing but invokes and barriers, which go."""
    for statement in trace.statement.walk():
        if statement is trace.statement or statement.opens is not None:
            continue
        concerns = any(isinstance(s, (BarrierMade, BarrierCall)) for s in statement.steps)
        if concerns and (statement.blocks or not movable(statement)):
            return False
        reads = (*statement.steps, *statement.turn)
        uses = any(isinstance(s, Read) and s.name == trace.entered.name for s in reads)
        if uses and not concerns and not passes_tracer_on(statement, trace.entered.name):
            return False
    return True


def _edits(program: Program, trace: Trace) -> Iterator[Edit]:
    item, call = _entered(trace.statement)
    options = [a for a in call.args if a.keyword is not None and a.keyword.value not in _OF_SESSION]
    shared = [argument for argument in call.args if argument not in options]
    start = trace.entered.call.start
    helpers = opening_helpers(program, trace) or ()
    # Functions that are given the tracer go on being given it.
    kept = call if helpers else item.with_changes(comma=cst.MaybeSentinel.DEFAULT)
    header = Span(start, start + len(code_of(kept)))
    yield Edit(header, _call(f"{trace.entered.model}.session", call, shared))
    for invoke in _all_invokes(trace, helpers):
        yield from _opened(program, invoke, f"{trace.entered.model}.{trace.kind}", options)
    for statement in trace.statement.walk():
        if any(isinstance(step, (BarrierMade, BarrierCall)) for step in statement.steps):
            yield removed(statement)


def _opened(
    program: Program, invoke: Statement, function: str, options: Sequence[cst.Arg]
) -> Iterator[Edit]:
    """An invoke's call as a call of another function, with options behind its own arguments."""
    assert invoke.opens is not None
    span = invoke.opens.call
    start = span.start
    # Parsed by itself it has its blanks as they stand, whatever it is indented by.
    call = cst.parse_expression(program.text(span))
    assert isinstance(call, cst.Call)
    end = start + len(code_of(call.func))
    yield Edit(Span(start, end), function)
    if options:
        *others, last = call.args
        blanks = call.whitespace_after_func, call.whitespace_before_args
        bare = last.with_changes(
            comma=cst.MaybeSentinel.DEFAULT, whitespace_after_arg=cst.SimpleWhitespace("")
        )
        end += len("(") + sum(len(code_of(part)) for part in (*blanks, *others, bare))
        said = (code_of(o.with_changes(comma=cst.MaybeSentinel.DEFAULT)).strip() for o in options)
        yield Edit(Span(end, end), "".join(f", {text}" for text in said))


def _entered(statement: Statement) -> tuple[cst.WithItem, cst.Call]:
    assert isinstance(statement.node, cst.With)
    (item,) = statement.node.items
    assert isinstance(item.item, cst.Call)
    return item, item.item


def _call(function: str, like: cst.Call, arguments: Sequence[cst.Arg]) -> str:
    """A call that is laid out like another one, of another function with some of its arguments."""
    args = list(arguments)
    if args:
        args[-1] = args[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return code_of(like.with_changes(func=cst.parse_expression(function), args=args))


def _works(program: Program, trace: Trace, edits: Edits) -> bool:
    """Whether nothing fares worse in the traces of the session than in the one trace.

    As in `changing.tried` all traces that may be parted are parted together first.
    """
    changed, parts = _all_parted(program)
    if changed is not None and _fares_well(program, trace, changed, parts.get(trace, ())):
        return True
    alone = built(program, edits)
    if alone is None:
        return False
    return _fares_well(program, trace, alone, _parts(program, {trace: edits}, alone)[trace])


def _fares_well(program: Program, trace: Trace, changed: Program, parts: Sequence[Trace]) -> bool:
    found = [trouble(changed, part) for part in parts]
    before = 0 if opening_helpers(program, trace) else trouble(program, trace)
    if not found or None in found or before is None:
        return False
    return sum(filter(None, found)) <= before


@remembered
def _all_parted(program: Program) -> tuple[Program | None, Mapping[Trace, Sequence[Trace]]]:
    """The program after all its traces are parted that may be, and the traces of each there."""
    parted, changed = together(program, _parting, 0)
    return changed, {} if changed is None else _parts(program, parted, changed)


def _parts(
    program: Program, parted: Mapping[Trace, Edits], changed: Program
) -> Mapping[Trace, Sequence[Trace]]:
    """The traces that each parted one has become; none where another number of them came out."""
    helpers = {trace: opening_helpers(program, trace) or () for trace in parted}
    invokes = sum(1 for trace in parted for _ in _all_invokes(trace, helpers[trace]))
    if len(changed.traces) - len(program.traces) != invokes:
        return dict.fromkeys(parted, ())
    sessions = {one.statement.span.start: one for one in changed.traces}
    within: dict[Trace | str | None, list[Trace]] = {}
    for one in changed.traces:
        within.setdefault(one.session, []).append(one)
        within.setdefault(one.scope.name, []).append(one)
    begins = [Span(trace.statement.span.start, trace.statement.span.start) for trace in parted]
    now = moved(begins, (edit for edits in parted.values() for edit in edits))
    return {
        trace: [
            part
            for key in (sessions.get(begin.start), *(scope.name for scope in helpers[trace]))
            for part in within.get(key, ())
            if key is not None
        ]
        for trace, begin in zip(parted, now, strict=True)
    }
