from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nnmigrate.comments.clearance import carried, clear_of
from nnmigrate.findings import Applicability, Finding, Fix, Severity
from nnmigrate.spans import Edit, Span, apply_edits

CODE = "first\n%magic\nlast\n"
MAGIC = Span(6, 12)


def put(at: int, text: str) -> Edit:
    return Edit(Span(at, at), text)


def test_around_a_rigid_place_lines_may_be_put_in() -> None:
    edits = [put(5, "  # behind the first"), put(6, "# above\n"), put(13, "# below\n")]
    assert clear_of(CODE, edits, (MAGIC,)) == edits


def test_within_it_and_behind_its_last_line_nothing_may() -> None:
    edits = [put(8, "x"), put(12, "  # behind"), Edit(Span(4, 7), ""), Edit(Span(6, 13), "")]
    assert clear_of(CODE, edits, (MAGIC,)) == []


def test_behind_one_that_ends_its_line_something_may() -> None:
    edits = [put(13, "# below\n")]
    assert clear_of(CODE, edits, (Span(6, 13),)) == edits


WORDS = ("one", "two", "three", "four")
TEXT = "one\ntwo\nthree\nfour\n"


@given(st.lists(st.sampled_from([0, 4, 8, 14, 3, 7, 13]), unique=True))
def test_findings_and_their_fixes_are_carried_to_the_same_words(places: list[int]) -> None:
    spans = [Span(TEXT.index(word), TEXT.index(word) + len(word)) for word in WORDS]
    findings = [Finding("NNS101", "n", Severity.ERROR, span, "", "", _fix(span)) for span in spans]
    edits = [put(at, "# above\n" if at % 4 == 0 or at == 14 else "  # behind") for at in places]

    after = apply_edits(TEXT, edits)

    moved = carried(findings, edits)
    assert [one.span.of(after) for one in moved] == list(WORDS)
    assert [one.fix and one.fix.edits[0].span.of(after) for one in moved] == list(WORDS)
    assert [one.fix and one.fix.region == one.span for one in moved] == [True] * 4


def _fix(span: Span) -> Fix:
    return Fix("Change it", (Edit(span, "x"),), Applicability.UNSAFE, region=span)


def test_what_goes_over_lines_grows_with_what_is_put_in_between() -> None:
    whole = Finding("NNS101", "n", Severity.ERROR, Span(0, 13), "", "")
    (moved,) = carried([whole], [put(4, "# above two\n"), put(13, "  # behind")])
    after = apply_edits(TEXT, [put(4, "# above two\n"), put(13, "  # behind")])
    assert moved.span.of(after) == "one\n# above two\ntwo\nthree"
