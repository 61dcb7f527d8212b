"""Comments that are written into code, and what must not be disturbed by them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from itertools import accumulate

from nnmigrate.classes import dataclass
from nnmigrate.findings import Finding, Fix
from nnmigrate.spans import Edit, Span, touches


def clear_of(code: str, edits: Iterable[Edit], rigid: Iterable[Span]) -> list[Edit]:
    """The edits that touch none of some places, sorted.

    What would continue the last line of such a place touches it.

    Args:
        code: the text that all spans point into.
        edits: replacements that do not overlap, in any order.
        rigid: the places that no edit may touch.
    """
    places = tuple(rigid)
    unfinished = {one.end for one in places if code[one.start : one.end][-1:] not in "\r\n"}
    return sorted(
        edit for edit in edits if edit.span.start not in unfinished and not touches([edit], places)
    )


def carried(findings: Iterable[Finding], edits: Iterable[Edit]) -> tuple[Finding, ...]:
    """Findings, with their fixes, after lines were put in or comments behind statements.

    Args:
        findings: what was found, in any order.
        edits: what was put in; nothing that was found is replaced.
    """
    shifts = _Shifts(sorted(edits, key=lambda edit: edit.span.end))
    return tuple(
        replace(one, span=shifts.after(one.span), fix=one.fix and shifts.of_fix(one.fix))
        for one in findings
    )


@dataclass(frozen=True)
class _Shifts:
    """How far edits, sorted by their ends, move what stands behind them."""

    edits: list[Edit]

    def after(self, span: Span) -> Span:
        start = span.start + self._sums[bisect_right(self._ends, span.start)]
        return Span(start, max(start, span.end + self._sums[bisect_left(self._ends, span.end)]))

    def of_fix(self, fix: Fix) -> Fix:
        edits = tuple(Edit(self.after(edit.span), edit.content) for edit in fix.edits)
        return replace(fix, edits=edits, region=fix.region and self.after(fix.region))

    @cached_property
    def _ends(self) -> list[int]:
        return [edit.span.end for edit in self.edits]

    @cached_property
    def _sums(self) -> list[int]:
        growths = (len(one.content) - (one.span.end - one.span.start) for one in self.edits)
        return [0, *accumulate(growths)]
