"""Finds the traces among the statements of the scopes, and the invokes of the traces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nnmigrate.program.model import Block, Invoke, Options, Remote, Scope, Statement, Trace

_TRACES = frozenset(["trace", "generate", "scan", "session", "edit"])


def assemble(scopes: Sequence[Scope], options: Options) -> Iterator[Trace]:
    """The traces of all scopes, in the order of the text within each scope."""
    for scope in scopes:
        yield from _traces(scope, scope.body, (), None, options)


def _traces(
    scope: Scope,
    block: Block,
    parents: tuple[Statement, ...],
    session: Trace | None,
    options: Options,
) -> Iterator[Trace]:
    for statement in block.statements:
        if statement.opens is not None and statement.opens.kind in _TRACES:
            trace = _trace(scope, statement, parents, session, options)
            yield trace
            if trace.kind != "session":
                continue
            yield from _traces(scope, trace.body, (*parents, statement), trace, options)
            continue
        for inner in statement.blocks:
            yield from _traces(scope, inner, (*parents, statement), session, options)


def _trace(
    scope: Scope,
    statement: Statement,
    parents: tuple[Statement, ...],
    session: Trace | None,
    options: Options,
) -> Trace:
    entered = statement.opens
    assert entered is not None
    body = statement.blocks[0]
    invokes = tuple(_invokes(body, ()))
    if not invokes and entered.kind != "session":
        invokes = (Invoke(statement, body, implicit=True),)
    if options.assume_remote and entered.kind != "edit":
        remote = Remote.YES
    else:
        remote = session.remote if session is not None else entered.remote
    return Trace(statement, entered, scope, body, invokes, parents, session, remote)


def _invokes(block: Block, parents: tuple[Statement, ...]) -> Iterator[Invoke]:
    for statement in block.statements:
        if statement.opens is not None and statement.opens.kind == "invoke":
            yield Invoke(statement, statement.blocks[0], parents)
        elif statement.opens is None or statement.opens.kind not in _TRACES:
            for inner in statement.blocks:
                yield from _invokes(inner, (*parents, statement))
