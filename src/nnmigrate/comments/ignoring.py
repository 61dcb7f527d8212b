"""Comments that accept the findings that there are, written into the code."""

from __future__ import annotations

from collections.abc import Iterable

from nnmigrate.comments.clearance import clear_of
from nnmigrate.comments.directives import Directive, Kind, directives_in
from nnmigrate.comments.layout import Laid, Layout, layout_of
from nnmigrate.findings import Finding
from nnmigrate.spans import Edit, Span

_OF_COMMENTS = "NNS0"


def ignoring(
    code: str,
    findings: Iterable[Finding],
    rigid: tuple[Span, ...] = (),
) -> list[Edit]:
    """What writes `# nnmigrate: ignore[CODES]` behind each statement that has findings.

    A comment of this kind that is there takes the new codes in. What is found of such comments
    themselves gets none: it is taken away, not accepted.

    Args:
        code: the code.
        findings: what is found in it.
        rigid: spans that no edit may touch.
    """
    layout = layout_of(code)
    wanted: dict[int, set[str]] = {}
    for finding in findings:
        place = layout.index(finding.span.start)
        if place is not None and not finding.code.startswith(_OF_COMMENTS):
            wanted.setdefault(place, set()).add(finding.code)
    statements = layout.statements
    edits = [_edit(layout, statements[place], sorted(codes)) for place, codes in wanted.items()]
    return clear_of(code, edits, rigid)


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
