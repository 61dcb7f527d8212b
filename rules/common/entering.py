"""Contexts of nnsight's that are made above the with statement that enters them."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.findings import Fix
from nnmigrate.program import Bind, Context, Made, Mutation, Program, Read, Scope, Statement, flat
from nnmigrate.program.liveness import reads_free
from nnmigrate.program.model import code_only
from nnmigrate.spans import Edit, Span

from .editing import code_of, merged, movable
from .headers import header_of

_STACKS = ("ExitStack", "contextlib.ExitStack")


@dataclass(frozen=True, eq=False)
class Making:
    """A call that makes a context outside of a with statement's header.

    Args:
        scope: the scope that it stands in.
        siblings: the statements of its suite.
        statement: the statement that it is part of.
        step: the call.
    """

    scope: Scope
    siblings: tuple[Statement, ...]
    statement: Statement
    step: Made

    @property
    def name(self) -> str | None:
        """The name that the statement binds to it, if it does nothing else."""
        node = self.statement.node
        if not isinstance(node, cst.Assign) or len(node.targets) != 1:
            return None
        target = node.targets[0].target
        whole = isinstance(node.value, cst.Call) and self.is_whole
        return target.value if whole and isinstance(target, cst.Name) else None

    @property
    def is_alone(self) -> bool:
        """Whether the call is all there is of the statement."""
        return self.is_whole and self.statement.span == self.step.span

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the statement stands behind the call."""
        return self.statement.span.end == self.step.span.end


def makings(program: Program) -> Iterator[Making]:
    """What nnsight makes outside of the header of a with statement."""
    for scope in program.scopes:
        for siblings in _suites(scope):
            for statement in siblings:
                heads = [context.call for context in statement.contexts]
                for step in flat((*statement.steps, *statement.turn)):
                    if isinstance(step, Made) and not any(head.holds(step.span) for head in heads):
                        yield Making(scope, siblings, statement, step)


def _suites(scope: Scope) -> Iterator[tuple[Statement, ...]]:
    yield scope.body.statements
    for statement in scope.body.walk():
        for block in statement.blocks:
            yield block.statements


def entered_later(making: Making) -> tuple[Statement, Context] | None:
    """The with statement of the same suite that enters it by its name."""
    if making.name is None:
        return None
    for statement in making.siblings[making.siblings.index(making.statement) + 1 :]:
        for context in statement.contexts:
            if context.kind and _is_name(statement, context, making.name):
                return statement, context
    return None


def _is_name(statement: Statement, context: Context, name: str) -> bool:
    return context.call.end - context.call.start == len(name) and any(
        isinstance(step, Read) and step.name == name and step.span == context.call
        for step in statement.steps
    )


def name_fix(program: Program, making: Making) -> Fix | None:
    """Puts the call into the header of the one with statement that enters its name."""
    found = entered_later(making)
    if found is None or making.name is None or not movable(making.statement):
        return None
    statement, context = found
    others = _other_reads(program, making, context)
    if others is None or not _is_undisturbed(program, making, statement):
        return None
    text = program.text(making.step.span)
    if others and context.name != making.name:
        if context.bound or making.step.opener.kind == "edit":
            return None
        text += f" as {making.name}"
    comment = program.code[making.statement.span.end : making.statement.line.end].strip()
    line = f"{making.statement.indent}{comment}{program.newline}" if comment else ""
    edits = (Edit(making.statement.line, line), Edit(context.call, text))
    return Fix("Make it in the header", merged(edits))


def _other_reads(program: Program, making: Making, context: Context) -> bool | None:
    """Whether the name is read beyond the header; None if that may be too much to keep."""
    name = making.name
    binds = making.scope.bindings.get(name or "", ())
    if any(bind.how not in ("assign", "with") for bind in binds):
        return None
    if sum(bind.how == "assign" for bind in binds) != 1 or _is_read_later(program, making):
        return None
    reads = _reads(program, making.name)
    for scope, statement, step in reads:
        if step.span == context.call or _owner(scope, step.name) not in (making.scope, None):
            continue
        entered = any(each.call == step.span for each in statement.contexts)
        if entered or scope is not making.scope or step.span.start < context.call.end:
            return None
    late = [each for each in reads if each[2].span != context.call]
    return any(_owner(scope, step.name) is making.scope for scope, _, step in late)


def _is_read_later(program: Program, making: Making) -> bool:
    """Whether a function takes the name from around it: nobody knows when it is called."""
    definitions = (s for s in making.scope.body.walk() if s.kind in ("FunctionDef", "ClassDef"))
    return any(reads_free(program, each, making.name or "") for each in definitions)


def _owner(scope: Scope, name: str) -> Scope | None:
    """The scope that a name read in a scope belongs to."""
    around = scope.outward()
    return next((one for one in around if name in one.bindings and name not in one.declared), None)


def _reads(program: Program, name: str | None) -> list[tuple[Scope, Statement, Read]]:
    return [
        (scope, statement, step)
        for scope in program.scopes
        for statement in scope.body.walk()
        for step in flat((*statement.steps, *statement.turn))
        if isinstance(step, Read) and step.name == name
    ]


def _is_undisturbed(program: Program, making: Making, statement: Statement) -> bool:
    """Whether the call gives the same where the with statement stands."""
    siblings = making.siblings
    between = siblings[siblings.index(making.statement) + 1 : siblings.index(statement)]
    names = {step.name for step in making.statement.steps if isinstance(step, Read)}
    steps = [step for each in between for step in each.all_steps]
    if any(isinstance(step, Bind) and step.name in names for step in steps):
        return False
    if any(isinstance(step, Mutation) and step.base in names for step in steps):
        return False
    calls = any("(" in code_only(program.text(each.span)) for each in between)
    return not calls or _reads_only_names(making)


def _reads_only_names(making: Making) -> bool:
    """Whether the call's arguments, and the model, are names and literals: strings and numbers."""
    node = making.statement.node
    call = node.value if isinstance(node, cst.Assign) else None
    assert isinstance(call, cst.Call)
    assert isinstance(call.func, cst.Attribute)
    literals = (cst.SimpleString, cst.Integer, cst.Float)
    plain = all(isinstance(each.value, literals) for each in call.args)
    return plain and isinstance(call.func.value, cst.Name)


# --- stacks ---------------------------------------------------------------------------------------


def stack_fix(program: Program, making: Making) -> Fix | None:
    """Turns a `with` of an ExitStack that enters contexts at first into a `with` of these."""
    for statement in making.scope.body.walk():
        if statement.blocks and statement.blocks[0].statements is making.siblings:
            return _without_stack(program, statement)
    return None


def _without_stack(program: Program, statement: Statement) -> Fix | None:
    stack = _stack(program, statement)
    if stack is None or statement.blocks[0].inline:
        return None
    body = statement.blocks[0].statements
    entering: list[str] = []
    for each in body:
        text = _entered(each, stack)
        if text is None:
            break
        entering.append(text)
    count = len(entering)
    if not count or count == len(body) or not movable(*body[: count + 1]):
        return None
    gone = Span(body[0].line.start, body[count - 1].line.end)
    if "#" in program.text(gone) or not _only_enters(program, statement, stack, count):
        return None
    header = f"with {', '.join(entering)}:"
    try:
        cst.parse_module(f"{header} pass\n")
    except cst.ParserSyntaxError:
        return None
    edits = (Edit(header_of(program, statement), header), Edit(gone, ""))
    return Fix("Enter them by the `with` itself", edits)


def _only_enters(program: Program, statement: Statement, stack: str, count: int) -> bool:
    """Whether a stack is used for nothing but what it enters at first."""
    spans = [step.span for _, _, step in _reads(program, stack)]
    others = [
        other.span
        for scope in program.scopes
        for other in scope.body.walk()
        if other is not statement and stack in [each.name for each in other.contexts]
    ]
    elsewhere = [span for span in spans if not statement.span.holds(span)]
    inside = len(spans) - len(elsewhere)
    return inside == count and all(any(o.holds(span) for o in others) for span in elsewhere)


def _stack(program: Program, statement: Statement) -> str | None:
    """The name of the stack that is all that a with statement enters."""
    node = statement.node
    if len(statement.contexts) != 1 or not isinstance(node, cst.With) or node.asynchronous:
        return None
    made = program.text(statement.contexts[0].call)
    return statement.contexts[0].name if made in [f"{each}()" for each in _STACKS] else None


def _entered(statement: Statement, stack: str) -> str | None:
    """What a statement enters, as it is written in a header."""
    node = statement.node
    call = node.value if isinstance(node, (cst.Expr, cst.Assign)) else None
    if not isinstance(call, cst.Call) or code_of(call.func) != f"{stack}.enter_context":
        return None
    if len(call.args) != 1 or call.args[0].keyword or call.args[0].star:
        return None
    text = code_of(call.args[0].value)
    if not isinstance(node, cst.Assign):
        return text
    target = node.targets[0].target
    plain = len(node.targets) == 1 and isinstance(target, cst.Name)
    return f"{text} as {code_of(target)}" if plain else None
