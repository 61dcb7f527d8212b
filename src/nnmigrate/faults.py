"""Errors of nnmigrate itself, in one line for whoever reports them."""

from __future__ import annotations


def described(error: Exception) -> str:
    """The error and where it was raised, such as `raised KeyError: 'x' (line 3 of check)`."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" (line {trace.tb_lineno} of {trace.tb_frame.f_code.co_name})" if trace else ""
    return f"raised {type(error).__name__}: {error}{place}"
