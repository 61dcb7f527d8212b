"""Builds the program model of a document."""

from __future__ import annotations

import libcst as cst

from nnmigrate.demonstrated import demonstrated

# Importing them registers what evaluates each kind of expression.
from nnmigrate.program import calls as _calls  # noqa: F401
from nnmigrate.program import operations as _operations  # noqa: F401
from nnmigrate.program.assemble import assemble
from nnmigrate.program.dialect import dialect_of, is_guide
from nnmigrate.program.facts import Facts
from nnmigrate.program.functions import walk_function
from nnmigrate.program.model import Block, Dialect, NotPython, Options, Program, Scope
from nnmigrate.program.pieces import Piece, pieces_of, whole
from nnmigrate.program.positions import Positions
from nnmigrate.program.statements import walk_suite
from nnmigrate.program.versions import branches_of
from nnmigrate.program.walk import Frame, Walk


def build(code: str, options: Options | None = None, before: Program | None = None) -> Program:
    """Understands a piece of code.

    Args:
        code: Python code, whole.
        options: what the user says about it.
        before: what it was before some of it was changed; that makes it faster.

    Returns:
        The program model.

    Raises:
        NotPython: LibCST cannot parse the code.
    """
    options = options or Options()
    try:
        facts = Facts(earlier=before.facts.known if before is not None else {})
        walk = _walked(_parsed(code), options, code, facts)
    except RecursionError:
        raise NotPython("nested too deeply to be read", 1, 1) from None
    scopes = _scopes(walk)
    traces = tuple(assemble(scopes, options))
    guide = options.guide
    wrong = demonstrated(code) if options.text else None
    if guide is None:
        said_old = options.source in (Dialect.OLD, Dialect.UNKNOWN)
        guide = options.text and not said_old and is_guide(scopes, len(traces), code, wrong)
    return Program(
        code=code,
        options=options,
        dialect=options.source or dialect_of(scopes, options.project, code, wrong),
        scopes=scopes,
        traces=traces,
        nnsight=walk.nnsight,
        newline=walk.newline,
        branches=branches_of(code, scopes),
        calls=walk.calls,
        facts=walk.facts,
        guide=guide,
    )


def _parsed(code: str) -> tuple[Piece, ...]:
    try:
        return pieces_of(code)
    except cst.ParserSyntaxError as error:
        raise NotPython.of(error) from None
    except ValueError as error:
        raise NotPython(str(error), 1, 1) from None


# A file that tells late what it is about (`main` at its end) is walked again with what it told.
_MOST_WALKS = 3


def _walked(pieces: tuple[Piece, ...], options: Options, code: str, facts: Facts) -> Walk:
    module = whole(pieces)
    positions = Positions(pieces, code)
    for _ in range(_MOST_WALKS):
        frame = Frame("module", "", 0, None)
        walk = Walk(positions, options, frame, facts=facts, newline=module.default_newline)
        _walk_all(walk, module)
        if not facts.came_late():
            break
    return walk


def _walk_all(walk: Walk, module: cst.Module) -> None:
    walk.frames.append(walk.frame)
    module_frame = walk.frame
    with walk.collecting():
        walk.walked.append((module_frame, walk_suite(walk, module, "module"), module))
        # Functions run when they are called: they see what the module's names are in the end.
        while walk.pending:
            function, parent = walk.pending.pop(0)
            walk_function(walk, function, parent)


def _scopes(walk: Walk) -> tuple[Scope, ...]:
    """The scopes in the order of the text, each behind the one around it."""
    made: dict[int, Scope] = {}
    in_text = sorted(walk.walked, key=lambda entry: _start(walk, entry[0], entry[2]))
    for frame, body, node in in_text:
        made[frame.number] = _scope(walk, frame, body, node, made)
    return tuple(made.values())


def _start(walk: Walk, frame: Frame, node: cst.CSTNode) -> int:
    return walk.span(node).start if frame.parent is not None else -1


def _scope(
    walk: Walk, frame: Frame, body: Block, node: cst.CSTNode, made: dict[int, Scope]
) -> Scope:
    parent = made.get(frame.parent.number) if frame.parent is not None else None
    return Scope(
        kind=frame.kind,
        name=frame.name,
        body=body,
        parent=parent,
        parameters=frame.parameters,
        bindings={name: tuple(bindings) for name, bindings in frame.bindings.items()},
        declared=frozenset(frame.declared),
        statement=walk.definitions.get(id(node)),
    )
