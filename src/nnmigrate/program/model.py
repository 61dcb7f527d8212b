"""The program model: what a piece of code means to nnsight, frozen.

`Program` is what rules read. It holds scopes of statements; a statement holds its steps in the
order in which Python evaluates them, and the traces among the statements hold their invokes. Every
part knows its span; nothing knows rules, edits or files.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import field
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern
from nnmigrate.program.facts import Facts
from nnmigrate.program.steps import Bind, Loop, Step, flat
from nnmigrate.project import NO_PROJECT, Project
from nnmigrate.spans import Span

if TYPE_CHECKING:
    import libcst as cst


# An attribute (`tracer.barrier`) takes no name away from variables.
_IDENTIFIER = pattern(r"(?<![\w.])[^\W\d]\w*")
STRING_OR_COMMENT = pattern(
    r"\"\"\"(?:\\.|[^\\])*?\"\"\"|\'\'\'(?:\\.|[^\\])*?\'\'\'"
    r"|\"(?:\\.|[^\"\\\n])*\"|\'(?:\\.|[^\'\\\n])*\'|#[^\n]*",
    re.DOTALL,
)


def code_only(text: str) -> str:
    """The text without its strings and comments."""
    return STRING_OR_COMMENT.sub(" ", text)


class NotPython(Exception):
    """The code cannot be parsed.

    Args:
        message: what is wrong.
        line: where, counted from 1.
        column: where, counted from 1.
    """

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column

    @classmethod
    def of(cls, error: cst.ParserSyntaxError, above: int = 0) -> NotPython:
        """What LibCST says of code that has some lines above it."""
        message = error.message.strip().splitlines()[0]
        return cls(message, error.editor_line + above, error.editor_column)


class Dialect(Enum):
    """The nnsight that a document is written for, from what stands in it."""

    OLD = "0.4"
    NEW = "0.5"
    MIXED = "mixed"
    """What only 0.5 knows stands beside what is written for 0.4: old names still work on 0.5."""
    UNKNOWN = "unknown"


class Remote(Enum):
    """Whether a trace runs on a server."""

    NO = "no"
    MAYBE = "maybe"
    YES = "yes"


@dataclass(frozen=True)
class Options:
    """What the user says about the code and where it is to go.

    Args:
        target: the nnsight version to migrate to, as numbers; `(0, 5)` stands for every 0.5.
        assume_remote: treat every trace as remote.
        source: the dialect, where the user says it.
        project: what the project around the code declares. Where nothing else tells for which
            nnsight the code is written, an old pin does.
        asked: the codes of rules that the user asked for one by one; what a rule offers on request
            alone, it offers then.
        again: whether parts of the module may run a second time, as a notebook's cells do.
        text: whether the code stands in a text, which may show what is wrong, and how things look
            that nobody runs.
        guide: whether that text is a guide to 0.5; None to tell it from the code.
    """

    target: tuple[int, ...] = (0, 5)
    assume_remote: bool = False
    source: Dialect | None = None
    project: Project = NO_PROJECT
    asked: frozenset[str] = frozenset()
    again: bool = False
    text: bool = False
    guide: bool | None = None


@dataclass(frozen=True, eq=False)
class Block:
    """The statements of one suite. Equal only to itself.

    Args:
        name: `module`, `body`, `orelse`, `handler` or `final`.
        span: from the first statement's first character to the last one's last.
        indent: the blanks before each statement's line.
        inline: the suite stands on the header's line (`if x: y`).
    """

    name: str
    span: Span
    indent: str
    statements: tuple[Statement, ...]
    inline: bool = False

    def walk(self) -> Iterator[Statement]:
        """The statements and all below them, in the order of the text."""
        return iter(self._every)

    @cached_property
    def _every(self) -> tuple[Statement, ...]:
        return tuple(_flattened(self.statements))


@dataclass(frozen=True, eq=False)
class Statement:
    """One statement. Equal only to itself.

    Args:
        kind: LibCST's name of its class: `Assign`, `Expr`, `For`, `With`, `FunctionDef`, ...
        span: its first to last character, without blanks around it or a comment behind it.
        line: the whole lines that it stands on, from the first blank to the last line end.
        indent: the blanks before it.
        steps: what evaluating it does; of a compound statement, what its header does once.
        turn: what its header does at every turn (a for's targets, a while's test).
        blocks: a compound statement's suites.
        shared: another statement stands on the same line.
        loop: how often it turns, for a loop.
        opens: the trace or invoke that it enters, if it is such a with statement.
        contexts: the context managers of a with statement.
        node: the LibCST node.
    """

    kind: str
    span: Span
    line: Span
    indent: str
    steps: tuple[Step, ...] = field(repr=False)
    node: cst.CSTNode = field(repr=False)
    turn: tuple[Step, ...] = field(default=(), repr=False)
    blocks: tuple[Block, ...] = field(default=(), repr=False)
    shared: bool = False
    loop: Loop | None = None
    opens: Entered | None = None
    contexts: tuple[Context, ...] = ()

    def walk(self) -> Iterator[Statement]:
        """This statement and all below it, in the order of the text."""
        return _flattened((self,))

    @cached_property
    def all_steps(self) -> tuple[Step, ...]:
        """All steps of this statement and of those below it, comprehensions' steps included."""
        return tuple(flat(step for s in self.walk() for step in (*s.steps, *s.turn)))


def _flattened(statements: Sequence[Statement]) -> Iterator[Statement]:
    """Statements and all below them: a chain of `elif` is as deep as it is long."""
    left = [*reversed(statements)]
    while left:
        statement = left.pop()
        yield statement
        for block in reversed(statement.blocks):
            left += reversed(block.statements)


@dataclass(frozen=True)
class Context:
    """One context manager of a with statement.

    Args:
        span: its expression, with what `as` binds.
        call: its expression alone.
        kind: as in `Entered`; empty if it is none of nnsight's.
        name: what `as` binds, if it is a name.
        bound: whether it binds anything.
        function: the name of the function that it is a call of, if that is a plain name.
    """

    span: Span
    call: Span
    kind: str = ""
    name: str | None = None
    bound: bool = False
    function: str = ""


@dataclass(frozen=True)
class Entered:
    """What a with statement enters.

    Args:
        kind: `trace`, `generate`, `scan`, `session`, `edit`, `invoke`, `iterate` or `backward`.
        call: the characters of the call.
        name: what `as` binds, if it is a name.
        model: the expression by which the model is reached; for an invoke the tracer's name.
        remote: whether it runs on a server.
        arguments: whether it is called with positional arguments or an input.
        items: the number of context managers of the with statement.
    """

    kind: str
    call: Span
    name: str | None
    model: str
    remote: Remote = Remote.NO
    arguments: bool = False
    items: int = 1


@dataclass(frozen=True, eq=False)
class Invoke:
    """One `with tracer.invoke(...)`, or the body of a trace that has none.

    Args:
        statement: the with statement.
        body: its suite.
        parents: the statements between the trace and it, outermost first (loops, conditions).
        implicit: the trace's body is the invoke.
    """

    statement: Statement
    body: Block
    parents: tuple[Statement, ...] = ()
    implicit: bool = False


@dataclass(frozen=True, eq=False)
class Trace:
    """One trace (or session, scan, edit).

    Args:
        statement: the with statement.
        entered: what it enters.
        scope: the scope that it stands in.
        body: its suite.
        invokes: its invokes, in the order of the text.
        parents: the statements between the scope and it, outermost first.
        session: the session that it stands in.
        remote: whether it runs on a server, its session and the options considered.
    """

    statement: Statement
    entered: Entered
    scope: Scope
    body: Block
    invokes: tuple[Invoke, ...]
    parents: tuple[Statement, ...]
    session: Trace | None
    remote: Remote

    @property
    def kind(self) -> str:
        """`trace`, `generate`, `scan`, `session` or `edit`."""
        return self.entered.kind

    @property
    def loops(self) -> tuple[Statement, ...]:
        """The loops of its scope that it stands in, outermost first."""
        return tuple(parent for parent in self.parents if parent.kind in ("For", "While"))

    @property
    def explicit(self) -> bool:
        """Whether it has invokes of its own."""
        return any(not invoke.implicit for invoke in self.invokes)


@dataclass(frozen=True, eq=False)
class Scope:
    """A module, function, class or lambda body.

    Args:
        kind: `module`, `function` or `class`.
        name: its name; the module's is empty.
        body: its suite.
        parent: the scope around it.
        parameters: a function's parameters, in order.
        bindings: every binding of each name in this scope, in the order of the text.
        declared: names declared `global` or `nonlocal` here.
        statement: the `def` or `class`; None for the module.
    """

    kind: str
    name: str
    body: Block
    parent: Scope | None
    parameters: tuple[str, ...]
    bindings: dict[str, tuple[Bind, ...]] = field(repr=False)
    declared: frozenset[str] = frozenset()
    statement: Statement | None = None

    def outward(self) -> Iterator[Scope]:
        """This scope and those around it, the module's last."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def seen(self, name: str) -> tuple[Bind, ...]:
        """The bindings of a name in the nearest scope that has any."""
        return next((one.bindings[name] for one in self.outward() if name in one.bindings), ())


@dataclass(frozen=True)
class Branches:
    """Where only one of the versions comes.

    Args:
        old: what only 0.4 runs.
        new: what only 0.5 and later run.
        tried: imports that are tried, with what follows when they fail.
    """

    old: tuple[Span, ...] = ()
    new: tuple[Span, ...] = ()
    tried: tuple[Span, ...] = ()


@dataclass(frozen=True, eq=False)
class Program:
    """One document's code, understood.

    Args:
        code: the text that all spans point into.
        options: what the user said.
        dialect: the nnsight that it is written for.
        scopes: the module and every function and class that matters, in the order of the text.
        traces: the traces (and sessions, scans, edits), in the order of the text.
        nnsight: the name by which the file reaches the nnsight package (`import nnsight as nns`),
            if any.
        newline: the line end that the document uses.
        branches: what the program keeps for one nnsight alone.
        calls: the calls in the walked parts, by their characters without parentheses around them.
        facts: what it tells of its classes and functions.
        guide: whether the code stands in a text that is a guide to 0.5.
    """

    code: str
    options: Options
    dialect: Dialect
    scopes: tuple[Scope, ...]
    traces: tuple[Trace, ...]
    nnsight: str | None
    newline: str = "\n"
    branches: Branches = field(default_factory=Branches)
    calls: Mapping[Span, cst.Call] = field(default_factory=dict, repr=False)
    facts: Facts = field(default_factory=Facts, repr=False)
    guide: bool = False
    # See `memory`: of a changed copy nothing is known yet.
    memory: dict[Hashable, object] = field(init=False, default_factory=dict, repr=False)

    @cached_property
    def names(self) -> frozenset[str]:
        """Every identifier in the code: what a fresh name must differ from."""
        return frozenset(_IDENTIFIER.findall(self.bare))

    def has_name(self, name: str) -> bool:
        """Whether the code has an identifier, outside of strings and comments."""
        return name in self.code and name in self.names

    @cached_property
    def bare(self) -> str:
        """The code without its strings and comments: places in it are not the code's."""
        return code_only(self.code)

    def text(self, span: Span) -> str:
        """The characters that a span covers."""
        return span.of(self.code)
