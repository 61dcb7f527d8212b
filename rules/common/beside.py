"""Statements that stand in a trace beside its invokes, and need something of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field

from nnmigrate.classes import dataclass
from nnmigrate.program import (
    Access,
    Bind,
    Block,
    Mutation,
    Read,
    Save,
    Statement,
    Step,
    Told,
    Trace,
    flat,
)
from nnmigrate.program.values import is_traced
from nnmigrate.spans import Span


@dataclass(frozen=True)
class Beside:
    """A statement that runs before the invokes on 0.5, but needs something of them.

    Args:
        statement: the statement, with all below it.
        parents: the statements between the trace and it, outermost first.
        after: the number of the invoke that stands before it in the text; -1 if none does: what
            reads a module there was the last invoke's on 0.4.
        name: what it needs; None where it reads a module.
        filled: the name is bound beside the invokes, and they put something into the object.
        returned: the name is what a helper returns that opens an invoke.
        span: the use.
        needs: every name that it needs.
    """

    statement: Statement
    parents: tuple[Statement, ...]
    after: int
    name: str | None
    filled: bool
    span: Span
    needs: frozenset[str]
    returned: bool = False


def beside_invokes(trace: Trace) -> list[Beside]:
    """The statements of a trace beside its invokes that need them, in the order of the text."""
    if trace.kind not in ("trace", "generate"):
        return []
    if not trace.explicit and not any(map(_calls_helper, trace.body.statements)):
        return []
    numbers = {invoke.statement: at for at, invoke in enumerate(trace.invokes)}
    return list(_Level(numbers).look(trace.body, ()))


@dataclass
class _Level:
    """What is known while the trace's own level is read from top to bottom, as 0.4 ran it."""

    numbers: Mapping[Statement, int]
    bound: set[str] = field(default_factory=set)
    filled: set[str] = field(default_factory=set)
    after: int = -1
    helped: bool = False

    def look(self, block: Block, parents: tuple[Statement, ...]) -> Iterator[Beside]:
        for statement in block.statements:
            number = self._invoke_number(statement)
            if number is not None:
                self.after = number
                self._learn_invoke(statement)
            elif any(self._invoke_number(inner) is not None for inner in statement.walk()):
                yield from self._uses(statement, (*statement.steps, *statement.turn), parents)
                for inner in statement.blocks:
                    yield from self.look(inner, (*parents, statement))
            elif opens_invoke(statement):
                yield from self._of_helper(statement, parents)
            else:
                found = list(self._uses(statement, statement.all_steps, parents))
                yield from found
                self._learn_level(statement, depends=bool(found))

    def _invoke_number(self, statement: Statement) -> int | None:
        return self.numbers.get(statement)

    def _learn_invoke(self, statement: Statement) -> None:
        for step in statement.blocks[0].statements:
            for each in step.all_steps:
                if isinstance(each, Bind) and not each.foreign:
                    self.bound.add(each.name)
                    self.filled.discard(each.name)
                elif isinstance(each, Mutation) and each.base not in self.bound:
                    self.filled.add(each.base)

    def _learn_level(self, statement: Statement, *, depends: bool) -> None:
        """What a statement binds here is bound before the invokes, unless it needs them."""
        for step in statement.all_steps:
            if isinstance(step, Bind) and not step.foreign:
                (self.bound.add if depends else self.bound.discard)(step.name)
                self.filled.discard(step.name)

    def _of_helper(self, statement: Statement, parents: tuple[Statement, ...]) -> Iterator[Beside]:
        """What a helper that opens an invoke is given has to be there when it is called."""
        calls = {step.span for step in statement.all_steps if _is_helpers_invoke(step)}
        header = (*statement.steps, *statement.turn)
        own = tuple(step for step in flat(header) if step.span not in calls)
        found = list(self._uses(statement, own, parents))
        yield from found or self._returned(statement, parents)
        self.helped = True
        for step in flat(header):
            # What it changes through a parameter of its own is told in the caller's words.
            if step.span in calls and isinstance(step, Mutation) and step.base not in self.bound:
                self.filled.add(step.base)
        for inner in statement.blocks:
            yield from self.look(inner, (*parents, statement))

    def _returned(self, statement: Statement, parents: tuple[Statement, ...]) -> Iterator[Beside]:
        """What a helper that opens an invoke returns is not there yet when it returns."""
        for step in statement.steps:
            if isinstance(step, Bind) and not step.foreign and is_traced(step.value):
                yield Beside(
                    statement, parents, self.after, step.name, False, step.span, frozenset(), True
                )
                return

    def _uses(
        self, statement: Statement, steps: tuple[Step, ...], parents: tuple[Statement, ...]
    ) -> Iterator[Beside]:
        """The statement, if it needs something of the invokes; its first use speaks for it."""
        own: set[str] = set()
        uses: list[tuple[Step, str | None, bool]] = []
        for step in steps:
            if isinstance(step, Access) and not step.foreign:
                uses.append((step, None, False))
            elif (
                (self.after >= 0 or self.helped) and isinstance(step, Read) and step.name not in own
            ):
                if step.name in self.bound:
                    uses.append((step, step.name, False))
                elif step.name in self.filled and not _only_saves(statement, step.name):
                    uses.append((step, step.name, True))
            elif isinstance(step, Bind):
                own.add(step.name)
        if uses:
            step, name, filled = uses[0]
            needs = frozenset(name for _, name, _ in uses if name is not None)
            yield Beside(statement, parents, self.after, name, filled, step.span, needs)


def _only_saves(statement: Statement, name: str) -> bool:
    """`outputs.save()` marks the object: it does not matter when."""
    saves = [step for step in statement.steps if isinstance(step, Save)]
    reads = [step for step in statement.steps if isinstance(step, Read) and not step.partial]
    return any(s.name == name for s in saves) and len(reads) <= 1


def _calls_helper(statement: Statement) -> bool:
    """Whether a statement is no more than the call of a function that opens an invoke."""
    return statement.kind in ("Expr", "Assign") and opens_invoke(statement)


def opens_invoke(statement: Statement) -> bool:
    """Whether a function of the file that the statement calls opens an invoke.

    Args:
        statement: a statement of a trace; what stands below it counts as well.
    """
    return any(map(_is_helpers_invoke, statement.all_steps))


def _is_helpers_invoke(step: Step) -> bool:
    return isinstance(step, Told) and step.what == "helper-invoke"
