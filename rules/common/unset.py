"""Errors by which a program learns that a value was never set.

On 0.4 a proxy without a value raised a ValueError when it was read (0.4.11, tracing/graph/node.py).
Since 0.5 the name is not bound: NameError, of which UnboundLocalError is one.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from nnmigrate.program import Program, Statement
from nnmigrate.program.liveness import RAISING
from nnmigrate.spans import Edit, Span


def unset_errors(program: Program, top: Statement, read: Span) -> tuple[Edit, ...]:
    """The edits by which what waits for the old error around a read waits for the new one."""
    for statement in top.walk():
        if not statement.span.holds(read):
            continue
        for context in statement.contexts:
            if RAISING.match(program.text(context.call)):
                return tuple(_in(program, context.call))
        if isinstance(statement.node, cst.Try) and statement.blocks[0].span.holds(read):
            return tuple(_in(program, _handlers(statement)))
    return ()


def _handlers(statement: Statement) -> Span:
    """From the end of what is tried to the statement's end."""
    return Span(statement.blocks[0].span.end, statement.span.end)


def _in(program: Program, span: Span) -> Iterator[Edit]:
    """The first `ValueError` that stands by itself in a call or behind an `except`."""
    text = program.text(span)
    for before in ("raises(", "assertRaises(", "except "):
        at = text.find(f"{before}ValueError")
        end = at + len(before) + len("ValueError")
        if at >= 0 and text[end : end + 1] in (")", ":", " ", ","):
            start = span.start + at + len(before)
            yield Edit(Span(start, span.start + end), "(ValueError, NameError)")
            return
