"""Whether a name's value is wanted after a trace, and whether the name has one before it.

Liveness follows control flow: the statements behind the trace, the next turn of a loop around it,
the handlers of a try around it, and the functions that read the name from the outside.
"""

from __future__ import annotations

import re
import symtable
import textwrap
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern
from nnmigrate.program.bodies import own_steps
from nnmigrate.program.memory import remembered
from nnmigrate.program.model import Block, Program, Scope, Statement, Trace
from nnmigrate.program.steps import Bind, Read, Step


@dataclass(frozen=True)
class Exposure:
    """What some code does first with a name.

    Args:
        read: it may read the value that the name had before.
        bound: it surely gives the name another value.
    """

    read: bool = False
    bound: bool = False

    def then(self, other: Exposure) -> Exposure:
        """This, and the other behind it."""
        return Exposure(self.read or (not self.bound and other.read), self.bound or other.bound)


NOTHING = Exposure()


def read_after(program: Program, trace: Trace, name: str) -> bool:
    """Whether the value that a name has at the end of a trace may be read later.

    Args:
        program: the program.
        trace: an outermost trace of it.
        name: a name bound in the trace's body.
    """
    scope = trace.scope
    if name in scope.declared or _captured(program, scope, trace, name):
        return True
    return _read_from(program, scope, trace.statement, trace.parents, name)


def _read_from(
    program: Program,
    scope: Scope,
    child: Statement,
    parents: Sequence[Statement],
    name: str,
) -> bool:
    """Whether the value that a name has behind a statement may be read later."""
    flow = _Flow(program, name)
    for parent in (*reversed(parents), None):
        block = _block_of(child, parent.blocks if parent is not None else (scope.body,))
        rest = flow.block(block, block.statements.index(child) + 1)
        if rest.read:
            return True
        if rest.bound:
            return False
        if parent is not None and flow.around(parent, block):
            return True
        if parent is not None:
            child = parent
    return False


def read_by_handler(program: Program, trace: Trace, name: str) -> bool:
    """Whether an error that leaves the trace may lead to where a name is read.

    On 0.4 the name then had what the body had bound so far; since 0.5 nothing of it comes back.
    """
    flow = _Flow(program, name)
    child = trace.statement
    for parent in reversed(trace.parents):
        block = _block_of(child, parent.blocks)
        if parent.kind in ("Try", "TryStar") and block is parent.blocks[0]:
            later = [other for other in parent.blocks[1:] if other.name != "orelse"]
            if any(flow.block(other).read for other in later):
                return True
            goes_on = [other for other in later if other.name == "handler" and _goes_on(other)]
            outside = trace.parents[: trace.parents.index(parent)]
            if goes_on and _read_from(program, trace.scope, parent, outside, name):
                return True
        child = parent
    return False


def _goes_on(block: Block) -> bool:
    """Whether what stands behind a try is reached from a handler, now or at the next turn."""
    return block.statements[-1].kind not in ("Raise", "Return")


def only_returned(trace: Trace, name: str) -> bool:
    """Whether a function does nothing with a name outside of a trace but to return it."""
    body = {id(statement) for statement in trace.statement.walk()}
    outside = (one for one in trace.scope.body.walk() if id(one) not in body)
    readers = [
        one
        for one in outside
        if any(isinstance(step, Read) and step.name == name for step in (*one.steps, *one.turn))
    ]
    return bool(readers) and all(_returns(statement, name) for statement in readers)


def _returns(statement: Statement, name: str) -> bool:
    node = statement.node
    value = node.value if isinstance(node, cst.Return) else None
    values = [item.value for item in value.elements] if isinstance(value, cst.Tuple) else [value]
    inner = (one for one in values if not (isinstance(one, cst.Name) and one.value == name))
    return value is not None and all(isinstance(one, cst.Name) for one in inner)


def bound_before(trace: Trace, name: str) -> bool:
    """Whether a name may have a value when the trace begins."""
    scope = trace.scope
    start = trace.statement.span.start
    if name in scope.declared or name in scope.parameters:
        return True
    bindings = [b for b in scope.bindings.get(name, ()) if b.how not in ("declare", "delete")]
    before = any(binding.span.start < start for binding in bindings)
    # What the rest of a loop's turn binds is there at the next turn.
    loops = trace.loops
    end = trace.statement.span.end
    later = bool(loops) and any(end <= b.span.start < loops[0].span.end for b in bindings)
    return before or later


def reads_first(program: Program, trace: Trace, name: str) -> bool:
    """Whether a trace's body may read the value that a name had before the body binds it."""
    return block_reads_first(program, trace.body, name)


def block_reads_first(program: Program, block: Block, name: str) -> bool:
    """Whether a suite may read the value that a name had before the suite binds it."""
    return _Flow(program, name).block(block).read


# What expects an error in its body.
RAISING = pattern(r"(?:pytest\.)?raises\b|self\.assertRaises(?:Regex)?\b")


@dataclass(frozen=True)
class _Flow:
    """Follows one name through statements."""

    program: Program
    name: str

    def block(self, block: Block, first: int = 0) -> Exposure:
        """The statements of a suite one behind the other, from one on."""
        found = NOTHING
        named = _naming(self.program, block)
        numbers = sorted({*named.get(self.name, ()), *named.get(_ANY, ())})
        for number in numbers[bisect_left(numbers, first) :]:
            found = found.then(self.statement(block.statements[number]))
            if found.read or found.bound:
                break
        return found

    def statement(self, statement: Statement) -> Exposure:
        """One statement, its suites included."""
        if any(RAISING.match(self.program.text(c.call)) for c in statement.contexts):
            return NOTHING  # it is to fail, as it does where the name has no value
        header = self.steps(statement.steps)
        if statement.kind in ("FunctionDef", "ClassDef"):
            header = header.then(Exposure(read=reads_free(self.program, statement, self.name)))
        if statement.kind == "Raise":
            header = header.then(Exposure(bound=True))  # nothing behind it is reached
        blocks = [self.block(block) for block in statement.blocks]
        return header.then(self._suites(statement, blocks)) if blocks else header

    def _suites(self, statement: Statement, blocks: Sequence[Exposure]) -> Exposure:
        turn = self.steps(statement.turn)
        if statement.loop is not None:
            turns = turn.then(blocks[0])
            return Exposure(turns.read or any(block.read for block in blocks[1:]))
        names = [block.name for block in statement.blocks]
        every = all(block.bound for block in blocks) and (len(blocks) > 1 or names == ["body"])
        sure = every and not (statement.kind in ("If", "Elif") and len(blocks) < 2)
        return Exposure(any(block.read for block in blocks), sure)

    def around(self, parent: Statement, block: Block) -> bool:
        """Whether the statement around a trace reads the name before what follows it does."""
        if parent.loop is not None and block.name == "body":
            again = self.steps(parent.turn).then(self.block(block))
            orelse = [self.block(other) for other in parent.blocks[1:]]
            return again.read or any(other.read for other in orelse)
        if parent.kind in ("Try", "TryStar"):
            later = parent.blocks[parent.blocks.index(block) + 1 :]
            return any(self.block(other).read for other in later)
        return False

    def steps(self, steps: tuple[Step, ...]) -> Exposure:
        """The steps of one statement, in the order in which Python does them."""
        for step in own_steps(self.program, steps):
            if isinstance(step, Read) and step.name == self.name:
                return Exposure(read=True)
            if isinstance(step, Bind) and step.name == self.name and step.how != "declare":
                return Exposure(read=step.how == "delete", bound=True)
        return NOTHING


def _block_of(child: Statement, blocks: Iterable[Block]) -> Block:
    return next(block for block in blocks if child in block.statements)


# --- functions that read a name from the outside --------------------------------------------------


def _captured(program: Program, scope: Scope, trace: Trace, name: str) -> bool:
    """Whether a function or class made in the scope, but not in the trace, reads the name."""
    return any(
        reads_free(program, statement, name)
        for statement in _definitions_naming(program, scope.body).get(name, ())
        if not trace.statement.span.holds(statement.span)
    )


_WORD = pattern(r"[^\W\d]\w*")


# What matters for every name: nothing behind a `raise` is reached.
_ANY = ""


@remembered
def _naming(program: Program, block: Block) -> Mapping[str, Sequence[int]]:
    """By name, the numbers of the statements of a suite that read or bind it, or may do so.

    Under `_ANY` those in which something is raised.
    """
    found: dict[str, list[int]] = {}
    for number, statement in enumerate(block.statements):
        steps = (each for each in statement.all_steps if isinstance(each, (Read, Bind)))
        names = {each.name for each in steps}
        for definition in _definitions(Block("", block.span, "", (statement,))):
            names.update(_WORD.findall(program.text(definition.line)))
        if any(each.kind == "Raise" for each in statement.walk()):
            names.add(_ANY)
        for name in names:
            found.setdefault(name, []).append(number)
    return found


@remembered
def _definitions_naming(program: Program, block: Block) -> Mapping[str, Sequence[Statement]]:
    """By word, the functions and classes below a suite in whose text it stands."""
    found: dict[str, list[Statement]] = {}
    for definition in _definitions(block):
        for word in set(_WORD.findall(program.text(definition.line))):
            found.setdefault(word, []).append(definition)
    return found


def _definitions(block: Block) -> Iterator[Statement]:
    for statement in block.statements:
        if statement.kind in ("FunctionDef", "ClassDef"):
            yield statement
        for inner in statement.blocks:
            yield from _definitions(inner)


def reads_free(program: Program, definition: Statement, name: str) -> bool:
    """Whether a function or class definition takes a name from around it."""
    text = program.text(definition.line)
    return re.search(rf"\b{re.escape(name)}\b", text) is not None and name in _free_names(text)


@lru_cache(maxsize=256)
def _free_names(text: str) -> frozenset[str]:
    """The names that a definition takes from around it; every word where Python cannot tell."""
    # To `dedent` an empty line that ends in a carriage return is one without a margin.
    # By itself a definition has nothing around it that `nonlocal` could mean.
    rows = re.sub(r"\bnonlocal\b", "global", re.sub(r"\r\n?", "\n", text))
    try:
        table = symtable.symtable(textwrap.dedent(rows), "<definition>", "exec")
    except (SyntaxError, ValueError):
        return frozenset(_WORD.findall(text))
    return frozenset(_globals_of(table.get_children()))


def _globals_of(tables: Iterable[symtable.SymbolTable]) -> Iterator[str]:
    for table in tables:
        for symbol in table.get_symbols():
            if symbol.is_global() and symbol.is_referenced():
                yield symbol.get_name()
        yield from _globals_of(table.get_children())
