"""What is written for one backward pass: names for values, and the edits around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from nnmigrate.classes import dataclass
from nnmigrate.program import Bind, Program, Statement
from nnmigrate.spans import Edit, Span, apply_edits

from .editing import fresh_name, merged, moved_along, removed
from .gradients import Pass


class Unmoved(Exception):
    """The gradients cannot be moved; the message says why."""


@dataclass
class Writing:
    """What is written for one pass: names are given as they are needed."""

    program: Program
    found: Pass
    taken: set[str] = field(default_factory=set)
    # The names that values are read into, by their characters, and where those lines go.
    names: dict[str, str] = field(default_factory=dict)
    hoists: list[tuple[Statement, str]] = field(default_factory=list)

    def fresh(self, wish: str) -> str:
        """A name that nothing has yet."""
        name = fresh_name(self.program, wish, self.taken)
        self.taken.add(name)
        return name

    def name_of(self, span: Span, statement: Statement, wish: str) -> str:
        """The name of a value: its own, one that it is bound to already, or a new one."""
        text = self.program.text(span)
        if text.isidentifier():
            return text
        if text not in self.names:
            bound = self._bound_above(text, statement)
            if bound is None:
                bound = self.fresh(wish)
                self.hoists.append((statement, f"{bound} = {text}"))
            self.names[text] = bound
        return self.names[text]

    def _bound_above(self, text: str, statement: Statement) -> str | None:
        """A name that is bound once, above, to the same expression."""
        block = self.found.block.statements
        binds = [step for one in block for step in one.all_steps if isinstance(step, Bind)]
        for bind in binds:
            if bind.expression is None or bind.span.start > statement.span.start:
                continue
            once = sum(one.name == bind.name for one in binds) == 1
            if once and self.program.text(bind.expression) == text:
                return bind.name
        return None


def text_with(writing: Writing, statement: Statement, names: dict[Span, str], indent: str) -> str:
    """A statement with names for some of its parts, moved to another indentation."""
    start = statement.span.start
    edits = [
        Edit(Span(span.start - start, span.end - start), name)
        for span, name in names.items()
        if statement.span.holds(span)
    ]
    text = apply_edits(writing.program.text(statement.span), edits)
    return moved_along(text, statement.indent, indent)


def inner_indent(writing: Writing) -> str:
    """The blanks before what stands in the pass."""
    block, statement = writing.found.block, writing.found.statement
    unit = "\t" if block.indent.endswith("\t") else "    "
    return statement.indent + unit


def written(writing: Writing, body: Sequence[str], behind: Sequence[str]) -> tuple[Edit, ...]:
    """The edits: names above, the pass with its body, the rest behind it."""
    program, found = writing.program, writing.found
    edits = [removed(statement) for statement in found.moving]
    by_statement: dict[int, list[str]] = {}
    for statement, text in writing.hoists:
        by_statement.setdefault(statement.line.start, []).append(text)
    for statement in found.moving:
        rows = by_statement.get(statement.line.start)
        if rows:
            text = "".join(f"{statement.indent}{row}{program.newline}" for row in rows)
            edits.remove(removed(statement))
            edits.append(Edit(statement.line, text))
    rows = [f"with {program.text(found.statement.span)}:"]
    rows += [inner_indent(writing) + row for row in body]
    rows += [found.statement.indent + row for row in behind]
    edits.append(Edit(found.statement.span, program.newline.join(rows)))
    return merged(edits)
