"""Functions of the file that open an invoke of a tracer which they are given."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nnmigrate.program import Program, Read, Remote, Scope, Statement, Told, Trace, Write
from nnmigrate.program.memory import remembered
from nnmigrate.program.model import code_only


def calls_helper(statement: Statement) -> bool:
    """Whether a statement calls a function that opens an invoke."""
    return any(isinstance(s, Told) and s.what == "helper-invoke" for s in statement.steps)


def opening_helpers(program: Program, trace: Trace) -> tuple[Scope, ...] | None:
    """The functions that open invokes of a trace, if they do nothing else and serve only it.

    Returns:
        None where one of them is used elsewhere too, or the model is not at hand in it.
    """
    if not any(map(calls_helper, trace.statement.walk())):
        return ()
    code, inside = program.bare, code_only(program.text(trace.statement.span))
    found = []
    for scope in program.scopes:
        name = rf"(?<![\w.]){re.escape(scope.name)}\b"
        if scope.kind != "function" or not re.search(name, inside):
            continue
        if any(True for _ in invokes_of(scope)):
            if len(re.findall(name, code)) != len(re.findall(name, inside)) + 1:
                return None
            if not _sees_model(scope, trace) or any(map(changes_model, scope.body.statements)):
                return None
            found.append(scope)
    return tuple(found) or None


def runs_in_session(program: Program, trace: Trace) -> bool:
    """Whether a trace stands in a function that only the file's sessions call."""
    inside = sum(count for _, count in _calls_in_sessions(program, trace))
    return inside > 0 and _mentioned(trace.scope, program.code) == inside + 1


def remote_session(program: Program, trace: Trace) -> Trace | None:
    """The remote session of the file that calls the function in which a trace stands."""
    calling = (session for session, count in _calls_in_sessions(program, trace) if count)
    return next((session for session in calling if session.remote is not Remote.NO), None)


def _calls_in_sessions(program: Program, trace: Trace) -> Iterator[tuple[Trace, int]]:
    scope = trace.scope
    for session in _sessions(program) if scope.kind == "function" else ():
        if session.scope is not scope:
            yield session, _mentioned(scope, program.text(session.statement.span))


@remembered
def _sessions(program: Program) -> tuple[Trace, ...]:
    return tuple(trace for trace in program.traces if trace.kind == "session")


def _mentioned(scope: Scope, code: str) -> int:
    """How often code mentions a function."""
    return len(re.findall(rf"(?<![\w.]){re.escape(scope.name)}\b", code_only(code)))


def invokes_of(scope: Scope) -> Iterator[Statement]:
    """The statements of a function that open an invoke."""
    for statement in scope.body.statements:
        for inner in statement.walk():
            if inner.opens is not None and inner.opens.kind == "invoke":
                yield inner


def _sees_model(scope: Scope, trace: Trace) -> bool:
    """Whether the model's name means the same in a function and where the trace stands."""
    root = trace.entered.model.partition(".")[0]
    return _owner(scope, root) is _owner(trace.scope, root) and _owner(scope, root) is not None


def _owner(scope: Scope, name: str) -> Scope | None:
    owners = (one for one in scope.outward() if name in one.bindings or name in one.parameters)
    return next(owners, None)


def changes_model(statement: Statement) -> bool:
    """Whether a statement changes a value of the model in place."""
    return any(isinstance(step, Write) for step in statement.all_steps)


def passes_tracer_on(statement: Statement, tracer: str | None) -> bool:
    """Whether a statement reads the tracer only to give it to such a function, once."""
    reads = [s for s in statement.steps if isinstance(s, Read) and s.name == tracer]
    return calls_helper(statement) and len(reads) == 1
