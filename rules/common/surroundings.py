"""The context managers around a trace, as far as they hold for what its body computes.

nnsight 0.4 carried the graph out when the outermost with statement ended, in the caller's thread:
what was entered outside of it held. Since 0.5 the body runs in a thread of its own, and torch keeps
its modes by thread.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.program import Block, Program, Scope, Statement, Trace
from nnmigrate.program.memory import remembered
from nnmigrate.program.values import Module
from nnmigrate.spans import Edit, Span

from .editing import code_of, expression_of, indented


@dataclass(frozen=True)
class Context:
    """A call of torch's that sets a mode.

    Args:
        name: what is called, by its last name: `no_grad`, `autocast`, `device`, ...
        text: the call, as it can be written again.
        argument: its first argument's characters; empty where there is none.
        place: where it is entered, as a message has it.
        certain: whether it is entered whenever the trace is.
    """

    name: str
    text: str
    argument: str = ""
    place: str = "around the trace"
    certain: bool = True


def contexts_around(program: Program, trace: Trace) -> Iterator[Context]:
    """Torch's context managers around a trace, innermost first, then the function's decorators."""
    root = trace
    while root.session is not None:
        root = root.session
    yield from _entered_before(program, root)
    for parent in reversed(root.parents):
        yield from _entered(program, trace.scope, parent)
    definition = trace.scope.statement
    if definition is not None and isinstance(definition.node, cst.FunctionDef):
        for decorator in reversed(definition.node.decorators):
            yield from context_of(program, trace.scope.parent or trace.scope, decorator.decorator)


def _entered(program: Program, scope: Scope, statement: Statement) -> Iterator[Context]:
    if isinstance(statement.node, cst.With):
        for item in reversed(statement.node.items):
            yield from context_of(program, scope, item.item)


def _entered_before(program: Program, trace: Trace) -> Iterator[Context]:
    """What the trace's own statement enters before the trace.

    What it enters behind it had ended when 0.4 carried the graph out.
    """
    assert isinstance(trace.statement.node, cst.With)
    if trace.entered.items == 1:
        return
    call, before = program.text(trace.entered.call), []
    for item in trace.statement.node.items:
        if code_of(item.item).strip() == call:
            break
        before.append(item.item)
    for node in reversed(before):
        yield from context_of(program, trace.scope, node)


def called_above(program: Program, trace: Trace) -> Iterator[Context]:
    """What has been called, by statements of their own, when a trace is entered."""
    scope: Scope | None = trace.scope
    while scope is not None:
        for statement in _above(scope.body, trace, whole=scope is not trace.scope):
            if isinstance(statement.node, cst.Expr):
                yield from context_of(program, scope, statement.node.value)
        scope = scope.parent


def _above(block: Block, trace: Trace, *, whole: bool) -> Iterator[Statement]:
    """The statements that have run then; of a scope around the trace's own, all."""
    for statement in block.statements:
        if not whole and statement.span.start >= trace.statement.span.start:
            return
        yield statement
        for inner in () if whole else statement.blocks:
            if inner.span.holds(trace.statement.span):
                yield from _above(inner, trace, whole=False)


def context_of(program: Program, scope: Scope, node: cst.BaseExpression) -> Iterator[Context]:
    """What an expression enters, if it is torch's; of two that it chooses from, either."""
    if isinstance(node, cst.Name):
        node = _bound_to(program, scope, node)
    if isinstance(node, cst.IfExp):
        for each in (node.body, node.orelse):
            for one in context_of(program, scope, each):
                yield replace(one, text=code_of(node).strip())
        return
    called = isinstance(node, cst.Call)
    name = torch_name(scope, node.func if isinstance(node, cst.Call) else node)
    if name is not None:
        text = code_of(node).strip()
        arguments = node.args if isinstance(node, cst.Call) else ()
        first = code_of(arguments[0].value) if arguments else ""
        yield Context(name, text if called else f"{text}()", first)


def _bound_to(program: Program, scope: Scope, name: cst.Name) -> cst.BaseExpression:
    """What a name stands for that is bound once, to a call or to one of two (`ctx = no_grad()`)."""
    made = scope.seen(name.value)
    if len(made) != 1 or made[0].how != "assign" or made[0].expression is None:
        return name
    expression = expression_of(program.text(made[0].expression))
    return expression if isinstance(expression, (cst.Call, cst.IfExp)) else name


def torch_name(scope: Scope, node: cst.BaseExpression) -> str | None:
    """The last name of something that is proved to be torch's: `no_grad` of `torch.no_grad`."""
    words = code_of(node).strip().split(".")
    found = imported(scope, words[0])
    if found is None or found.split(".")[0] != "torch":
        return None
    return words[-1] if len(words) > 1 else found.rpartition(".")[2]


def imported(scope: Scope, name: str) -> str | None:
    """What a name is imported from, where it is bound by imports alone."""
    found = {bind.value for bind in scope.seen(name)}
    value = found.pop() if len(found) == 1 else None
    return value.name if isinstance(value, Module) else None


def without(
    program: Program, scope: Scope, block: Block, names: Collection[str]
) -> Iterator[Statement]:
    """The statements of a suite, all below them included, that stand in none of these contexts."""
    for statement in block.statements:
        if not any(context.name in names for context in _entered(program, scope, statement)):
            yield statement
            for inner in statement.blocks:
                yield from without(program, scope, inner, names)


def wrapped(program: Program, statement: Statement, text: str) -> Edit | None:
    """Puts the body of a with statement into another one; None where it has no line of its own."""
    body = statement.blocks[0]
    if body.inline:
        return None
    unit = body.indent.removeprefix(statement.indent) or "    "
    span = Span(body.statements[0].line.start, body.statements[-1].line.end)
    header = f"{body.indent}with {text}:{program.newline}"
    return Edit(span, header + indented(program, span, body.indent, unit))


@remembered
def torch_imported(program: Program, scope: Scope) -> str | None:
    """The name by which a scope reaches torch itself, if it does."""
    if "torch" not in program.code:
        return None
    names = ((one, name) for one in scope.outward() for name in one.bindings)
    return next((name for one, name in names if imported(one, name) == "torch"), None)
