"""Pictures of traces before and after the fix, from code alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from nnmigrate.engine import Fixed, check, fix
from nnmigrate.findings import Applicability, Finding
from nnmigrate.picture.compose import picture_of
from nnmigrate.picture.labels import Rows
from nnmigrate.picture.model import Picture, Shown
from nnmigrate.program import Options, Program, Trace
from nnmigrate.selection import Selection
from nnmigrate.spans import Lines, Span
from nnmigrate.understanding import understood


class Document:
    """One document's traces, to be shown before and after the fix.

    Args:
        code: the document's code.
        options: what the user says about it.
        selection: which rules may find and fix.
        unsafe: whether unsafe fixes are shown as well.
        name: what to call the document.
        rigid: places that no fix may touch.
        rows: gives the line of a character of the code, where that is no file of its own.
        rows_after: the same for what the fix has made of it.
    """

    def __init__(
        self,
        code: str,
        options: Options | None = None,
        selection: Selection | None = None,
        unsafe: bool = False,
        name: str = "",
        rigid: tuple[Span, ...] = (),
        rows: Rows | None = None,
        rows_after: Callable[[Fixed], Rows] | None = None,
    ) -> None:
        """Checks and fixes the code.

        Raises:
            NotPython: the code cannot be parsed, or is nested too deeply.
        """
        self.name, self.unsafe, self._rows, self._rows_after = name, unsafe, rows, rows_after
        options, selection = options or Options(), selection or Selection()
        self.program = understood(code, options)
        self.findings = check(code, options, selection, rigid).findings
        self.fixed = fix(code, options, selection, unsafe, rigid)
        # What is fixed was written for one nnsight: that a fix adds a barrier does not change that.
        source = replace(options, source=self.program.dialect)
        same = self.fixed.code == code
        self.after = self.program if same else understood(self.fixed.code, source)

    def traces(self) -> tuple[Trace, ...]:
        """The traces that have pictures, in the order of the text: all but sessions."""
        return _with_invokes(self.program)

    def with_findings(self) -> tuple[Trace, ...]:
        """Those of them of which the rules find something."""
        return tuple(t for t in self.traces() if self._findings_of(t))

    def at_line(self, line: int) -> tuple[Trace, ...]:
        """The innermost trace that a line stands in; of a session, all of its traces."""
        lines = Lines(self.program.code)
        there = [t for t in self.program.traces if _holds_line(lines, t.statement.span, line)]
        if not there:
            return ()
        inner = min(there, key=lambda trace: trace.statement.span.end - trace.statement.span.start)
        if inner.invokes:
            return (inner,)
        return tuple(t for t in self.traces() if t.session is inner)

    def lines(self) -> tuple[tuple[int, int], ...]:
        """The first and the last line of each trace."""
        lines = Lines(self.program.code)
        return tuple(_rows(lines, trace.statement.span) for trace in self.traces())

    def shown(self, trace: Trace) -> Shown:
        """A trace before and after the fix."""
        before = picture_of(self.program, trace, self.findings, self._rows)
        if self.after is self.program:
            return Shown(self.name, before, (), self._unfixed(trace))
        after = self._counterparts(trace)
        rows = self._rows_after(self.fixed) if self._rows_after else None
        left = self.fixed.remaining
        pictures = tuple(picture_of(self.after, each, left, rows) for each in after)
        if _text(self.program, trace) == "".join(_text(self.after, each) for each in after):
            return Shown(self.name, before, (), self._unfixed(trace))
        return Shown(self.name, before, pictures, self._outcome(trace, pictures))

    # --- what the fix does ------------------------------------------------------------------------

    def _findings_of(self, trace: Trace) -> list[Finding]:
        return [one for one in self.findings if trace.statement.span.holds(one.span)]

    def _unfixed(self, trace: Trace) -> str:
        found = self._findings_of(trace)
        if not found:
            return "Nothing is found here, and nothing is changed."
        unsafe = [f for f in found if f.fix and f.fix.applicability is Applicability.UNSAFE]
        if unsafe and not self.unsafe and unsafe[0].fix:
            return f"No safe fix. With --unsafe-fixes: {unsafe[0].fix.message}"
        return "No fix: this needs a person's decision."

    def _outcome(self, trace: Trace, after: Sequence[Picture]) -> str:
        if not after:
            return "The fix takes the trace away."
        span = trace.statement.span
        done = (f.fix.message for f in self.fixed.applied if f.fix and span.overlaps(f.span))
        return "; ".join(dict.fromkeys(done))

    def _counterparts(self, trace: Trace) -> tuple[Trace, ...]:
        """What has become of a trace: itself, or those that it was taken apart into."""
        before, after = self.traces(), _with_invokes(self.after)
        if len(before) == len(after):
            return (after[before.index(trace)],)
        lines, new = Lines(self.program.code), Lines(self.after.code)
        first, last = _rows(lines, trace.statement.span)
        start, end = _moved(self.program.code, self.fixed, first, last)
        return tuple(t for t in after if start <= _rows(new, t.statement.span)[0] <= end)


def _with_invokes(program: Program) -> tuple[Trace, ...]:
    there = (trace for trace in program.traces if trace.invokes)
    return tuple(sorted(there, key=lambda trace: trace.statement.span))


def _text(program: Program, trace: Trace) -> str:
    return program.text(trace.statement.span)


def _rows(lines: Lines, span: Span) -> tuple[int, int]:
    return lines.place(span.start)[0], lines.place(max(span.end - 1, span.start))[0]


def _holds_line(lines: Lines, span: Span, line: int) -> bool:
    first, last = _rows(lines, span)
    return first <= line <= last


def _moved(code: str, fixed: Fixed, first: int, last: int) -> tuple[int, int]:
    """The lines of the fixed code that some lines of the code have become."""
    matcher = SequenceMatcher(None, code.split("\n"), fixed.code.split("\n"), autojunk=False)
    rows = list(_pieces(matcher, first - 1, last))
    return (rows[0], rows[-1]) if rows else (0, -1)


def _pieces(matcher: SequenceMatcher[str], first: int, last: int) -> Iterator[int]:
    """The rows, counted from 1, that the rows from `first` to before `last` match or turn into."""
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            yield from range(max(a, first) - a + c + 1, min(b, last) - a + c + 1)
        elif a < last and b > first:
            yield from range(c + 1, d + 1)
