"""Findings as an editor shows them, and what it offers to do about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lsprotocol import types

from nnmigrate.classes import dataclass
from nnmigrate.comments.ignoring import ignoring
from nnmigrate.findings import Applicability, Finding, Fix, Severity
from nnmigrate.links import docs_url
from nnmigrate.patterns import pattern
from nnmigrate.reports.text import escaped
from nnmigrate.server.analysis import Analysis, applies_alone, is_safe
from nnmigrate.server.opened import Opened, Text, Unit
from nnmigrate.server.settings import Wishes
from nnmigrate.spans import Edit, Span

SOURCE = "nnmigrate"
FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.{SOURCE}"
"""The kind of action that applies every safe fix."""

NOTEBOOK_FIX_ALL = f"notebook.{FIX_ALL}"
"""The same, as editors ask for it when they save a notebook."""

MOST = 30
"""For how many findings under the selection quick fixes are offered: every one of them is tried
first, and nobody reads a longer menu."""

_SEVERITIES = {
    Severity.SILENT: types.DiagnosticSeverity.Error,
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.NOTE: types.DiagnosticSeverity.Information,
}
_ASSUMED = pattern(r"\bthe fix assumes that (?P<what>[^;()]+)")


@dataclass(frozen=True)
class Shown:
    """What is said of a program, in terms of the texts that are open.

    Args:
        opened: what is open.
        unit: the program's file or notebook as it was when it was looked at.
        analysis: what was found.
        wishes: what the editor asked for.
        document_changes: whether the editor takes edits that name the version they are for.
    """

    opened: Opened
    unit: Unit
    analysis: Analysis
    wishes: Wishes
    document_changes: bool = False

    def diagnostics(self) -> dict[str, list[types.Diagnostic]]:
        """For each text of the unit, by its address, what is to be shown in it."""
        found: dict[str, list[types.Diagnostic]] = {text.uri: [] for text in self.unit.texts}
        for finding in self.analysis.findings:
            text, diagnostic = self._diagnostic(finding)
            if text is not None and diagnostic is not None:
                found[text.uri].append(diagnostic)
        for problem in self.analysis.syntax if self.wishes.syntax_errors else ():
            broken = self.unit.texts[problem.text]
            range_ = self.opened.range(broken, problem.span)
            message, severity = escaped(problem.message), types.DiagnosticSeverity.Error
            found[broken.uri].append(types.Diagnostic(range_, message, severity, source=SOURCE))
        return found

    def at(self, uri: str, range_: types.Range) -> list[Finding]:
        """The findings that a range of a text meets."""
        text = next((one for one in self.unit.texts if one.uri == uri), None)
        if text is None:
            return []
        asked = self.opened.span(text, range_)
        found = []
        for finding in self.analysis.findings:
            placed = self._placed(finding.span)
            if placed is not None and placed[0] is text and _meet(placed[1], asked):
                found.append(finding)
        return found

    def quick_fixes(self, findings: Iterable[Finding]) -> Iterator[types.CodeAction]:
        """What can be done about findings of the analysis one by one."""
        if self.analysis.stale:
            return  # what was found in other code cannot be changed in this
        program = self.analysis.program
        for finding in [*findings][:MOST]:
            change = finding.fix
            safe = is_safe(finding)
            wanted = safe or self.wishes.unsafe_fixes
            if change is not None and wanted and applies_alone(program, finding):
                yield from self._action(_title(finding, change), finding, change.edits, safe)
            silenced = ignoring(program.code, [finding], program.rigid)
            if silenced:
                title = f"Ignore {finding.code} for this statement"
                yield from self._action(title, finding, silenced, False)

    def workspace_edit(self, edits: dict[int, list[Edit]]) -> types.WorkspaceEdit:
        """Edits of texts, by their number in the unit, as the editor carries them out."""
        by_text = [
            (
                self.unit.texts[number],
                [self._text_edit(self.unit.texts[number], one) for one in some],
            )
            for number, some in edits.items()
        ]
        if not self.document_changes:
            return types.WorkspaceEdit({text.uri: some for text, some in by_text})
        versioned = types.OptionalVersionedTextDocumentIdentifier
        changes = [
            types.TextDocumentEdit(versioned(text.uri, text.version), some)
            for text, some in by_text
        ]
        return types.WorkspaceEdit(document_changes=changes)

    def hover(self, uri: str, position: types.Position) -> tuple[list[Finding], types.Range | None]:
        """The findings at a place, one for each rule, and the range of the first."""
        found = self.at(uri, types.Range(position, position))
        by_code = {finding.code: finding for finding in reversed(found)}
        if not found:
            return [], None
        placed = self._placed(found[0].span)
        return [*reversed(by_code.values())], placed and self.opened.range(*placed)

    def _action(
        self, title: str, finding: Finding, edits: Iterable[Edit], preferred: bool
    ) -> Iterator[types.CodeAction]:
        edited = self.analysis.program.edited(edits)
        _, diagnostic = self._diagnostic(finding)
        if edited and diagnostic is not None:
            yield types.CodeAction(
                title,
                types.CodeActionKind.QuickFix,
                [diagnostic],
                is_preferred=preferred,
                edit=self.workspace_edit(edited),
            )

    def _diagnostic(self, finding: Finding) -> tuple[Text | None, types.Diagnostic | None]:
        placed = self._placed(finding.span)
        if placed is None:
            return None, None
        text, span = placed
        old = finding.severity is Severity.WARNING and "deprecated" in finding.consequence
        return text, types.Diagnostic(
            self.opened.range(text, span),
            _message(finding),
            _SEVERITIES[finding.severity],
            finding.code,
            types.CodeDescription(docs_url(finding.code)),
            SOURCE,
            [types.DiagnosticTag.Deprecated] if old else None,
        )

    def _placed(self, span: Span) -> tuple[Text, Span] | None:
        placed = self.analysis.program.placed(span)
        return placed and (self.unit.texts[placed[0]], placed[1])

    def _text_edit(self, text: Text, edit: Edit) -> types.TextEdit:
        return types.TextEdit(self.opened.range(text, edit.span), edit.content)


def _message(finding: Finding) -> str:
    # Editors have one word for what fails and for what goes on with other numbers.
    word = "silent: " if finding.severity is Severity.SILENT else ""
    return f"{word}{escaped(finding.message)}\non 0.5: {escaped(finding.consequence)}"


def _title(finding: Finding, change: Fix) -> str:
    title = f"{escaped(change.message)} ({finding.code})"
    if change.applicability is Applicability.SAFE:
        return title
    assumed = _ASSUMED.search(finding.message)
    if assumed is None:
        return f"{title} (unsafe: its page says when it holds)"
    return f"{title} (unsafe: assumes that {escaped(assumed['what'].strip())})"


def _meet(one: Span, other: Span) -> bool:
    return one.start <= other.end and other.start <= one.end
