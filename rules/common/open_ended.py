"""Blocks that are run at every step of a generation whose length 0.5 is not told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.findings import Fix
from nnmigrate.program import (
    Access,
    BarrierCall,
    BarrierMade,
    Bind,
    Compute,
    Invoke,
    Mutation,
    Program,
    Read,
    Statement,
    Step,
    Told,
    Trace,
)
from nnmigrate.spans import Edit, Span

from .editing import (
    code_of,
    expression_of,
    fresh_name,
    inside_strings,
    lines_after,
    lines_before,
    merged,
    movable,
)
from .stepping import steps_asked

# Its pipeline says how many steps there are (nnsight 0.5.15, modeling/diffusion.py).
_COUNTING = "DiffusionModel"


@dataclass(frozen=True)
class Tail:
    """What 0.5 drops of an invoke.

    Args:
        trace: the trace.
        invoke: its invoke.
        opened: what the block goes through.
        number: the number of the statement of the invoke that is, or has in it, the block.
    """

    trace: Trace
    invoke: Invoke
    opened: Span
    number: int

    @property
    def block(self) -> Statement:
        """The statement of the invoke that is, or has in it, the block."""
        return self.invoke.body.statements[self.number]

    @property
    def head(self) -> Sequence[Statement]:
        """The invoke's statements up to the block, and the block."""
        return self.invoke.body.statements[: self.number + 1]

    @property
    def rest(self) -> Sequence[Statement]:
        """The invoke's statements behind the block."""
        return self.invoke.body.statements[self.number + 1 :]


def tails(program: Program) -> Iterator[Tail]:
    """What stands behind blocks of unknown length, once for each invoke."""
    for trace in program.traces:
        waits = drops_all(program) or not (_is_counted(trace) or _COUNTING in program.code)
        if trace.kind == "generate" and waits:
            for invoke in trace.invokes:
                tail = _tail(program, trace, invoke)
                if tail is not None:
                    yield tail


def drops_all(program: Program) -> bool:
    """Whether what stands behind such a block is dropped even where `max_new_tokens` is given.

    Run on 0.8.1; 0.5.15, 0.6.3 and 0.7.0 go on behind the last of the steps that are counted.
    """
    return program.options.target >= (0, 8)


def _tail(program: Program, trace: Trace, invoke: Invoke) -> Tail | None:
    statements = invoke.body.statements
    for number, statement in enumerate(statements):
        found = ((_open_ended(program, one), one) for one in statement.walk())
        opened, block = next((each for each in found if each[0] is not None), (None, None))
        if opened is not None:
            again = statement.loop is not None and statement is not block
            return (
                Tail(trace, invoke, opened, number) if statements[number + 1 :] or again else None
            )
    return None


def _open_ended(program: Program, statement: Statement) -> Span | None:
    """What a block goes through, if that is every step from one on."""
    asked = steps_asked(statement)
    if asked is None:
        return None
    item = expression_of(program.text(asked))
    if isinstance(item, cst.Subscript):
        part = item.slice[0].slice
        return asked if isinstance(part, cst.Slice) and part.upper is None else None
    return asked


def _call(trace: Trace) -> cst.Call | None:
    node = trace.statement.node
    item = node.items[0].item if isinstance(node, cst.With) and len(node.items) == 1 else None
    return item if isinstance(item, cst.Call) else None


def _given(call: cst.Call) -> cst.BaseExpression | None:
    """What a call is given as `max_new_tokens`."""
    for argument in call.args:
        if argument.keyword is not None and argument.keyword.value == "max_new_tokens":
            return argument.value
    return None


def _is_counted(trace: Trace) -> bool:
    """Whether a generation may be told how many steps it has."""
    call = _call(trace)
    if call is None or any(argument.star == "**" for argument in call.args):
        return True
    value = _given(call)
    return value is not None and not (isinstance(value, cst.Name) and value.value == "None")


def length_missing(trace: Trace) -> bool:
    """Whether a generation says nothing at all of `max_new_tokens`: one step on 0.4."""
    call = _call(trace)
    if call is None:
        return True
    return _given(call) is None and not any(argument.star == "**" for argument in call.args)


def apart(program: Program, tail: Tail) -> Fix | None:
    """Puts what stands behind the block into an invoke of its own, if that can be."""
    whole = steps_asked(tail.block) == tail.opened and tail.rest and not tail.invoke.body.inline
    with_prompts = [one for one in tail.trace.invokes if one.implicit or _has_prompts(one)]
    alone = len(with_prompts) == 1 and tail.invoke is tail.trace.invokes[-1]
    if not whole or not alone or tail.invoke.parents or not movable(*tail.invoke.body.statements):
        return None
    if not _is_independent(program, tail) or not _in_turn(program, tail.rest) or stale_name(tail):
        return None
    edits = _of_implicit(program, tail) if tail.invoke.implicit else _of_explicit(program, tail)
    return (
        Fix("Read it in an invoke of its own", edits, region=tail.trace.statement.span)
        if edits
        else None
    )


def _has_prompts(invoke: Invoke) -> bool:
    return invoke.statement.opens is not None and invoke.statement.opens.arguments


def stale_name(tail: Tail) -> str | None:
    """A name of the block's that 0.5.15 would take for one that is bound before the trace.

    A block in an iteration is given names of the scope around the trace before the invoke's own.
    What the trace binds before its first invoke is found.
    """
    return _stale(tail, _before_invoke(tail))


def _before_invoke(tail: Tail) -> int:
    """How many statements of a body need no model and may stand before its first invoke.

    None has to where no name is in question.
    """
    if not tail.invoke.implicit or _stale(tail, 0) is None:
        return 0
    needs = (Access, Compute, Told, Mutation)
    # The block is one of them.
    return next(
        number
        for number, one in enumerate(tail.head)
        if one.kind != "Assign" or any(isinstance(step, needs) for step in one.all_steps)
    )


def _stale(tail: Tail, first: int) -> str | None:
    """Such a name among those that the statements from a number on bind."""
    scope = tail.trace.scope
    bound = _made([step for one in tail.head[first:-1] for step in one.all_steps])
    for name in sorted(bound & _read(tail.block.all_steps)):
        places = {bind.span for bind in scope.bindings.get(name, ())}
        while scope.parent is not None:
            scope = scope.parent
            places |= {bind.span for bind in scope.bindings.get(name, ())}
        if tail.trace.loops or len(places) > 1:
            return name
    return None


def _in_turn(program: Program, rest: Sequence[Statement]) -> bool:
    """Whether no module is read behind the whole generation's output, and no step once more.

    Of two blocks 0.4 ran the second one at the last step only.
    """
    steps = [step for one in rest for step in one.all_steps]
    events = [step.provider.path for step in steps if isinstance(step, Access)]
    last = [path[:1] == ("generator",) for path in events]
    again = any(_open_ended(program, inner) for one in rest for inner in one.walk())
    return last == sorted(last) and not again


_STAYS = ("Return", "Break", "Continue", "Global", "Nonlocal", "FunctionDef", "ClassDef")
_ENDS = ("backward", "stop", "tracer.stop", "exit")


def _is_independent(program: Program, tail: Tail) -> bool:
    """Whether the rest of a body may run beside its first part.

    An invoke begins before the other one has ended: what that binds or fills is not there yet.
    """
    head = [step for one in tail.head for step in one.all_steps]
    rest = [step for one in tail.rest for step in one.all_steps]
    if any(one.kind in _STAYS for top in tail.rest for one in top.walk()):
        return False
    if any(isinstance(step, (BarrierCall, BarrierMade)) for step in (*head, *rest)):
        return False
    if any(isinstance(step, Told) and step.what in _ENDS for step in rest):
        return False
    made, filled, read = _made(head), _filled(head), _read(head)
    others, also = _made(rest), _filled(rest)
    text = program.text(Span(tail.rest[0].span.start, tail.rest[-1].span.end))
    if any(path in text for path in filled if "." in path) or also & filled:
        return False
    return not (made | filled) & (_read(rest) | others) and not (others | also) & read


def _made(steps: Sequence[Step]) -> set[str]:
    return {step.name for step in steps if isinstance(step, Bind)}


def _filled(steps: Sequence[Step]) -> set[str]:
    return {step.path for step in steps if isinstance(step, Mutation)}


def _read(steps: Sequence[Step]) -> set[str]:
    return {step.name for step in steps if isinstance(step, Read)}


def _of_explicit(program: Program, tail: Tail) -> tuple[Edit, ...]:
    opens = tail.invoke.statement.opens
    if opens is None or opens.items != 1 or tail.invoke.statement.shared:
        return ()
    edit = lines_after(program, tail.block, f"with {opens.model}.invoke():")
    inner, outer = tail.block.indent, tail.invoke.statement.indent
    return (Edit(edit.span, edit.content.replace(inner, outer, 1)),)


def _of_implicit(program: Program, tail: Tail) -> tuple[Edit, ...]:
    """The trace's prompts become an invoke's, and its body that invoke's body."""
    trace, call = tail.trace, _call(tail.trace)
    # A string that a backslash continues would get blanks in it.
    continued = re.search(r"\\\r?\n", program.text(tail.invoke.body.span)) is not None
    if call is None or continued or "#" in program.text(trace.entered.call):
        return ()
    prompts = [one for one in call.args if one.keyword is None]
    if not prompts or any(one.star for one in prompts):
        return ()
    node = trace.statement.node
    assert isinstance(node, cst.With)
    if node.items[0].asname is not None and trace.entered.name is None:
        return ()
    name = trace.entered.name or fresh_name(program, "tracer")
    given = ", ".join(code_of(one.value) for one in prompts)
    options = ", ".join(_argument(one) for one in call.args if one.keyword is not None)
    named = f"{code_of(call.func)}({options})" + ("" if trace.entered.name else f" as {name}")
    first = _before_invoke(tail)
    above = _made([step for one in tail.head[:first] for step in one.all_steps])
    if "\n" in given + named or above.intersection(re.findall(r"\w+", given)):
        return ()
    moved = tail.invoke.body.statements[first:]
    edits = [
        Edit(trace.entered.call, named),
        lines_before(program, moved[0], f"with {name}.invoke({given}):"),
        lines_after(program, tail.block, f"with {name}.invoke():"),
        *_deeper(program, tail, moved),
    ]
    return merged(edits)


def _argument(argument: cst.Arg) -> str:
    return code_of(argument.with_changes(comma=cst.MaybeSentinel.DEFAULT)).strip()


def _deeper(program: Program, tail: Tail, statements: Sequence[Statement]) -> Iterator[Edit]:
    """Moves every line of a body to the right; what a string holds stays."""
    unit = tail.invoke.body.indent[len(tail.trace.statement.indent) :] or "    "
    kept = {start for one in statements for start in inside_strings(program, one)}
    start, end = statements[0].line.start, statements[-1].line.end
    for row in re.findall(r"[^\n]*\n|[^\n]+", program.code[start:end]):
        if row.strip() and start not in kept:
            yield Edit(Span(start, start), unit)
        start += len(row)
