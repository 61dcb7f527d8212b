"""Comments by which a person says that a finding is not wanted.

`# noqa` and `# nnmigrate: ignore` silence everything, `# noqa: NNS101, E501` and
`# nnmigrate: ignore[NNS101]` what they name. They count for the whole statement that they stand
behind; an `ignore` behind the header of a trace counts for the whole trace, and one that has its
line for itself for what stands on the next line. `# nnmigrate: ignore-file` counts for the file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from nnmigrate.classes import dataclass
from nnmigrate.comments.directives import (
    Code,
    Directive,
    Kind,
    Unused,
    directives_in,
    mentions_any,
)
from nnmigrate.comments.layout import Comment, Laid, Layout
from nnmigrate.findings import Finding
from nnmigrate.spans import Lines, Span


@dataclass(frozen=True)
class _Reach:
    """The lines that a directive counts for: all where `last` is None, none where it is 0."""

    directive: Directive
    first: int = 1
    last: int | None = None


@dataclass(frozen=True)
class Suppressions:
    """The suppressing comments of one piece of code.

    Args:
        code: the code.
        lines: its lines.
        traces: the offsets at which with statements begin that enter something of nnsight's.
    """

    code: str
    lines: Lines
    traces: frozenset[int] = frozenset()

    def cover(self, finding: Finding) -> bool:
        """Whether a comment on the statement in which the finding begins silences it."""
        return bool(self._by_row) and any(self._covering(finding))

    def name(self, finding: Finding) -> bool:
        """Whether such a comment speaks of the finding's rule, and not of all rules."""
        covering = self._covering(finding) if self._by_row else ()
        return any(code is not None and code.text not in ("ALL", "NNS") for _, code in covering)

    def unused(
        self,
        findings: Iterable[Finding],
        ran: Collection[str],
        known: Mapping[str, str],
        others: Mapping[str, str],
    ) -> Iterator[Unused]:
        """The comments that silence none of the findings, as far as that can be said.

        Args:
            findings: all that there are, the silenced ones included.
            ran: the codes of the rules that looked.
            known: the names of all rules that look at code, by their codes; of a code of none of
                them nothing is said if it is in `others`.
            others: the names of the other rules, by their codes.
        """
        used: set[tuple[Directive, Code | None]] = set()
        if self._by_row:
            used.update(pair for finding in findings for pair in self._covering(finding))
        for reach in self._reaches:
            one = _unused(reach.directive, used, ran, known, others)
            if one is not None:
                yield replace(one, lost=reach.last == 0)

    def _covering(self, finding: Finding) -> Iterator[tuple[Directive, Code | None]]:
        row, _ = self.lines.place(finding.span.start)
        for directive in (*self._by_row.get(0, ()), *self._by_row.get(row, ())):
            if directive.codes is None:
                yield directive, None
            for code in directive.codes or ():
                if code.fits(finding.code, finding.name):
                    yield directive, code

    @cached_property
    def _by_row(self) -> dict[int, tuple[Directive, ...]]:
        """What counts for each line; for the whole code under 0."""
        rows: dict[int, tuple[Directive, ...]] = {}
        for reach in self._reaches:
            covered = (0,) if reach.last is None else range(reach.first, reach.last + 1)
            for row in covered:
                rows[row] = (*rows.get(row, ()), reach.directive)
        return rows

    @cached_property
    def _reaches(self) -> tuple[_Reach, ...]:
        return tuple(self._read()) if mentions_any(self.code) else ()

    def _read(self) -> Iterator[_Reach]:
        layout = Layout(self.lines)
        for laid in layout.statements:
            for comment in laid.comments:
                yield from self._behind(laid, comment)
            for comment in laid.above:
                yield from self._above(laid, comment)
        above = {comment for laid in layout.statements for comment in laid.above}
        for comment in layout.alone:
            for directive in directives_in(self.code, comment.span):
                if directive.kind.of_file:
                    yield _Reach(directive)
                elif directive.kind is Kind.IGNORE and comment not in above:
                    yield _Reach(directive, last=0)
        yield from self._unread(layout)

    def _behind(self, laid: Laid, comment: Comment) -> Iterator[_Reach]:
        """What a comment within a statement or behind it says."""
        for directive in directives_in(self.code, comment.span):
            if not directive.kind.of_file:
                yield _Reach(directive, laid.first, self._last(laid, directive))
            elif directive.kind.own:
                yield _Reach(directive, last=0)

    def _above(self, laid: Laid, comment: Comment) -> Iterator[_Reach]:
        """What a comment on a line of its own says of the statement below it."""
        for directive in directives_in(self.code, comment.span):
            if directive.kind is Kind.IGNORE:
                yield _Reach(directive, laid.first, self._last(laid, directive))

    def _last(self, laid: Laid, directive: Directive) -> int:
        whole = directive.kind is Kind.IGNORE and laid.span.start in self.traces
        return laid.block if whole else laid.last

    def _unread(self, layout: Layout) -> Iterator[_Reach]:
        """Each line for itself where the syntax is one that this Python does not know.

        LibCST does. To take a string for a comment is the lesser harm than to change what a person
        wanted left alone.
        """
        if layout.unread is None:
            return
        for row in range(layout.unread, len(self.lines.starts) + 1):
            start = self.lines.starts[row - 1]
            line = Span(start, start + len(self.lines.line(row)))
            for directive in directives_in(self.code, line, sure=False):
                if not directive.kind.of_file:
                    yield _Reach(directive, row, row)


def _unused(
    directive: Directive,
    used: set[tuple[Directive, Code | None]],
    ran: Collection[str],
    known: Mapping[str, str],
    others: Mapping[str, str],
) -> Unused | None:
    if not directive.sure:
        return None
    if directive.codes is None:
        told = directive.kind is not Kind.NOQA and all(code in ran for code in known)
        return Unused(directive) if told and (directive, None) not in used else None
    idle, unknown = [], []
    for code in directive.codes:
        if not directive.kind.own and not code.ours:
            continue
        fitting = _fitting(code, known)
        if not fitting and _fitting(code, others):
            continue
        if not fitting:
            unknown.append(code)
        elif fitting <= set(ran) and (directive, code) not in used:
            idle.append(code)
    empty = not directive.codes
    return Unused(directive, tuple(idle), tuple(unknown)) if idle or unknown or empty else None


def _fitting(code: Code, rules: Mapping[str, str]) -> set[str]:
    return {one for one, name in rules.items() if code.fits(one, name)}
