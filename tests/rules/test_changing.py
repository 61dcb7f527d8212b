"""Code as it would be: what is no Python, or no such trace any more, is no change."""

from __future__ import annotations

from nnmigrate.program import Options, build
from nnmigrate.rules.common.changing import built, changed_by
from nnmigrate.spans import Edit, Span

from .corners import HEAD

TRACE = 'with lm.trace("a"):\n    h = lm.lm_head.output.save()\n'
PROGRAM = build(HEAD + TRACE, Options())
START = len(HEAD)
END = len(HEAD + TRACE)


def test_a_change_that_gives_no_python_is_none() -> None:
    assert built(PROGRAM, (Edit(Span(START, START), "(\n"),)) is None


def test_edits_that_overlap_are_no_change() -> None:
    edits = (Edit(Span(START, START + 4), ""), Edit(Span(START + 2, END), ""))

    assert built(PROGRAM, edits) is None


def test_a_change_that_takes_a_trace_away_leaves_none_to_judge() -> None:
    assert changed_by(PROGRAM, PROGRAM.traces[0], (Edit(Span(START, END), ""),)) is None


def test_a_changed_program_has_the_trace_of_the_same_number() -> None:
    changed = changed_by(PROGRAM, PROGRAM.traces[0], (Edit(Span(START, START), "x = 1\n"),))

    assert changed is not None
    assert changed[1].statement.span.start == START + len("x = 1\n")
