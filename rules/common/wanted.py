"""Errors that a program waits for: it knows what it does."""

from __future__ import annotations

from collections.abc import Collection

import libcst as cst

from nnmigrate.patterns import pattern
from nnmigrate.program import Dialect, Program, Statement, Trace
from nnmigrate.program.liveness import RAISING

_BROAD = pattern(r"Exception|BaseException|.*OutOfOrderError|.*NNsightException")


def is_wanted(program: Program, trace: Trace, *raised: str) -> bool:
    """Whether a trace is meant to fail: in `pytest.raises`, or in a `try` that expects it.

    Code that was written for 0.4 did not expect what only 0.5 raises: there a `try` says nothing.

    Args:
        program: the program.
        trace: the trace.
        raised: what it raises besides what is nnsight's own.
    """
    for parent in trace.parents:
        texts = [program.text(context.call) for context in parent.contexts]
        if any(RAISING.match(text) for text in texts):
            return True
        if program.dialect is not Dialect.OLD and _expects(parent, raised):
            return True
    return False


def _expects(parent: Statement, raised: Collection[str]) -> bool:
    node = parent.node
    if not isinstance(node, cst.Try):
        return False
    caught = [
        cst.Module([]).code_for_node(h.type) if h.type else "Exception" for h in node.handlers
    ]
    names = [one.strip("( ") for one in caught]
    return any(_BROAD.match(name) or name.rstrip(")") in raised for name in names)
