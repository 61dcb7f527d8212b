"""What a statement has to do with: whether two statements of a suite may change places.

On 0.4 a statement was carried out when its module ran, wherever it stood in the text. To change the
places of two statements is therefore to change nothing, unless one needs what the other binds, or
both have to do with one object, or with one tensor that one of them changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from nnmigrate.classes import dataclass
from nnmigrate.program import (
    Access,
    BarrierCall,
    BarrierMade,
    Bind,
    Mutation,
    Program,
    Read,
    Statement,
    Told,
    Trace,
    Write,
)
from nnmigrate.program.memory import remembered
from nnmigrate.program.values import Traced
from nnmigrate.schedule.values import Provider

from .handing import may_be_one

# Statements that leave the suite, or open one of which more is to be known.
_FIXED = frozenset("Return Break Continue Raise Try TryStar With FunctionDef ClassDef".split())


@dataclass(frozen=True)
class Touched:
    """What a statement has to do with.

    Args:
        bound: the names that it binds.
        read: the names that it reads.
        changed: the names of the objects that it changes.
        used: the modules of which it reads, or has, a value.
        written: the modules whose value it changes or sets.
        fixed: it cannot be told, or it may not be moved.
    """

    bound: frozenset[str]
    read: frozenset[str]
    changed: frozenset[str]
    used: frozenset[Provider]
    written: frozenset[Provider]
    fixed: bool

    def renamed(self, names: Mapping[str, str]) -> Touched:
        """The same under other names."""
        bound = frozenset(names.get(name, name) for name in self.bound)
        return replace(self, bound=bound, read=frozenset(names.get(n, n) for n in self.read))


@remembered
def touched(program: Program, trace: Trace, statement: Statement) -> Touched:
    """What a statement of a trace has to do with, all below it included."""
    return touched_by(statement, _accesses(program, trace))


def touched_by(statement: Statement, accesses: Mapping[int, Access]) -> Touched:
    """What a statement has to do with.

    Args:
        statement: the statement.
        accesses: those of its trace, by their sites.
    """
    steps = statement.all_steps
    origins = {s.got for s in steps if isinstance(s, Write)}
    held = {
        step.value.origin
        for step in steps
        if isinstance(step, Read) and isinstance(step.value, Traced)
    }
    own = [step for step in steps if isinstance(step, Access)]
    return Touched(
        bound=frozenset(s.name for s in steps if isinstance(s, Bind) and not s.foreign),
        read=frozenset(s.name for s in steps if isinstance(s, Read)),
        changed=frozenset(s.base for s in steps if isinstance(s, Mutation)),
        used=frozenset(s.provider for s in own) | _providers(accesses, held),
        written=frozenset(s.provider for s in own if s.swap) | _providers(accesses, origins),
        fixed=_is_fixed(statement) or not origins <= accesses.keys(),
    )


@remembered
def _accesses(program: Program, trace: Trace) -> Mapping[int, Access]:
    return accesses_of(trace)


def accesses_of(trace: Trace) -> Mapping[int, Access]:
    """The accesses of a trace, by their sites."""
    return {step.site: step for step in trace.statement.all_steps if isinstance(step, Access)}


def _providers(accesses: Mapping[int, Access], sites: Iterable[int | None]) -> frozenset[Provider]:
    found = (accesses.get(site) for site in sites if site is not None)
    return frozenset(access.provider for access in found if access is not None)


def _is_fixed(statement: Statement) -> bool:
    kinds = {inner.kind for inner in statement.walk()}
    return bool(kinds & _FIXED) or any(
        isinstance(step, (Told, BarrierCall, BarrierMade)) for step in statement.all_steps
    )


def may_change_places(one: Touched, other: Touched) -> bool:
    """Whether two neighbours do the same in either order."""
    if one.fixed or other.fixed:
        return False
    for left, right in ((one, other), (other, one)):
        if left.bound & (right.bound | right.read) or left.changed & (right.changed | right.read):
            return False
        if any(may_be_one(w, u) for w in left.written for u in right.used | right.written):
            return False
    return True
