"""Errors that a program waits for: it knows what it does."""

from __future__ import annotations

import libcst as cst

from nnmigrate.patterns import pattern
from nnmigrate.program import Dialect, Program, Statement, Trace
from nnmigrate.program.liveness import RAISING

_BROAD = pattern(r"Exception|BaseException|.*OutOfOrderError|.*NNsightException")


def is_wanted(program: Program, trace: Trace) -> bool:
    """Whether a trace is meant to fail: in `pytest.raises`, or in a `try` that expects it.

    Code that was written for 0.4 did not expect what only 0.5 raises: there a `try` says nothing.
    """
    for parent in trace.parents:
        texts = [program.text(context.call) for context in parent.contexts]
        if any(RAISING.match(text) for text in texts):
            return True
        if program.dialect is not Dialect.OLD and _expects(program, parent):
            return True
    return False


def _expects(program: Program, parent: Statement) -> bool:
    node = parent.node
    if not isinstance(node, cst.Try):
        return False
    caught = [
        cst.Module([]).code_for_node(h.type) if h.type else "Exception" for h in node.handlers
    ]
    return any(_BROAD.match(one.strip("( ")) for one in caught)
