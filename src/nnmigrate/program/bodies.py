"""The steps of a trace's body, each with the place where it stands.

nnsight 0.5 (0.5.15, intervention/tracing/base.py) cuts the body of the outermost with statement
out, runs it as a function of its own, and writes back only the names whose objects are saved. What
a rule asks about such a body is therefore asked about all of it: inner traces of a session,
invokes, loops.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from nnmigrate.classes import dataclass
from nnmigrate.program.model import Block, Program, Statement, Trace
from nnmigrate.program.steps import Bind, Read, Repeat, Step
from nnmigrate.spans import Span


@dataclass(frozen=True, eq=False)
class Placed:
    """A step of a trace's body.

    Args:
        step: the step.
        statement: the statement that does it.
        parents: the statements of the body around that statement, outermost first.
        suites: the suite of each of `parents` that it stands in.
    """

    step: Step
    statement: Statement
    parents: tuple[Statement, ...] = ()
    suites: tuple[Block, ...] = ()

    @property
    def straight(self) -> bool:
        """Whether it happens exactly once whenever the trace runs: nothing repeats or skips it."""
        return straight(self.parents)

    @cached_property
    def conditions(self) -> tuple[int, ...]:
        """The identities of the suites around it that may be skipped or repeated."""
        pairs = zip(self.parents, self.suites, strict=True)
        return tuple(id(suite) for parent, suite in pairs if not straight((parent,)))

    @property
    def invoke(self) -> Statement | None:
        """The explicit invoke that it stands in."""
        return invoke_among(self.parents)


def straight(parents: tuple[Statement, ...]) -> bool:
    """Whether what stands inside these statements happens exactly once."""
    return all(
        parent.kind == "With" and (parent.opens is None or parent.opens.kind != "iterate")
        for parent in parents
    )


def invoke_among(parents: tuple[Statement, ...]) -> Statement | None:
    """The explicit invoke among the statements around something."""
    for parent in parents:
        if parent.opens is not None and parent.opens.kind == "invoke":
            return parent
    return None


def roots(program: Program) -> Iterator[Trace]:
    """The outermost traces that may be rewritten; what a session holds is part of its body."""
    for trace in program.traces:
        if trace.session is None and trace.kind != "edit":
            yield trace


def placed(program: Program, trace: Trace) -> tuple[Placed, ...]:
    """The steps of a trace's body in the order of the text, those of inner scopes left out."""
    return tuple(_block(program, trace.body, None))


def _block(program: Program, block: Block, around: Placed | None) -> Iterator[Placed]:
    parents = around.parents if around else ()
    suites = around.suites if around else ()
    for statement in block.statements:
        for step in own_steps(program, statement.steps):
            yield Placed(step, statement, parents, suites)
        for number, inner in enumerate(statement.blocks):
            here = Placed(_NO_STEP, statement, (*parents, statement), (*suites, inner))
            # A loop's targets are bound once a turn, perhaps never: they belong inside.
            for step in own_steps(program, statement.turn) if number == 0 else ():
                yield Placed(step, statement, here.parents, here.suites)
            yield from _block(program, inner, here)


_NO_STEP = Step(-1, Span(0, 0))


def own_steps(program: Program, steps: tuple[Step, ...]) -> Iterator[Step]:
    """The steps without the names that a comprehension or a called function keeps for itself."""
    for step in steps:
        if isinstance(step, Repeat):
            yield from _of_comprehension(program, step)
        elif not _is_strange(program, step):
            yield step


def _of_comprehension(program: Program, repeat: Repeat) -> Iterator[Step]:
    inner = [step for step in repeat.steps if isinstance(step, Bind) and step.how == "for"]
    variables = {step.name for step in inner}
    for step in own_steps(program, repeat.steps):
        if not (isinstance(step, (Read, Bind)) and step.name in variables):
            yield step


def _is_strange(program: Program, step: Step) -> bool:
    """Whether a step's name is one of another function, whose call stands here."""
    return isinstance(step, (Read, Bind)) and program.text(step.span) != step.name


def reaching(body: tuple[Placed, ...], name: str) -> tuple[Placed, ...]:
    """The bindings of a name that may be the last ones when the body ends.

    Args:
        body: what `placed` gives.
        name: a name.
    """
    found: list[Placed] = []
    for current in body:
        step = current.step
        if isinstance(step, Bind) and step.name == name and step.how != "declare":
            found = [old for old in found if not _replaces(current, old)]
            found.append(current)
    return tuple(found)


def _replaces(new: Placed, old: Placed) -> bool:
    """Whether the later binding happens whenever the earlier one has happened."""
    return old.conditions[: len(new.conditions)] == new.conditions
