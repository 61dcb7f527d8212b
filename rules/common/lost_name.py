"""A lost name with what surrounds it, and what the changes that keep it have in common."""

from __future__ import annotations

from collections.abc import Iterable

from nnmigrate.classes import dataclass
from nnmigrate.findings import Applicability, Fix
from nnmigrate.program import Bind, Block, Program, Trace
from nnmigrate.program.bodies import Placed, straight
from nnmigrate.program.joins import is_none
from nnmigrate.program.survival import Held, Lost, is_module
from nnmigrate.program.values import Function, Instance, LocalClass, Module, Value
from nnmigrate.spans import Edit

from .editing import merged


@dataclass(frozen=True)
class Case:
    """A lost name with what surrounds it.

    Args:
        program: the program.
        trace: the outermost trace that loses it.
        lost: the name.
        body: what `placed` gives for the trace.
    """

    program: Program
    trace: Trace
    lost: Lost
    body: tuple[Placed, ...]

    @property
    def fresh(self) -> bool:
        """Whether the body may bind the name without having it from before, wherever it runs."""
        return not self.lost.needed


def fix_for(message: str, edits: Iterable[Edit], case: Case) -> Fix:
    """A change, with how far it may be trusted."""
    # What a function out of view returns, and what 0.4 never computed, is only guessed.
    lost = case.lost
    unset = lost.held is Held.UNSET and not lost.handed
    guessed = (lost.held is Held.OPAQUE or unset) and not lost.kept
    safety = Applicability.UNSAFE if guessed else Applicability.SAFE
    return Fix(message, merged(edits), safety)


def temporary(case: Case) -> str:
    """What to call the name's stand-in within the trace."""
    return f"_{case.lost.name.lstrip('_')}"


def bind_of(place: Placed) -> Bind:
    """The binding that stands at a place."""
    assert isinstance(place.step, Bind)
    return place.step


def can_be_saved(value: Value) -> bool:
    """Whether a value can be saved in a trace and comes back then."""
    # A function made in the trace cannot travel, and a class has no `save` of its own.
    made_here = isinstance(value, (Function, LocalClass, Module))
    return not (is_none(value) or value.optional or is_module(value) or made_here)


def is_made_here(lost: Lost) -> bool:
    """Whether a name holds an object of a class of this file, which a server cannot send back."""
    return any(isinstance(bind_of(place).value, Instance) for place in lost.binds)


def is_made_by_lambda(program: Program, lost: Lost) -> bool:
    """Whether a collection is made with a lambda (`defaultdict(lambda: {})`): pickle refuses it."""
    binds = [bind_of(place) for place in lost.binds]
    texts = [program.text(bind.expression) for bind in binds if bind.expression is not None]
    return any("defaultdict" in text and "lambda" in text for text in texts)


def has_save(value: Value) -> bool:
    """Whether `.save()` on a value is nnsight's: the file's own classes may have another one."""
    return can_be_saved(value) and not (isinstance(value, Instance) and value.own_save)


def common_suite(case: Case) -> Block | None:
    """The suite at whose end the name has its last value; None where invokes share the name.

    Every time that the suite is run, the name gets a value there, or has one from before.
    """
    if len({place.invoke for place in case.lost.every}) != 1:
        return None
    first = case.lost.every[0]
    start = first.parents.index(first.invoke) + 1 if first.invoke is not None else 0
    inside = range(start, len(first.parents))
    numbers = (n for n in inside if not straight((first.parents[n],)))
    number = next(numbers, len(first.parents))
    suite = first.suites[number - 1] if number else case.trace.body
    ends = suite.statements[-1]
    return None if ends.shared or ends.kind in ("Return", "Break", "Continue") else suite


def is_sure(case: Case) -> bool:
    """Whether the name surely has a value at the end of that suite, a loop over nothing aside."""
    first = case.lost.every[0]
    return all(straight((parent,)) or parent.kind == "For" for parent in first.parents)
