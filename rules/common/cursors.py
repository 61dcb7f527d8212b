"""Which step of a generation nnsight 0.4 meant by an access: its cursors.

On 0.4 (0.4.11, intervention/envoy.py) every envoy has a cursor of its own. `X.next(n)` puts the
cursors of X and of everything below it to X's own plus n, wherever those below stood before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern
from nnmigrate.program import Access, Program, Repeat, Statement, Step, Told
from nnmigrate.program.values import Envoy
from nnmigrate.schedule.values import Index, Path
from nnmigrate.spans import Span

_NEXT = pattern(r"\s*\.\s*next\s*\(\s*(?P<keyword>increment\s*=\s*)?(?P<number>-?\d+)?\s*,?\s*\)")


class Uncounted(Exception):
    """The step that is meant cannot be counted; the message says why."""


@dataclass(frozen=True)
class Cursors:
    """How far each envoy was moved.

    Args:
        moves: what was moved, and to which step (None: nobody knows), in order.
    """

    moves: tuple[tuple[str, Path, int | None], ...] = ()

    def at(self, model: str, path: Path) -> int:
        """The step that is meant by an access to a module.

        Raises:
            Uncounted: nobody can tell.
        """
        for moved, above, step in reversed(self.moves):
            below = is_below(path, above) if moved == model else False
            if below and step is not None:
                return step
            if below is not False:
                raise Uncounted("the number of steps that were moved depends on values")
        return 0

    def moved(self, envoy: Envoy, step: int | None) -> Cursors:
        """The cursors after an envoy was moved to a step."""
        kept = tuple(each for each in self.moves if each[:2] != (envoy.model, envoy.path))
        return Cursors((*kept, (envoy.model, envoy.path, step)))

    def lost(self, statement: Statement) -> Cursors:
        """The cursors after a statement that moves some of them nobody knows how far."""
        cursors = self
        for told in nexts_of(statement):
            assert isinstance(told.receiver, Envoy)
            cursors = cursors.moved(told.receiver, None)
        return cursors


def is_below(path: Path, above: Path) -> bool | None:
    """Whether a module is another one or lies below it; None where indexes leave that open."""
    answer: bool | None = True
    if len(path) < len(above):
        return False
    for part, other in zip(path, above, strict=False):
        same = _same(part, other)
        if same is False:
            return False
        answer = answer and same
    return answer


def _same(one: str | Index, other: str | Index) -> bool | None:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    if one.key == other.key:
        return True
    if one.value is None or other.value is None or (one.value < 0) != (other.value < 0):
        return None
    return one.value == other.value


def nexts_of(statement: Statement) -> list[Told]:
    """Every `.next()` of a proved envoy in a statement and below it, in order."""
    return [step for step in statement.all_steps if is_next(step)]  # type: ignore[misc]


def is_next(step: Step) -> bool:
    """Whether a step is `.next()` on a proved envoy."""
    told = isinstance(step, Told) and step.what == "next"
    return told and isinstance(step.receiver, Envoy) and step.receiver.proved  # type: ignore[attr-defined]


def call_of_next(program: Program, told: Told) -> tuple[Span, int, bool]:
    """The characters `.next(...)`, the increment, and whether that has a name.

    Raises:
        Uncounted: the increment is not a number.
    """
    text = program.text(told.span)
    found = [each for each in _NEXT.finditer(text) if each.end() == len(text)]
    if not found:
        raise Uncounted("the increment is not a number that stands there")
    span = Span(told.span.start + found[0].start(), told.span.end)
    return span, int(found[0]["number"] or 1), found[0]["keyword"] is not None


def followed(program: Program, statement: Statement, cursors: Cursors) -> tuple[set[int], Cursors]:
    """The steps of the accesses of a statement without suites, and the cursors behind it.

    Raises:
        Uncounted: what it moves, or reads, cannot be counted.
    """
    steps: set[int] = set()
    if any(is_next(each) for repeat in _repeats(statement) for each in repeat.steps):
        raise Uncounted("it is moved in a comprehension")
    for step in statement.all_steps:
        if is_next(step):
            assert isinstance(step, Told)
            assert isinstance(step.receiver, Envoy)
            _check_place(program, statement, step)
            by = call_of_next(program, step)[1]
            at = cursors.at(step.receiver.model, step.receiver.path) + by
            cursors = cursors.moved(step.receiver, at)
        elif isinstance(step, Access):
            steps.add(cursors.at(step.model, step.provider.path))
    return steps, cursors


def _repeats(statement: Statement) -> Iterator[Repeat]:
    return (step for step in statement.steps if isinstance(step, Repeat))


def _check_place(program: Program, statement: Statement, told: Told) -> None:
    """What `.next()` gives stands for its step for good: it must not be kept or handed on."""
    rest = program.code[told.span.end : statement.span.end]
    alone = told.span == statement.span
    if not alone and re.match(r"\s*[.\[]\s*\w", rest) is None:
        raise Uncounted("the module that `.next()` gives is kept or handed on")


def alone(program: Program, statement: Statement) -> bool:
    """Whether a statement is `X.next()` and nothing else."""
    nexts = nexts_of(statement)
    return len(nexts) == 1 and nexts[0].span == statement.span


def shown(statements: Sequence[Statement]) -> list[Access]:
    """The accesses of statements, in order."""
    return [
        step for statement in statements for step in statement.all_steps if isinstance(step, Access)
    ]
