"""What a trace is to one Python and not to another.

nnsight 0.5 shares the names of the frame that asks for a module. Before Python 3.12 a list, set or
dictionary comprehension is a function with a frame of its own, so that nothing but its variables is
shared while it asks. Since then it stands in the frame around it (PEP 709), whose names are shared
and taken with every module that it asks for. A generator expression has its own frame on all.
"""

from __future__ import annotations

from dataclasses import replace

from nnmigrate.schedule.values import Get, Operation, Trace


def since_3_12(trace: Trace) -> Trace | None:
    """The trace as Python 3.12 and later run it; None where that makes no difference.

    Args:
        trace: the trace as Python 3.10 and 3.11 run it.
    """
    operations = (op for invoke in trace.invokes for op in invoke.operations)
    if not any(isinstance(op, Get) and op.inlined for op in operations):
        return None
    return replace(
        trace,
        invokes=tuple(
            replace(invoke, operations=tuple(map(_in_own_frame, invoke.operations)))
            for invoke in trace.invokes
        ),
    )


def _in_own_frame(operation: Operation) -> Operation:
    if isinstance(operation, Get) and operation.inlined:
        return replace(operation, foreign=None, comprehension=False)
    return operation
