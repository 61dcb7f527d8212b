"""Functions of Python's library that change what they are given, or make something to be called."""

from __future__ import annotations

import libcst as cst

from nnmigrate.program.functions import called_outside, inline
from nnmigrate.program.handed import Partial
from nnmigrate.program.indexes import literal_key
from nnmigrate.program.iterables import any_traced, first_of
from nnmigrate.program.mutations import mutated
from nnmigrate.program.names import CHANGING_FUNCTIONS
from nnmigrate.program.steps import Told
from nnmigrate.program.values import (
    UNKNOWN,
    Constant,
    Container,
    Function,
    LocalClass,
    Method,
    Value,
)
from nnmigrate.program.walk import Arguments, Walk

_MAKING_CLASSES = ("collections.namedtuple", "typing.NamedTuple")


def knows(name: str) -> bool:
    """Whether a function of the library, by its full name, is one that is looked at here."""
    return name in CHANGING_FUNCTIONS or name in _MAKING_CLASSES or name == "functools.partial"


def library_function(walk: Walk, node: cst.Call, name: str, arguments: Arguments) -> Value:
    """A call of one of the functions that `knows` knows.

    `heapq.heappush(heap, item)` changes the heap, `namedtuple(...)` makes a class, `partial(keep,
    acts)` something that most likely changes `acts` when it is called.
    """
    if name in _MAKING_CLASSES:
        return LocalClass(name=f"{name} {walk.site()}")
    if name == "functools.partial":
        return _partial(walk, node, arguments)
    if node.args:
        last = node.args[-1].value, arguments.positional[-1] if arguments.positional else UNKNOWN
        target, method = node.args[0].value, name.rpartition(".")[2]
        named = literal_key(arguments.positional[1:2])[0] if method == "setattr" else None
        key = None if named is None else (node.args[1].value, named)
        mutated(walk, node, target, "method", method=method, key=key, value=last)
    if name != "builtins.next":
        return UNKNOWN
    first = first_of(arguments)
    if isinstance(first, Container):
        return first.item(None) or UNKNOWN
    return walk.computed(node) if any_traced(arguments) else UNKNOWN


def _partial(walk: Walk, node: cst.Call, arguments: Arguments) -> Value:
    function = first_of(arguments)
    if isinstance(function, Function) and not any(each.star for each in node.args):
        return Partial(
            function=function,
            positional=arguments.positional[1:],
            keywords=arguments.keywords,
            arguments=tuple(node.args[1:]),
        )
    for argument in node.args[1:]:
        given = argument.value
        if isinstance(given, cst.Name) and isinstance(walk.lookup(given.value), Container):
            return Method(name="partial", path=given.value)
    return UNKNOWN


def call_partial(walk: Walk, node: cst.Call, callee: Partial, arguments: Arguments) -> Value:
    """A call of what `functools.partial` has made: of the function, with what it has already."""
    given = Arguments(
        (*callee.positional, *arguments.positional), (*callee.keywords, *arguments.keywords)
    )
    follow = inline if walk.tracing else called_outside
    return follow(walk, node, callee.function, given, callee.arguments)


def run_text(walk: Walk, node: cst.Call, name: str, arguments: Arguments) -> None:
    """`exec(text)`, `eval(text)`, `compile(text, "<string>", "exec")`: what runs is in no file."""
    given = arguments.positional
    if given and (name in ("exec", "eval") or (name == "compile" and _is_text(given[1:2]))):
        walk.note(Told(walk.site(), walk.span(node), name, given[0]))


def _is_text(values: tuple[Value, ...]) -> bool:
    return any(isinstance(v, Constant) and isinstance(v.value, str) for v in values)
