"""Comments that accept the findings that there are, written into the code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nnmigrate.directives import Directive, Kind, directives_in
from nnmigrate.findings import Finding
from nnmigrate.layout import Laid, Layout
from nnmigrate.spans import Edit, Lines, Span, clear_of


def ignoring(
    code: str,
    findings: Iterable[Finding],
    rigid: tuple[Span, ...] = (),
    traces: frozenset[int] = frozenset(),
) -> list[Edit]:
    """What writes `# nnmigrate: ignore[CODES]` behind each statement that has findings.

    A comment of this kind that is there takes the new codes in. A comment behind the header of a
    trace counts for the whole trace: what stands in it and has the same code gets none of its own.

    Args:
        code: the code.
        findings: what is found in it.
        rigid: spans that no edit may touch.
        traces: the offsets at which with statements begin that enter something of nnsight's.
    """
    layout = Layout(Lines(code))
    wanted: dict[int, set[str]] = {}
    for finding in findings:
        place = layout.index(finding.span.start)
        if place is not None:
            wanted.setdefault(place, set()).add(finding.code)
    edits = []
    for place in sorted(wanted):
        laid = layout.statements[place]
        headed = (head for head in laid.heads if layout.statements[head].span.start in traces)
        codes = wanted[place].difference(*(_all(wanted, head) for head in headed))
        if codes:
            edits.append(_edit(layout, laid, sorted(codes)))
    return clear_of(code, edits, rigid)


def _all(wanted: Mapping[int, set[str]], place: int) -> set[str]:
    return wanted.get(place, set())


def _edit(layout: Layout, laid: Laid, codes: list[str]) -> Edit:
    """Puts codes into the statement's comment, or a comment behind the statement."""
    listed = ", ".join(codes)
    directive = _present(layout.code, laid)
    if directive is not None and directive.codes is not None:
        end = directive.codes[-1].span.end if directive.codes else directive.span.end - 1
        here = Span(end, end)
        return Edit(here, f", {listed}" if directive.codes else listed)
    behind = [comment.span.end for comment in laid.comments if comment.row == laid.last]
    end = max((laid.span.end, *behind))
    return Edit(Span(end, end), f"  # nnmigrate: ignore[{listed}]")


def _present(code: str, laid: Laid) -> Directive | None:
    """The statement's own comment of this kind that names codes."""
    for comment in (*laid.comments, *laid.above):
        for directive in directives_in(code, comment.span):
            if directive.kind is Kind.IGNORE and directive.codes is not None:
                return directive
    return None
