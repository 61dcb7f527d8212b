"""What the suppressing comments of a program were good for, once its rules have looked."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from nnmigrate.comments.directives import mentions_any
from nnmigrate.comments.suppressions import Suppressions
from nnmigrate.findings import Finding, ReviewingModule, RuleModule
from nnmigrate.program import Program
from nnmigrate.rules import rules
from nnmigrate.spans import Lines


def suppressions_of(program: Program) -> Suppressions:
    """The suppressing comments of a program, those that count for whole traces included."""
    traces: frozenset[int] = frozenset()
    if mentions_any(program.code):
        statements = (one for scope in program.scopes for one in scope.body.walk())
        traces = frozenset(one.span.start for one in statements if one.opens is not None)
    return Suppressions(program.code, Lines(program.code), traces)


def reviewed(
    program: Program,
    suppressions: Suppressions,
    findings: Iterable[Finding],
    modules: Iterable[RuleModule],
    failed: Collection[str],
) -> list[Finding]:
    """What the rules say that look at the suppressing comments, as far as it is wanted.

    Args:
        program: the program.
        suppressions: its comments.
        findings: all that the rules found, the silenced ones included.
        modules: the rules that ran.
        failed: the codes of those that raised: what they would have found is not known.
    """
    if not mentions_any(program.code):
        return []
    reviewing = [module for module in modules if isinstance(module, ReviewingModule)]
    ran = {module.RULE.code for module in modules} - set(failed)
    known, others = dict[str, str](), dict[str, str]()
    for one in rules():
        names = others if isinstance(one, ReviewingModule) else known
        names[one.RULE.code] = one.RULE.name
    unused = [*suppressions.unused(findings, ran, known, others)]
    found = (finding for module in reviewing for finding in module.review(program, unused))
    # A comment that silences everything silences not what is said of itself.
    return [finding for finding in found if not suppressions.name(finding)]
