"""Which names are bound outside a trace when it starts."""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.program.model import Dialect, Program, Remote, Scope, Statement, Trace
from nnmigrate.program.steps import Bind, Mutation, Save, Step
from nnmigrate.program.values import Container


def outer_names(program: Program, trace: Trace) -> frozenset[str]:
    """The names that 0.5 finds bound when the trace starts, in any scope that the trace sees.

    That is the frame's own names and the module's (nnsight 0.5.15, intervention/tracing/base.py:
    the body is compiled with both as its globals). A name that only an enclosing function binds
    does not
    count: the trace's function has a local of that name, which is unbound.
    """
    own = set(_bound_before(program, trace, trace.scope))
    module = program.scopes[0]
    if trace.scope is not module:
        own |= {step.name for statement in _statements(program, module, None) for step in statement}
    return frozenset(own | set(_left_over(program, trace)))


def empty_collections(trace: Trace) -> frozenset[str]:
    """The names of collections that are made right before a trace and have no items yet."""
    empty: set[str] = set()
    for statement in _siblings_before(trace):
        for step in statement.all_steps:
            if isinstance(step, Mutation):
                empty.discard(step.base)
            elif isinstance(step, Bind):
                made = isinstance(step.value, Container) and step.value.empty
                (empty.add if made and not statement.blocks else empty.discard)(step.name)
    return frozenset(empty)


def _siblings_before(trace: Trace) -> Iterator[Statement]:
    """The statements before a trace in its suite, and before its session in that one's."""
    if trace.session is not None and trace.parents[-1] is trace.session.statement:
        yield from _siblings_before(trace.session)
    suites = [block for parent in trace.parents for block in parent.blocks]
    for block in (trace.scope.body, *suites):
        if trace.statement in block.statements:
            yield from block.statements[: block.statements.index(trace.statement)]


def _bound_before(program: Program, trace: Trace, scope: Scope) -> Iterator[str]:
    """What the scope has bound when it comes to the trace: before it, or in an earlier turn."""
    loops = trace.loops
    start = loops[0].span.start if loops else trace.statement.span.start
    last: dict[str, Bind] = {}
    for binds in _statements(program, scope, trace):
        for step in binds:
            again = bool(loops) and loops[0].span.holds(step.span)
            if step.span.start < trace.statement.span.start or again:
                last[step.name] = step
    yield from scope.parameters
    for name, step in last.items():
        if step.how != "delete" or step.span.start > start:
            yield name


def _statements(program: Program, scope: Scope, without: Trace | None) -> Iterator[list[Bind]]:
    """The bindings of a scope, statement by statement; of traces only what they leave behind."""
    traces = {id(trace.statement): trace for trace in program.traces if trace.scope is scope}

    def walk(statement: Statement) -> Iterator[list[Bind]]:
        trace = traces.get(id(statement))
        if trace is not None and trace.kind != "session":
            if trace is not without:
                same_session = without is not None and trace.session is without.session
                yield list(_kept(trace, everything=same_session and trace.session is not None))
            return
        yield list(_binds((*statement.steps, *statement.turn)))
        for block in statement.blocks:
            for inner in block.statements:
                yield from walk(inner)

    for statement in scope.body.statements:
        yield from walk(statement)


def _kept(trace: Trace, *, everything: bool) -> Iterator[Bind]:
    """What a trace leaves bound behind it: the saved names; inside a session all names."""
    steps = [step for step in trace.statement.all_steps if isinstance(step, (Bind, Save))]
    saved = {step.name for step in steps if isinstance(step, Save)}
    for step in steps:
        if not isinstance(step, Bind) or step.foreign:
            continue
        if everything or step.value.saved or step.name in saved:
            yield step


def _left_over(program: Program, trace: Trace) -> Iterator[str]:
    """What the trace itself has left bound at an earlier turn of a loop around it.

    A saved name always is, and in a session every name. Another one may be, by chance: 0.5 never
    forgets the ids of saved objects, and a new object may have the id of one that is gone (nnsight
    0.5.15, tracing/globals.py). Where a program is being brought over from 0.4 that chance is not
    taken.
    """
    if trace.loops or (trace.session is not None and trace.session.loops):
        chance = program.dialect is not Dialect.NEW and trace.remote is not Remote.YES
        for step in _kept(trace, everything=chance or trace.session is not None):
            yield step.name


def _binds(steps: tuple[Step, ...]) -> Iterator[Bind]:
    for step in steps:
        if isinstance(step, Bind) and not step.foreign:
            yield step
