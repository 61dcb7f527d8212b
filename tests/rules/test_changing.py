"""Code as it would be: what is no Python, or no such trace any more, is no change."""

from __future__ import annotations

from nnmigrate.program import Options, Program, Trace, build
from nnmigrate.rules.common.changing import Changed, Edits, Tries, built, changed_by, tried
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


def test_a_change_is_tried_as_the_one_that_it_is() -> None:
    first, second, other = ((Edit(Span(at, at), "x"),) for at in range(3))
    tries = Tries(iter((first, second)))

    assert [tries.number(edits) for edits in (second, first, other)] == [1, 0, None]
    assert (tries.at(1), tries.at(2)) == (second, ())


TWO = build(HEAD + TRACE + TRACE.replace(" h ", " k "), Options())


def before_each(program: Program, trace: Trace) -> Tries:
    at = trace.statement.span.start
    return Tries(iter(((Edit(Span(at, at), "x = 1\n"),),)))


def renaming_each(program: Program, trace: Trace) -> Tries:
    at = trace.statement.span.start
    return Tries(iter(((Edit(Span(at, at), "k = h = 1\n"),),)))


def test_what_fails_beside_others_that_do_not_matter_is_not_tried_alone() -> None:
    seen: list[str] = []

    def fails(changed: Changed) -> None:
        seen.append(changed[0].code)

    edits: Edits = before_each(TWO, TWO.traces[1]).at(0)
    assert tried(TWO, TWO.traces[1], edits, before_each, fails) is None
    assert [code.count("x = 1") for code in seen] == [2]


def test_what_may_fail_for_what_others_change_is_tried_alone() -> None:
    seen: list[str] = []

    def fails(changed: Changed) -> None:
        seen.append(changed[0].code)

    edits: Edits = renaming_each(TWO, TWO.traces[1]).at(0)
    assert tried(TWO, TWO.traces[1], edits, renaming_each, fails) is None
    assert [code.count("k = h = 1") for code in seen] == [2, 1]
