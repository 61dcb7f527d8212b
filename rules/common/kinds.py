"""What kind of object an outer object is, as far as the program shows it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from nnmigrate.patterns import pattern
from nnmigrate.program import Mutation, Program, Trace
from nnmigrate.program.values import Constant, Container, Instance, Items, Value
from nnmigrate.spans import Span


def pattern_of(path: str) -> re.Pattern[str]:
    """Finds where a text mentions a way to an object."""
    return re.compile(rf"(?<![\w.]){re.escape(path)}(?!\w)")


def mentions(text: str, path: str) -> bool:
    """Whether a text mentions a way to an object."""
    return path != "" and pattern_of(path).search(text) is not None


def changed_path(mutation: Mutation) -> str:
    """The way to the object that a change changes; to the attribute, where it sets one."""
    if mutation.how in ("setattr", "delattr") and isinstance(mutation.key, str):
        return f"{mutation.path}.{mutation.key}"
    return mutation.path


_TENSOR = pattern(r"torch\.(zeros|ones|empty|full|rand\w*|tensor|arange|eye)(_like)?\(")
_ARRAY = pattern(r"(np|numpy)\.(zeros|ones|empty|full|array|arange)(_like)?\(")
# A display, a comprehension, or a call that makes a new collection.
_COLLECTION = pattern(
    r"[\[{]|(?:collections\.)?(?:list|dict|set|deque|defaultdict|OrderedDict|Counter)\("
)
_METHODS = {
    "list": frozenset("append extend insert sort reverse".split()),
    "dict": frozenset("setdefault popitem".split()),
    "set": frozenset("add discard".split()),
}


def kind_of(value: Value | None) -> str:
    """The kind of a collection; empty for anything else."""
    return value.kind if isinstance(value, (Container, Items)) else ""


def kind_made(program: Program, trace: Trace, path: str, owner: Value | None = None) -> str:
    """The kind of what the way was bound to, where every binding in view agrees.

    Args:
        program: the program.
        trace: the trace from which the object is reached.
        path: the way to it.
        owner: what the name that the way starts from stands for.
    """
    made = _made(program, trace, path, owner)
    kinds = {
        kind_of(value) or _kind_of_plain(value) or _kind_of_text(program, span)
        for value, span in made
    }
    return kinds.pop() if len(kinds) == 1 else ""


def made_there(program: Program, trace: Trace, path: str) -> bool:
    """Whether what a way leads to is made anew by the very function in which a trace stands."""
    root = path.partition(".")[0]
    binds = trace.scope.bindings.get(root, ())
    made = [bind.expression for bind in binds if bind.how != "augment"]
    return (
        root not in trace.scope.parameters
        and bool(made)
        and all(expression is not None and _is_new(program.text(expression)) for expression in made)
    )


def _is_new(text: str) -> bool:
    return any(made.match(text) is not None for made in (_COLLECTION, _TENSOR, _ARRAY))


def made_by_lambda(program: Program, trace: Trace, path: str, owner: Value | None = None) -> bool:
    """Whether what a way was bound to was made with a lambda, which pickle refuses."""
    made = _made(program, trace, path, owner)
    return any(span is not None and "lambda" in program.text(span) for _, span in made)


def _made(
    program: Program, trace: Trace, path: str, owner: Value | None
) -> Iterator[tuple[Value | None, Span | None]]:
    """What a way is bound to, wherever that is in view."""
    attribute = path.partition(".")[2]
    if not attribute:
        for bind in trace.scope.seen(path):
            if bind.how != "augment":  # which keeps the object
                yield bind.value, bind.expression
        return
    for step in _attributes_set(program, trace, owner):
        if changed_path(step) in (path, f"self.{attribute}"):
            yield step.value, step.value_span


def _attributes_set(program: Program, trace: Trace, owner: Value | None) -> Iterator[Mutation]:
    """What the methods of a class do to attributes."""
    for scope in program.scopes:
        parent = scope.parent
        if parent is None or parent.kind != "class":
            continue
        named = isinstance(owner, Instance) and parent.name == owner.name
        if named or parent is trace.scope.parent:
            for statement in scope.body.statements:
                for step in statement.all_steps:
                    if isinstance(step, Mutation) and step.how == "setattr" and not step.by:
                        yield step


def _kind_of_plain(value: Value | None) -> str:
    """Numbers and strings: what can only be bound anew."""
    known = isinstance(value, Constant) and value.value is not None
    return "plain" if known else ""


def _kind_of_text(program: Program, expression: Span | None) -> str:
    text = program.text(expression) if expression is not None else ""
    if _TENSOR.match(text):
        return "tensor"
    return "ndarray" if _ARRAY.match(text) else ""


def kind_shown(mutations: Iterable[Mutation]) -> str:
    """The kind that the changes show: only lists are appended to."""
    for mutation in mutations:
        for kind, methods in _METHODS.items():
            if mutation.depth == 0 and mutation.method in methods:
                return kind
    return ""
