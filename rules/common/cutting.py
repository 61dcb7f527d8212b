"""The bodies that nnsight 0.5 cuts out of the file."""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.program import Block, Program, Scope, Statement


def cut_out(program: Program) -> Iterator[tuple[Scope, Statement]]:
    """The outermost with statements of nnsight's, each with the scope that it stands in."""
    for scope in program.scopes:
        for statement in _outermost(scope.body):
            yield scope, statement


def _outermost(block: Block) -> Iterator[Statement]:
    for statement in block.statements:
        if statement.opens is not None:
            yield statement
        else:
            for inner in statement.blocks:
                yield from _outermost(inner)
