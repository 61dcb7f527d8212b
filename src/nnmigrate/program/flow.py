"""Where ways through the code part and meet: branches, loops, and what may be interrupted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.program.joins import joined, loosened
from nnmigrate.program.steps import Loop
from nnmigrate.program.values import Value
from nnmigrate.program.walk import Frame, Walk, children


@dataclass
class Ways:
    """Ways through the code that part at one place and meet at another.

    Args:
        walk: the walk.
        ends: what each way has bound.
    """

    walk: Walk
    ends: list[dict[str, tuple[Value, str]]] = field(default_factory=list)

    @contextmanager
    def way(self) -> Iterator[None]:
        """Walks one way; what it binds is taken back behind it."""
        frame = self.walk.frame
        start = len(frame.log)
        yield
        self.ends.append(frame.undo(start))

    def drop(self) -> None:
        """The last way does not get to where the others meet."""
        self.ends.pop()

    def meet(self) -> None:
        """The ways meet again."""
        frame = self.walk.frame
        names = dict.fromkeys(name for end in self.ends for name in end)
        for name in names:
            reached = [end.get(name) or _before(frame, name) for end in self.ends]
            known = [end for end in reached if end is not None]
            if all(end == known[0] for end in known):
                frame.hold(name, *known[0])
                continue
            version = self.walk.new_version(name)
            value = known[0][0]
            for other, _ in known[1:]:
                value = joined(value, other, version)
            frame.hold(name, value, version)


def _before(frame: Frame, name: str) -> tuple[Value, str] | None:
    if name not in frame.values:
        return None
    return frame.values[name], frame.versions.get(name, "")


@contextmanager
def turning(walk: Walk, loop: Loop, statement: cst.For | cst.While) -> Iterator[None]:
    """Walks what happens at each turn of a loop, its first as well as any later one."""
    walk.loops.append(loop)
    ways = Ways(walk)
    with ways.way():
        names = _rebound(statement.body)
        if ":=" in walk.text(statement):
            names |= dict.fromkeys(_walruses(statement))
        for name in names:
            _loosen(walk, name)
        yield
    walk.loops.pop()
    if not loop.turns:
        with ways.way():
            pass
    ways.meet()


def _loosen(walk: Walk, name: str) -> None:
    value = walk.frame.values.get(name)
    if value is not None:
        version = walk.new_version(name)
        walk.frame.hold(name, loosened(value, version), version)


def interrupt(walk: Walk, bound: dict[str, tuple[Value, str]]) -> None:
    """Lets the names be as they are when a suite has been left at any place of it.

    Args:
        walk: the walk, where the suite begins.
        bound: what the suite binds.
    """
    for name, (value, _) in bound.items():
        before = walk.frame.values.get(name)
        version = walk.new_version(name)
        walk.frame.hold(name, value if before is None else joined(before, value, version), version)


# --- what a suite binds ---------------------------------------------------------------------------


def _rebound(node: cst.CSTNode) -> dict[str, None]:
    """The names that the statements of a suite bind, nested functions left out."""
    found: dict[str, None] = {}
    for target in _targets(node):
        _add_names(target, found)
    return found


def _walruses(node: cst.CSTNode) -> Iterator[str]:
    """The names that expressions below a loop bind; most code has none, and is not searched."""
    if isinstance(node, cst.NamedExpr) and isinstance(node.target, cst.Name):
        yield node.target.value
    suites = () if isinstance(node, cst.BaseExpression) else _inner(node)
    for inner in (*suites, *children(node)):
        if not isinstance(inner, (cst.FunctionDef, cst.ClassDef, cst.Lambda)):
            yield from _walruses(inner)


def _add_names(target: cst.CSTNode, found: dict[str, None]) -> None:
    if isinstance(target, cst.Name):
        found[target.value] = None
    elif isinstance(target, (cst.Tuple, cst.List)):
        for part in target.elements:
            _add_names(part.value, found)


def _targets(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The targets below a suite, a line, a small or a compound statement."""
    if isinstance(node, cst.Assign):
        yield from (target.target for target in node.targets)
    elif isinstance(node, (cst.AnnAssign, cst.AugAssign, cst.Del, cst.For)):
        yield node.target
    elif isinstance(node, cst.With):
        yield from (item.asname.name for item in node.items if item.asname is not None)
    for inner in _inner(node):
        yield from _targets(inner)


def _inner(node: cst.CSTNode) -> Sequence[cst.CSTNode]:
    """The suites, lines and statements right below one, in which names are bound."""
    if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
        return ()
    body = getattr(node, "body", ())
    found: list[cst.CSTNode] = [body] if isinstance(body, cst.CSTNode) else list(body)
    found += getattr(node, "handlers", ())
    found += getattr(node, "cases", ())
    for name in ("orelse", "finalbody"):
        part = getattr(node, name, None)
        if part is not None:
            found.append(part)
    return found
