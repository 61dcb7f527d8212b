"""Tells for which nnsight a document is written, from what only one of them has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nnmigrate.program.model import Dialect, Scope
from nnmigrate.program.steps import BarrierMade, Made, Save, Step, Told
from nnmigrate.program.values import Envoy, Opener, Traced, Tracer
from nnmigrate.project import Project

# nnsight 0.5.15, intervention/tracing: tracer.barrier, tracer.iter[...], tracer.all(),
# tracer.result, tracer.cache; nnsight.save since 0.5.13. None of them is in 0.4.11.
_NEW_TOLD = frozenset("tracer.cache tracer.all tracer.iter[]".split())

# Gone or changed in 0.5.0: nnsight 0.4.11, nnsight/__init__.py, tracing/contexts and
# intervention/envoy.py (a module's `next`, `all` and `iter` are deprecated since).
_OLD_TOLD = frozenset(
    """
    tracer.cond tracer.apply tracer.log tracer.local nnsight.apply nnsight.log nnsight.local
    nnsight.cond nnsight.iter nnsight.stop next all iter[] value node
    """.split()
)


def dialect_of(scopes: Sequence[Scope], project: Project) -> Dialect:
    """The dialect of a document; unknown where nothing or both speaks, and no old pin does.

    A pin of 0.5 or later says nothing: people raise it before they migrate.
    """
    old = new = False
    for step in _steps(scopes):
        # The function `nnsight.save` is there since 0.5.13.
        new = new or isinstance(step, BarrierMade) or (isinstance(step, Save) and step.function)
        old = old or (isinstance(step, Made) and _is_old(step.opener))
        if isinstance(step, Told):
            new = new or step.what in _NEW_TOLD
            old = old or (step.what in _OLD_TOLD and _speaks(step))
    if old == new:
        return Dialect.OLD if project.old_pins and not new else Dialect.UNKNOWN
    return Dialect.OLD if old else Dialect.NEW


# What 0.5 no longer knows (nnsight 0.4.11, intervention/contexts).
_OLD_KEYWORDS = frozenset({"scan", "validate", "invoker_kwargs", "invoker_args"})


def _is_old(opener: Opener) -> bool:
    """A call with arguments that only 0.4 knows."""
    known = isinstance(opener.receiver, (Envoy, Tracer))
    return known and not _OLD_KEYWORDS.isdisjoint(keyword for keyword, _ in opener.keywords)


def _speaks(step: Told) -> bool:
    """`.value`, `.next` and `.all` are common names: they count only on the model's.

    A key of a dictionary of values may have a `value` of its own, as enumerations do.
    """
    if step.what in ("value", "node"):
        return step.receiver.saved
    return "." in step.what or isinstance(step.receiver, (Traced, Envoy))


def _steps(scopes: Sequence[Scope]) -> Iterator[Step]:
    for scope in scopes:
        for statement in scope.body.statements:
            yield from statement.all_steps
