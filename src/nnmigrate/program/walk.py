"""What the walk over the code carries: frames of names, and where steps are noted down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import field
from functools import cache
from typing import Any, TypeVar

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.program.facts import Facts
from nnmigrate.program.joins import completed, joined, loosened
from nnmigrate.program.model import Block, Options, Statement
from nnmigrate.program.positions import Positions
from nnmigrate.program.recalled import Recalled
from nnmigrate.program.steps import Bind, Compute, Loop, Step
from nnmigrate.program.values import UNKNOWN, Function, Traced, Value, is_traced
from nnmigrate.spans import Span

# What holds expressions: everything else below an expression is blanks and punctuation.
_MEANINGFUL = (
    cst.BaseExpression,
    cst.BaseElement,
    cst.BaseDictElement,
    cst.SubscriptElement,
    cst.BaseSlice,
    cst.Arg,
    cst.ComparisonTarget,
    cst.BaseFormattedStringContent,
    cst.From,
)

Evaluator = Callable[["Walk", Any], Value]
_Registered = TypeVar("_Registered", bound=Evaluator)
_EVALUATORS: dict[type[cst.CSTNode], Evaluator] = {}


def evaluates(*kinds: type[cst.CSTNode]) -> Callable[[_Registered], _Registered]:
    """Registers a function as the one that evaluates expressions of these kinds."""

    def register(function: _Registered) -> _Registered:
        _EVALUATORS.update(dict.fromkeys(kinds, function))
        return function

    return register


def children(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The nodes right below a node, blanks and punctuation left out.

    `CSTNode.children` gives them too, by running a visitor, at several times the cost.
    """
    found: list[cst.CSTNode] = []
    for name in node.__dataclass_fields__:
        part = getattr(node, name)
        for child in part if isinstance(part, (list, tuple)) else (part,):
            if _is_meaningful(child.__class__):
                found.append(child)
    return found


@cache
def _is_meaningful(kind: type[object]) -> bool:
    return issubclass(kind, _MEANINGFUL)


@dataclass(frozen=True)
class Arguments:
    """What a call is given; starred arguments are left out, `spread` are those with two stars."""

    positional: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()
    spread: tuple[Value, ...] = ()


@dataclass
class Frame:
    """The names of one Python scope while it is walked."""

    kind: str
    name: str
    number: int
    parent: Frame | None
    values: dict[str, Value] = field(default_factory=dict)
    # Which binding a name's value comes from: two uses of one binding mean the same value.
    versions: dict[str, str] = field(default_factory=dict)
    # What the names stood for before each binding, so that one of several ways can be taken back.
    log: list[tuple[str, Value | None, str]] = field(default_factory=list)
    bindings: dict[str, list[Bind]] = field(default_factory=dict)
    # The names declared `global` or `nonlocal` here, and those declared `global`.
    declared: set[str] = field(default_factory=set)
    globals: set[str] = field(default_factory=set)
    parameters: tuple[str, ...] = ()
    # The name of a function's `**kwargs`.
    keywords: str = ""
    returned: Value | None = None
    # What the first parameter of a method stands for, in a class's frame.
    instance: Value = UNKNOWN

    @property
    def path(self) -> str:
        """Names the frame among those of the document."""
        outer = f"{self.parent.path}." if self.parent is not None else ""
        return f"{outer}{self.name}"

    def owner(self, name: str) -> Frame | None:
        """The frame that a name read here comes from; class bodies are skipped as Python does."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.values and (frame is self or frame.kind != "class"):
                return frame
            frame = frame.parent
        return None

    @property
    def function(self) -> Frame:
        """The frame itself, or the one around the comprehensions that it is of."""
        frame = self
        while frame.kind == "comprehension" and frame.parent is not None:
            frame = frame.parent
        return frame

    @property
    def registered(self) -> int:
        """The number of the innermost frame that is a scope of the document."""
        frame = self
        while frame.number < 0 and frame.parent is not None:
            frame = frame.parent
        return frame.number

    def holder(self, name: str) -> Frame:
        """The frame in which a binding of a name made here is kept."""
        frame = self
        if name in self.globals:
            while frame.parent is not None:
                frame = frame.parent
        elif name in self.declared and frame.parent is not None:
            frame = frame.parent
            while frame.parent is not None and name not in frame.values:
                frame = frame.parent
        return frame

    def hold(self, name: str, value: Value, version: str) -> None:
        """Lets a name stand for a value from here on."""
        self.log.append((name, self.values.get(name), self.versions.get(name, "")))
        self.values[name], self.versions[name] = value, version

    def undo(self, start: int) -> dict[str, tuple[Value, str]]:
        """Takes back what was held since the log had `start` entries, and gives what it came to."""
        since = self.log[start:]
        end = {name: (self.values[name], self.versions[name]) for name, _, _ in since}
        for name, value, version in reversed(since):
            if value is None:
                del self.values[name], self.versions[name]
            else:
                self.values[name], self.versions[name] = value, version
        del self.log[start:]
        return end


@dataclass
class Walk:
    """One walk over one document.

    Args:
        positions: where the nodes stand.
        options: what the user said.
        frame: the scope that is being walked.
        steps: where steps are noted down.
        loops: the loops around, outermost first.
        pending: functions whose bodies are still to be walked: after the module's, as Python does.
        facts: what the whole document tells.
        frames: all frames by their numbers; those of calls that are followed are not among them.
        walked: the scopes that are done: the frame, its suite, the node.
        definitions: the statement of each function and class, by its node's id.
        inlining: the functions whose calls are being followed.
        nested: how many lambdas are around.
        foreign: how many frames lie between the trace's body and what is evaluated.
        comprehending: how many comprehensions, the innermost of those frames, are around.
        generating: how many of these are generator expressions.
        tracing: how many traces are around.
        guarded: the expressions of which a condition around has asked whether they have a `value`.
        nnsight: the name of the nnsight package in the file.
        newline: the line end that the file uses.
        calls: the calls that were evaluated, by their characters without parentheses around them.
        recalled: the calls that were followed.
    """

    positions: Positions
    options: Options
    frame: Frame
    steps: list[Step] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)
    pending: list[tuple[Function, Frame]] = field(default_factory=list)
    facts: Facts = field(default_factory=Facts)
    frames: list[Frame] = field(default_factory=list)
    walked: list[tuple[Frame, Block, cst.CSTNode]] = field(default_factory=list)
    definitions: dict[int, Statement] = field(default_factory=dict)
    inlining: list[cst.FunctionDef | cst.Lambda] = field(default_factory=list)
    nested: int = 0
    foreign: int = 0
    comprehending: int = 0
    generating: int = 0
    tracing: int = 0
    guarded: list[str] = field(default_factory=list)
    nnsight: str | None = None
    newline: str = "\n"
    calls: dict[Span, cst.Call] = field(default_factory=dict)
    recalled: Recalled = field(default_factory=Recalled)
    _sites: int = 0

    def new_frame(self, kind: str, name: str, parent: Frame | None) -> Frame:
        """A frame for a scope of the document."""
        frame = Frame(kind, name, len(self.frames), parent)
        self.frames.append(frame)
        return frame

    @contextmanager
    def inside(self, frame: Frame) -> Iterator[None]:
        """Walks in another frame meanwhile."""
        outer, self.frame = self.frame, frame
        loops, self.loops = self.loops, []
        try:
            yield
        finally:
            self.frame, self.loops = outer, loops

    def site(self) -> int:
        """A number that no other step has."""
        self._sites += 1
        return self._sites

    def span(self, node: cst.CSTNode) -> Span:
        """Where a node stands, without its own parentheses."""
        return self.positions.of(node)

    def text(self, node: cst.CSTNode) -> str:
        """A node's characters."""
        return self.span(node).of(self.positions.code)

    def evaluate(self, node: cst.CSTNode) -> Value:
        """Evaluates an expression: notes down its steps, and says what it stands for."""
        evaluator = _EVALUATORS.get(type(node))
        if evaluator is not None:
            return evaluator(self, node)
        values = [self.evaluate(child) for child in children(node)]
        if not any(map(is_traced, values)):
            return UNKNOWN
        return self.computed(node) if isinstance(node, cst.BaseExpression) else Traced()

    def computed(self, node: cst.CSTNode) -> Traced:
        """The result of an operation on values of the model."""
        self.note(Compute(self.site(), self.span(node)))
        return Traced()

    def note(self, step: Step) -> None:
        """Notes down a step behind those before it."""
        self.steps.append(step)

    def collecting(self) -> _Collecting:
        """Notes steps into a list of its own meanwhile."""
        return _Collecting(self)

    def lookup(self, name: str) -> Value:
        """What a name stands for here."""
        owner = self.frame.owner(name)
        if owner is None:
            return UNKNOWN
        here = self.frame.function
        later = here.kind == "function" and here.number >= 0 and owner is not here
        if later and owner.kind != "comprehension" and len(owner.bindings.get(name, ())) > 1:
            # The function runs when it is called: nobody knows which of the bindings it finds.
            return loosened(owner.values[name], self.version(name))
        return owner.values[name]

    def version(self, name: str) -> str:
        """Names the binding that a name read here comes from."""
        owner = self.frame.owner(name)
        return name if owner is None else owner.versions.get(name, name)

    def new_version(self, name: str) -> str:
        """Names a new binding of a name.

        A binding inside a loop is another one at each turn, so the loops' keys are part of it.
        """
        return f"{name}@{self.site()}" + "".join(f"/{loop.key}" for loop in self.loops)

    def touch(self, name: str) -> None:
        """What is reached by a name is changed: an expression with the name has another value."""
        owner = self.frame.owner(name)
        if owner is not None:
            owner.versions[name] = self.new_version(name)

    def bind(self, node: cst.Name, how: str, value: Value, expression: Span | None = None) -> None:
        """Binds the name of a node and notes it down."""
        self.bind_name(node.value, self.span(node), how, value, expression)

    def bind_name(
        self, name: str, span: Span, how: str, value: Value, expression: Span | None = None
    ) -> None:
        """Binds a name and notes it down."""
        frame = self.frame.function if how == "walrus" else self.frame
        outside = self.foreign - (self.comprehending if how == "walrus" else 0)
        step = Bind(self.site(), span, name, how, value, expression, outside > 0)
        self.note(step)
        frame.bindings.setdefault(name, []).append(step)
        holder, version = frame.holder(name), self.new_version(name)
        if self.facts.filled:
            value = completed(value, self.facts.filled.get((holder.path, name), UNKNOWN))
        if holder is not frame and name in holder.values:
            value = joined(holder.values[name], value, version)
        holder.hold(name, value, version)


class _Collecting:
    """See `Walk.collecting`: every statement and expression has one, a generator is too slow."""

    __slots__ = ("outer", "walk")

    def __init__(self, walk: Walk) -> None:
        self.walk = walk

    def __enter__(self) -> list[Step]:
        self.outer = self.walk.steps
        steps: list[Step] = []
        self.walk.steps = steps
        return steps

    def __exit__(self, *error: object) -> None:
        self.walk.steps = self.outer
