"""Which names are bound outside a trace when it starts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from nnmigrate.program.memory import remembered
from nnmigrate.program.model import Block, Dialect, Program, Remote, Scope, Statement, Trace
from nnmigrate.program.steps import Bind, Mutation, Repeat, Save, Step, flat
from nnmigrate.program.values import Container

# A name that is bound, or one that a trace binds and does not save, with that trace's statement:
# it is there only for some.
State = frozenset[str | tuple[str, int]]

_NOTHING: State = frozenset()

# Bindings that give a name no value, or none that stays.
_UNBOUND = frozenset(["declare", "except"])


@remembered
def outer_names(program: Program, trace: Trace) -> frozenset[str]:
    """The names that 0.5 may find bound when the trace starts, in any scope that the trace sees.

    That is the frame's own names and the module's (nnsight 0.5.15, intervention/tracing/base.py:
    the body is compiled with both as its globals). A name that only an enclosing function binds
    does not count: the trace's function has a local of that name, which is unbound; unless it is
    declared `nonlocal`.
    """
    scope = trace.scope
    before = _states(program, scope)[id(trace.statement)]
    names = frozenset(_seen(program, trace, before))
    if scope.parent is None:
        return names
    around = list(_around(scope))
    declared = {name for name in scope.declared if any(name in s.bindings for s in around)}
    function = [scope, *around][-2].statement
    assert function is not None
    return names | declared | _in_module(program, around[-1], function) | _made_global(program)


@remembered
def _in_module(program: Program, module: Scope, function: Statement) -> frozenset[str]:
    """The module's names that may be bound when a function of it runs."""
    # Nobody comes to a function behind a `return` or a `raise`.
    state = _states(program, module).get(-id(function), _NOTHING)
    return frozenset(name for name in state if isinstance(name, str))


def names_of_run_before(program: Program, trace: Trace) -> frozenset[str]:
    """Those of the `outer_names` that are bound only if a notebook's cell runs a second time."""
    if not _runs_again(program, trace.scope):
        return frozenset()
    once = replace(program, options=replace(program.options, again=False))
    return outer_names(program, trace) - outer_names(once, trace)


def _runs_again(program: Program, scope: Scope) -> bool:
    # Of code born on 0.5 nothing is said: whoever wrote it has seen it run.
    return program.options.again and scope.kind == "module" and program.dialect is not Dialect.NEW


def names_by_chance(program: Program, trace: Trace) -> frozenset[str]:
    """Those of the `outer_names` that are bound only if an unsaved value has stayed by chance."""
    state = _states(program, trace.scope)[id(trace.statement)]
    if trace.session is not None:
        return frozenset()  # a session's traces hand on all that they bind
    certain = {name for name in state if isinstance(name, str)}
    return frozenset(_seen(program, trace, state)) - certain


def _seen(program: Program, trace: Trace, state: State) -> Iterator[str]:
    """The names of a state that are bound for one trace.

    In a session every name is that an earlier trace of it has bound. Elsewhere only saved ones are,
    but of what a trace itself has bound at an earlier turn of a loop another one may be, by chance:
    0.5 never forgets the ids of saved objects, and a new object may have the id of one that is gone
    (nnsight 0.5.15, tracing/globals.py). Where a program is being brought over from 0.4 that chance
    is not taken.
    """
    chance = program.dialect is not Dialect.NEW and trace.remote is not Remote.YES
    there = {id(trace.statement)} if chance else set[int]()
    if trace.session is not None:
        there |= _in_session(program, trace.session)
    for name in state:
        if isinstance(name, str):
            yield name
        elif name[1] in there:
            yield name[0]


@remembered
def _in_session(program: Program, session: Trace) -> frozenset[int]:
    """The identities of the statements of a session's traces."""
    return frozenset(id(one.statement) for one in program.traces if one.session is session)


def _around(scope: Scope) -> Iterator[Scope]:
    parent = scope.parent
    while parent is not None:
        yield parent
        parent = parent.parent


@remembered
def _made_global(program: Program) -> frozenset[str]:
    """The names that functions bind in the module."""
    return frozenset(
        name for scope in program.scopes for name in scope.declared if name in scope.bindings
    )


@remembered
def _traces_by_scope(program: Program) -> Mapping[Scope, Sequence[Trace]]:
    found: dict[Scope, list[Trace]] = {}
    for trace in program.traces:
        found.setdefault(trace.scope, []).append(trace)
    return found


@remembered
def _states(program: Program, scope: Scope) -> Mapping[int, State]:
    """What is bound when each trace of a scope starts, by its statement's id.

    By the negative id of each function or class of a scope: what is bound then or at any time
    later, since nobody knows when it is called.
    """
    flow = _Flow(_traces_by_scope(program).get(scope, ()))
    end = flow.block(scope.body, frozenset(scope.parameters))
    if _runs_again(program, scope):
        flow.block(scope.body, frozenset(name for name in end if isinstance(name, str)))
    later = _NOTHING
    for statement, state in reversed(flow.definitions):
        later |= state
        flow.found[-id(statement)] = later
    return flow.found


@remembered
def empty_collections(program: Program, trace: Trace) -> frozenset[str]:
    """The names of collections that are made right before a trace and have no items yet.

    Before its session as well, where the trace is a statement of that.
    """
    outer: frozenset[str] = frozenset()
    if trace.session is not None and trace.parents[-1] is trace.session.statement:
        outer = empty_collections(program, trace.session)
    suites = [block for parent in trace.parents for block in parent.blocks]
    found = (_empty_in(program, block, outer) for block in (trace.scope.body, *suites))
    return next((each[trace.statement] for each in found if trace.statement in each), frozenset())


@remembered
def _empty_in(
    program: Program, block: Block, outer: frozenset[str]
) -> Mapping[Statement, frozenset[str]]:
    """The empty collections before each trace that is a statement of a suite."""
    empty, found = set(outer), {}
    for statement in block.statements:
        if statement.opens is not None:
            found[statement] = frozenset(empty)
        for step in statement.all_steps:
            if isinstance(step, Mutation):
                empty.discard(step.base)
            elif isinstance(step, Bind):
                made = isinstance(step.value, Container) and step.value.empty
                (empty.add if made and not statement.blocks else empty.discard)(step.name)
    return found


class _Flow:
    """Follows a scope's statements with the names that may be bound.

    Args:
        traces: the traces of the scope.
    """

    def __init__(self, traces: Iterable[Trace]) -> None:
        self.traces = {id(each.statement): each for each in traces}
        self.found: dict[int, State] = dict.fromkeys(self.traces, _NOTHING)
        # All that may be bound from one function to the next.
        self.definitions: list[tuple[Statement, State]] = []
        # What is bound where `break` and `continue` leave the loops around.
        self.left: list[State] = []

    def block(self, block: Block, names: State) -> State:
        """Follows a suite; gives what is bound at its end, nothing if that is not reached."""
        for statement in block.statements:
            names = self._statement(statement, names)
            if statement.kind in ("FunctionDef", "ClassDef"):
                self.definitions.append((statement, names))
            elif self.definitions:
                last, state = self.definitions[-1]
                self.definitions[-1] = (last, state | names)
            if statement.kind in ("Break", "Continue") and self.left:
                self.left[-1] |= names
            if statement.kind in ("Break", "Continue", "Return", "Raise"):
                return _NOTHING
        return names

    def _statement(self, statement: Statement, names: State) -> State:
        trace = self.traces.get(id(statement))
        if trace is not None:
            self.found[id(statement)] |= names
        if trace is not None and trace.kind != "session":
            names |= frozenset(_left_by(trace))
            self.definitions += ((one, names) for one in _definitions(trace.body))
            return names
        names = _after(statement.steps, names)
        if statement.loop is not None:
            return self._loop(statement, names)
        if statement.kind in ("If", "Elif", "Match"):
            return self._branches(statement, names)
        if statement.kind in ("Try", "TryStar"):
            return self._try(statement, names)
        for block in statement.blocks:
            names = self.block(block, names)
        return names

    def _loop(self, statement: Statement, names: State) -> State:
        body, *orelse = statement.blocks
        # What a turn leaves bound is there at the next one.
        while True:
            self.left.append(_NOTHING)
            end = self.block(body, _after(statement.turn, names)) | self.left.pop()
            if end <= names:
                break
            names |= end
        for block in orelse:
            names = self.block(block, names)
        return names

    def _branches(self, statement: Statement, names: State) -> State:
        ends = [self.block(block, names) for block in statement.blocks]
        if not any(block.name == "orelse" for block in statement.blocks):
            ends.append(names)
        return _NOTHING.union(*ends)

    def _try(self, statement: Statement, names: State) -> State:
        errors = {s.name for s in statement.steps if isinstance(s, Bind) and s.how == "except"}
        end = self.block(statement.blocks[0], names)
        started, ends = names | end, [end]
        for block in statement.blocks[1:]:
            if block.name == "handler":
                ends.append(self.block(block, started | errors) - (errors - names))
            elif block.name == "orelse":
                ends[0] = self.block(block, end)
            else:
                ends = [self.block(block, _NOTHING.union(*ends))]
        return _NOTHING.union(*ends)


def _definitions(block: Block) -> Iterator[Statement]:
    """The functions and classes of a suite, in the order of the text, none within another."""
    for statement in block.statements:
        if statement.kind in ("FunctionDef", "ClassDef"):
            yield statement
        else:
            for inner in statement.blocks:
                yield from _definitions(inner)


def _after(steps: Iterable[Step], names: State) -> State:
    """The names that are bound behind some steps."""
    for bind in _bindings(steps):
        if bind.how == "delete":
            names = frozenset(n for n in names if bind.name != (n if isinstance(n, str) else n[0]))
        elif bind.name not in names:
            names |= {bind.name}
    return names


def _bindings(steps: Iterable[Step]) -> Iterator[Bind]:
    for step in steps:
        # Of a comprehension only what `:=` binds is seen outside; the rest is another frame's.
        for each in flat(step.steps) if isinstance(step, Repeat) else (step,):
            if isinstance(each, Bind) and not each.foreign and each.how not in _UNBOUND:
                yield each


def _left_by(trace: Trace) -> Iterator[str | tuple[str, int]]:
    """What a trace leaves bound behind it: the saved names; the others for some."""
    steps = [step for step in trace.statement.all_steps if isinstance(step, (Bind, Save))]
    saved = {step.name for step in steps if isinstance(step, Save)}
    for step in steps:
        if isinstance(step, Bind) and not step.foreign:
            stays = step.value.saved or step.name in saved
            yield step.name if stays else (step.name, id(trace.statement))
