"""What has been found out about a program is found out once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

from nnmigrate.program.model import Program

_Rest = ParamSpec("_Rest")
_Found = TypeVar("_Found")


def remembered(
    function: Callable[Concatenate[Program, _Rest], _Found],
) -> Callable[Concatenate[Program, _Rest], _Found]:
    """Lets a function of a program, and of more that is hashable, answer each question once.

    Many rules ask the same of every trace. A cache of bounded size would have forgotten the first
    trace before the second rule asks; what is kept here goes when the program does.

    Args:
        function: what only depends on what it is given; it is called with positional arguments.
    """

    @wraps(function)
    def answer(program: Program, *rest: _Rest.args, **none: _Rest.kwargs) -> _Found:
        key = (function, *rest)
        if key not in program.memory:
            program.memory[key] = function(program, *rest, **none)
        return cast(_Found, program.memory[key])

    return cast(Callable[Concatenate[Program, _Rest], _Found], answer)
