"""Objects made outside a trace that its body changes: what they are, and where it does that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.program import Bind, Mutation, Program, Read, Save, Statement, Trace
from nnmigrate.program.bodies import Placed, placed
from nnmigrate.program.values import (
    Barrier,
    Container,
    Envoy,
    Instance,
    Items,
    Module,
    NnsightModule,
    Traced,
    Tracer,
    Value,
)
from nnmigrate.spans import Span

from .kinds import changed_path, kind_made, kind_of, kind_shown, made_by_lambda, pattern_of
from .passing import other_names, parts_named, read_by_function

# What is never a caller's own object.
_NOT_OBJECTS = (Barrier, Envoy, Module, NnsightModule, Traced, Tracer)


@dataclass(frozen=True, eq=False)
class Change:
    """One change of an outer object.

    Args:
        mutation: what happens.
        place: where.
        helper: a function that the body calls does it, or it is done by another name.
    """

    mutation: Mutation
    place: Placed
    helper: bool = False

    @property
    def whole(self) -> bool:
        """Whether the statement does nothing else."""
        return not self.helper and self.mutation.span == self.place.statement.span

    @property
    def assigns(self) -> bool:
        """Whether it is `xs += [h]`: then the name is the body's own, which a server has not."""
        mutation = self.mutation
        bare = mutation.path == mutation.base and not mutation.depth and not self.helper
        return bare and mutation.how == "augment"

    @property
    def several(self) -> bool:
        """Whether the statement has other targets beside this one: `a[0], b[0] = x, y`."""
        node = self.place.statement.node
        if not isinstance(node, cst.Assign):
            return False
        return len(node.targets) > 1 or isinstance(node.targets[0].target, (cst.Tuple, cst.List))


@dataclass(frozen=True, eq=False)
class Outer:
    """An object made outside a trace and changed in it.

    Args:
        path: how the body reaches it, such as `results` or `self.acts`.
        kind: `list`, `dict`, `set`, `defaultdict`, `deque`, `tensor`, `ndarray`, ...; empty if
            unknown.
        changes: its changes, in the order of the text.
        reads: the body also does something else with it, once it may have changed it.
        mentions: what is put into it is computed from it.
        keyed: a change's key is taken from it: `x[len(x)] = v`.
        idle: statements such as `results.save()`, which do nothing.
        shared: another name that the body changes, too, stands for the same object.
        homeless: it cannot be sent back, since it holds objects of the file's own classes, or is
            not in view at all (`run(acts.append)`).
        stuck: it cannot travel itself: its default factory is a lambda.
    """

    path: str
    kind: str
    changes: tuple[Change, ...]
    reads: bool
    mentions: bool = False
    keyed: bool = False
    idle: tuple[Statement, ...] = ()
    shared: bool = False
    homeless: bool = False
    stuck: bool = False


def outer_objects(program: Program, trace: Trace) -> tuple[Outer, ...]:
    """The outer objects that a trace changes, in the order of their first changes."""
    body = placed(program, trace)
    found: dict[str, list[Change]] = {}
    brought = brought_back(program, body)
    for path, change in _changes(program, trace, body):
        if path not in brought:
            found.setdefault(path, []).append(change)
    values = {p.step.name: p.step.value for p in body if isinstance(p.step, Read)}
    outers = [
        _outer(program, trace, body, path, changes, values) for path, changes in found.items()
    ]
    return tuple(_among_others(program, trace, outer, frozenset(found)) for outer in outers)


def _among_others(program: Program, trace: Trace, outer: Outer, changed: frozenset[str]) -> Outer:
    """An outer object, with what other names of it are good for in the body."""
    others = other_names(program, trace, outer.path)
    start = _start(outer.changes[0])
    read = any(use.start >= start for other in others for use in uses_of(program, trace, other))
    return replace(outer, reads=outer.reads or read, shared=not others.isdisjoint(changed))


def brought_back(program: Program, body: Iterable[Placed]) -> frozenset[str]:
    """The objects that the body saves under another name: under that name they come back."""
    saves = {p.step.span: p.step for p in body if isinstance(p.step, Save)}
    binds = [p.step for p in body if isinstance(p.step, Bind) and p.step.how == "assign"]
    whole = [saves[bind.expression] for bind in binds if bind.expression in saves]
    return frozenset(program.text(save.argument) for save in whole)


def _outer(
    program: Program,
    trace: Trace,
    body: Iterable[Placed],
    path: str,
    changes: list[Change],
    values: Mapping[str, Value | None],
) -> Outer:
    kept = tuple(_without_parts(changes))
    idle = tuple(_idle(program, trace, body, path))
    own = [c.mutation.target or c.mutation.span for c in kept if not c.helper]
    keys = [c.mutation.key_span for c in kept if c.whole and c.mutation.key_span is not None]
    idle_spans = [statement.span for statement in idle]
    start = _start(kept[0])
    later = [use for use in uses_of(program, trace, path) if use.start >= start]
    put_in = [c.mutation.value_span for c in kept if c.mutation.value_span is not None]
    reads = any(not _within(use, [*own, *keys, *idle_spans, *put_in]) for use in later)
    reads = reads or read_by_function(program, trace, path.partition(".")[0])
    keyed = any(_within(use, keys) for use in later)
    mentions = any(
        c.mutation.value_span and _mentions(program, c.mutation.value_span, path) for c in kept
    )
    helped = any(c.helper for c in kept)
    value, owner = values.get(path), values.get(path.partition(".")[0])
    kind = kind_of(value) or kind_made(program, trace, path, owner)
    kind = kind or kind_shown(c.mutation for c in kept)
    stuck = kind == "defaultdict" and made_by_lambda(program, trace, path, owner)
    nameless = any(c.mutation.aliased and path in trace.scope.parameters for c in kept)
    unsavable = isinstance(value, Instance) and value.own_save
    homeless = unsavable or nameless or any(_is_made_here(c.mutation.value) for c in kept)
    return Outer(path, kind, kept, reads or helped, mentions, keyed, idle, False, homeless, stuck)


def _is_made_here(value: Value | None) -> bool:
    """Whether a value is, or holds, an object of one of the file's classes."""
    if isinstance(value, Container):
        return _is_made_here(value.element)
    if isinstance(value, Items):
        return any(map(_is_made_here, value.items))
    return isinstance(value, Instance)


def _within(use: Span, spans: Iterable[Span]) -> bool:
    return any(span.start <= use.start < span.end for span in spans)


def _start(change: Change) -> int:
    """Where the first change may happen: what stands before reads the object as it was."""
    for parent in change.place.parents:
        if parent.loop is not None:
            # A for's iterable is evaluated once, a while's test at every turn.
            return parent.blocks[0].span.start if parent.kind == "For" else parent.span.start
    return change.place.statement.span.start


def _without_parts(changes: list[Change]) -> Iterator[Change]:
    """Without the `setdefault` of `d.setdefault(k, [])[i] = v`: it is part of the other change."""
    for change in changes:
        others = (c.mutation.target for c in changes if c is not change)
        if change.helper or not any(
            t is not None and t.holds(change.mutation.span) for t in others
        ):
            yield change


def uses_of(program: Program, trace: Trace, path: str) -> Iterator[Span]:
    """Where the body mentions the way to an object."""
    start, end = trace.body.span.start, trace.body.span.end
    for match in pattern_of(path).finditer(program.code, start, end):
        yield Span(match.start(), match.end())


def _mentions(program: Program, span: Span, path: str) -> bool:
    return pattern_of(path).search(program.code, span.start, span.end) is not None


def _idle(program: Program, trace: Trace, body: Iterable[Placed], path: str) -> Iterator[Statement]:
    """Statements that only save the object: nobody takes it along."""
    for place in body:
        step, statement = place.step, place.statement
        if not isinstance(step, Save) or statement.kind != "Expr" or statement.shared:
            continue
        suite = place.suites[-1] if place.suites else trace.body
        alone = len(suite.statements) == 1
        if program.text(step.argument) == path and step.span == statement.span and not alone:
            yield statement


# --- changes --------------------------------------------------------------------------------------


def _changes(
    program: Program, trace: Trace, body: tuple[Placed, ...]
) -> Iterator[tuple[str, Change]]:
    """Every change of an object that the body did not make, with the way to the object."""
    bound = {p.step.name for p in body if isinstance(p.step, Bind) and p.step.how != "declare"}
    bound |= {trace.entered.name} if trace.entered.name else set()
    grown = dict(_grown(program, trace, body))
    values: dict[str, Value | None] = {}
    for place in body:
        step = place.step
        if isinstance(step, Read):
            values[step.name] = step.value
        elif isinstance(step, Bind) and step.name in grown:
            yield step.name, next(c for c in grown[step.name] if c.place is place)
        elif isinstance(step, Bind) and _extends(program, step):
            # `store += [h]` of a name that stands for an outer object, or for a part of one.
            for way in parts_named(program, body, step.name, bound):
                yield way, _through_part(place, _as_change(place).mutation, way)
        elif isinstance(step, Mutation) and step.base in bound and step.base not in grown:
            for way in parts_named(program, body, step.base, bound):
                if not isinstance(values.get(way), _NOT_OBJECTS):
                    yield way, _through_part(place, step, way)
        elif isinstance(step, Mutation):
            change = _change(place, step)
            base = change.mutation.base if change else ""
            known = base in values or (change is not None and change.helper)
            if change is None or not known or isinstance(values.get(base), _NOT_OBJECTS):
                continue
            yield changed_path(change.mutation), change


def _through_part(place: Placed, mutation: Mutation, way: str) -> Change:
    """A change of an object by another name than its own."""
    base, depth = way.partition(".")[0], mutation.depth + 1
    meant = replace(mutation, base=base, path=way, depth=depth, target=None, value_span=None)
    return Change(meant, place, helper=True)


def _change(place: Placed, mutation: Mutation) -> Change | None:
    if mutation.aliased or mutation.by == "caller":
        meant = replace(mutation, target=None, value_span=None)
        return Change(meant, place, helper=True)
    target = mutation.target
    direct = target is not None and not mutation.by and mutation.span.holds(target)
    return Change(mutation, place) if direct else None


def _grown(
    program: Program, trace: Trace, body: tuple[Placed, ...]
) -> Iterator[tuple[str, tuple[Change, ...]]]:
    """Outer collections that the body only extends by `+=`: the same object afterwards."""
    binds: dict[str, list[Placed]] = {}
    for place in body:
        if isinstance(place.step, Bind):
            binds.setdefault(place.step.name, []).append(place)
    for name, places in binds.items():
        steps = [place.step for place in places]
        in_place = kind_made(program, trace, name) in ("tensor", "ndarray")
        if all((in_place and _augments(step)) or _extends(program, step) for step in steps):
            yield name, tuple(_as_change(place) for place in places)


def _augments(step: object) -> bool:
    """`total += h` of a tensor or an array changes it in its place."""
    return isinstance(step, Bind) and step.how == "augment"


def _extends(program: Program, step: object) -> bool:
    if not isinstance(step, Bind) or step.how != "augment" or step.expression is None:
        return False
    if kind_of(step.value) in ("list", "set", "dict", "deque", "defaultdict"):
        return True
    # `xs += [h]`, `acts |= {k: h}`: no number, no tensor.
    return program.text(step.expression).startswith(("[", "{"))


def _as_change(place: Placed) -> Change:
    step = place.step
    assert isinstance(step, Bind)
    return Change(
        Mutation(
            site=step.site,
            span=place.statement.span,
            base=step.name,
            path=step.name,
            how="augment",
            target=step.span,
            value_span=step.expression,
        ),
        place,
    )
