"""Runs rules over code, and applies their fixes until nothing is left to apply."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import field, replace
from itertools import pairwise

from nnmigrate.classes import dataclass
from nnmigrate.comments.directives import mentions_any
from nnmigrate.comments.reviewing import reviewed, suppressions_of
from nnmigrate.demonstrated import demonstrated
from nnmigrate.faults import described
from nnmigrate.findings import Applicability, Finding, Fix, RuleModule
from nnmigrate.leftovers import unused_imports
from nnmigrate.patience import bounded
from nnmigrate.program import NotPython, Options, Program
from nnmigrate.rules import rules
from nnmigrate.selection import Selection
from nnmigrate.spans import Edit, Lines, Span, apply_edits, moved, touches
from nnmigrate.understanding import compiles, understood

ROUNDS = 100
"""Fixes that overlap take turns, one round each. No document should need more than a few rounds."""

# What a guide to 0.5 is told of: names and arguments that are gone are so wherever they stand. Its
# blocks are cut short for the reader, stand one below the other, or show what goes wrong.
_GONE = ("NNS0", "NNS204", "NNS4")


@dataclass(frozen=True)
class RuleFailure:
    """A rule is at fault, not the code. What other rules say stands.

    Args:
        code: the rule's code.
        message: what happened.
    """

    code: str
    message: str


@dataclass(frozen=True)
class Checked:
    """What the rules say of one piece of code.

    Args:
        findings: sorted by place, then code; without the suppressed ones.
        failures: rules that raised.
    """

    findings: tuple[Finding, ...]
    failures: tuple[RuleFailure, ...] = ()


@dataclass(frozen=True)
class Fixed:
    """Code after its fixes.

    Args:
        code: the code as it is now.
        applied: the findings that were fixed, their spans in the code as it was given.
        remaining: the findings that are left, their spans in the code as it is now.
        failures: rules that raised, or whose fixes had to be taken back.
        rigid: where the places are now that no edit may touch.
    """

    code: str
    applied: tuple[Finding, ...]
    remaining: tuple[Finding, ...]
    failures: tuple[RuleFailure, ...] = ()
    rigid: tuple[Span, ...] = ()


def check(
    code: str,
    options: Options | None = None,
    selection: Selection | None = None,
    rigid: tuple[Span, ...] = (),
) -> Checked:
    """What the selected rules find.

    Args:
        code: what to check.
        options: what the user says about the code.
        selection: which rules may find.
        rigid: places that no fix may touch: findings whose fixes would have none.

    Raises:
        NotPython: the code cannot be parsed, or is nested too deeply.
        GivenUp: it takes too long; see `patience`.
    """
    modules = _selected(selection or Selection())
    return bounded(lambda: _run(understood(code, options), code, modules, rigid))


def fix(
    code: str,
    options: Options | None = None,
    selection: Selection | None = None,
    unsafe: bool = False,
    rigid: tuple[Span, ...] = (),
) -> Fixed:
    """Applies the fixes of the selected rules, round by round, until none is left.

    A round takes fixes in the order of their rules' codes, then of their places, and leaves out
    those that would disturb one already taken; unsafe ones only when no safe fix is left, since
    what is safe may make the assumption needless. A fix after which the code does not parse is
    taken back and its rule reported.

    Args:
        code: what to fix.
        options: what the user says about the code.
        selection: which rules may find and fix.
        unsafe: whether fixes that rest on an assumption are applied as well.
        rigid: places that no fix may touch, sorted.

    Raises:
        NotPython: the code cannot be parsed, or is nested too deeply.
        GivenUp: it takes too long; see `patience`.
    """
    modules = _selected(selection or Selection())
    return bounded(_Fixing(code, options or Options(), modules, unsafe, rigid).run)


def gives_python(code: str, change: Fix) -> bool:
    """Whether a fix, carried out alone, changes something and leaves code that is Python.

    Args:
        code: what the fix was made for.
        change: the fix.
    """
    if not _well_formed(change, code):
        return False
    after = apply_edits(code, change.edits)
    return after != code and (compiles(after) or not compiles(code))


@dataclass
class _Fixing:
    """One call of `fix`."""

    code: str
    options: Options
    modules: tuple[RuleModule, ...]
    unsafe: bool
    rigid: tuple[Span, ...] = ()
    history: list[list[Edit]] = field(default_factory=list)
    applied: list[Finding] = field(default_factory=list)
    failures: dict[RuleFailure, None] = field(default_factory=dict)

    def run(self) -> Fixed:
        """Fixes until nothing is left; a rule that comes to no end is left out from the start."""
        given, rigid = self.code, self.rigid
        while True:
            fixed = self._rounds()
            if fixed is not None:
                return fixed
            self.code, self.rigid, self.history, self.applied = given, rigid, [], []

    def _rounds(self) -> Fixed | None:
        given, asked = self.code, self.options
        program = understood(self.code, self.options)
        # What is fixed was written for one nnsight: a barrier that a fix adds does not change that.
        self.options = replace(self.options, source=program.dialect, guide=program.guide)
        for _ in range(ROUNDS):
            checked = self._check(program)
            # By code: when things happen (1xx) is settled before what survives of them (2xx).
            in_turn = sorted(self._in_question(checked.findings), key=lambda one: one.code)
            taken = _compatible(self.code, in_turn)
            after = self._apply(taken)
            if after is None:
                return self._result(self._read_anew(self._tidied(checked, given), asked))
            program = after
        checked = self._check(program)
        for code in sorted({one.code for one in checked.findings if self._may_fix(one)}):
            self._fail(code, f"its fixes do not come to an end in {ROUNDS} rounds: left out")
        return None

    def _check(self, program: Program) -> Checked:
        checked = _run(program, self.code, self.modules, self.rigid)
        self.failures.update(dict.fromkeys(checked.failures))
        return checked

    def _tidied(self, checked: Checked, given: str) -> Checked:
        """Takes out the imports that the fixes have left without a use."""
        found = unused_imports(given, self.code)
        edits = [edit for edit in found if not touches([edit], self.rigid)]
        if not edits:
            return checked
        self._carry_out(edits)
        return self._check(understood(self.code, self.options))

    def _read_anew(self, checked: Checked, asked: Options) -> Checked:
        """Takes out the comments that silence nothing for whoever reads the code from here on.

        Once fixed it may read as code for 0.5, of which less is said.
        """
        if self.options == asked or not mentions_any(self.code):
            return checked
        fresh = _run(understood(self.code, asked), self.code, self.modules, self.rigid)
        last = {module.RULE.code for module in self.modules if module.RULE.last}
        wanted = [one for one in fresh.findings if one.code in last and self._may_fix(one)]
        after = self._apply(_compatible(self.code, wanted))
        return checked if after is None else self._check(after)

    def _result(self, checked: Checked) -> Fixed:
        failures = tuple(self.failures)
        return Fixed(self.code, tuple(self.applied), checked.findings, failures, self.rigid)

    def _carry_out(self, edits: list[Edit]) -> None:
        self.history.append(edits)
        self.rigid = moved(self.rigid, edits)
        self.code = apply_edits(self.code, edits)

    def _fail(self, code: str, message: str) -> None:
        self.failures[RuleFailure(code, message)] = None

    def _in_question(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings to fix next: what says how to read the rest, then what assumes nothing."""
        fixable = list(filter(self._may_fix, findings))
        first = {module.RULE.code for module in self.modules if module.RULE.first}
        fixable = [one for one in fixable if one.code in first] or fixable
        last = {module.RULE.code for module in self.modules if module.RULE.last}
        fixable = [one for one in fixable if one.code not in last] or fixable
        safe = [one for one in fixable if one.fix and one.fix.applicability is Applicability.SAFE]
        return safe or fixable

    def _may_fix(self, finding: Finding) -> bool:
        if finding.fix is None or finding.code in {failure.code for failure in self.failures}:
            return False
        if not _well_formed(finding.fix, self.code):
            self._fail(finding.code, "its fix has edits that overlap or lie outside of the code")
            return False
        return self.unsafe or finding.fix.applicability is Applicability.SAFE

    def _apply(self, taken: dict[Fix, list[Finding]]) -> Program | None:
        """Carries out a round; gives the new program, or None where nothing changed."""
        program = self._attempt(taken)
        if program is None and taken:
            taken = self._without_guilty(taken)
            program = self._attempt(taken)
        if program is None:
            return None
        found = [finding for findings in taken.values() for finding in findings]
        self.applied += (replace(one, span=self._origin(one.span)) for one in found)
        self._carry_out(_edits(taken))
        return program

    def _attempt(self, taken: Iterable[Fix]) -> Program | None:
        """The program after some fixes; None where it is no Python, or is what it was."""
        code = apply_edits(self.code, _edits(taken))
        if code == self.code or (compiles(self.code) and not compiles(code)):
            return None
        try:
            return understood(code, self.options)
        except NotPython:
            return None

    def _without_guilty(self, taken: dict[Fix, list[Finding]]) -> dict[Fix, list[Finding]]:
        """The fixes of a round but those after which, one by one, the code is no Python."""
        kept: dict[Fix, list[Finding]] = {}
        for change, findings in taken.items():
            if self._attempt([*kept, change]) is not None:
                kept[change] = findings
            else:
                row, _ = Lines(self.code).place(findings[0].span.start)
                problem = "changes nothing, or gives code that is no Python: undone"
                self._fail(findings[0].code, f"its fix at line {row} {problem}")
        return kept

    def _origin(self, span: Span) -> Span:
        """Where something stood in the code as it was given."""
        for edits in reversed(self.history):
            span = Span(_before(span.start, edits), _before(span.end, edits))
        return span


def _before(offset: int, edits: list[Edit]) -> int:
    """Where a character stood before sorted edits; inside a replacement, where that begins."""
    shift = 0
    for edit in edits:
        start = edit.span.start + shift
        if offset < start:
            break
        if offset < start + len(edit.content):
            return edit.span.start
        shift += len(edit.content) - (edit.span.end - edit.span.start)
    return offset - shift


def _selected(selection: Selection) -> tuple[RuleModule, ...]:
    return tuple(module for module in rules() if selection.selects(module.RULE.code))


def _run(
    program: Program, code: str, modules: Iterable[RuleModule], rigid: tuple[Span, ...]
) -> Checked:
    findings: list[Finding] = []
    failures: list[RuleFailure] = []
    for module in modules:
        try:
            findings += [*module.check(program)]
        except Exception as error:
            failures.append(RuleFailure(module.RULE.code, described(error)))
    suppressions = suppressions_of(program)
    wanted = [finding for finding in findings if not suppressions.cover(finding)]
    failed = {one.code for one in failures}
    wanted += reviewed(program, suppressions, findings, modules, failed)
    wrong = demonstrated(code) if wanted and program.options.text else None
    shown = (
        _without_fix_of(rigid, finding)
        for finding in wanted
        if not (_is_thought_of(program, finding) or (wrong and wrong.holds(finding.span)))
        and (finding.code.startswith(_GONE) or not program.guide)
    )
    return Checked(tuple(sorted(shown, key=_order)), tuple(failures))


def _without_fix_of(rigid: tuple[Span, ...], finding: Finding) -> Finding:
    """A finding whose fix would touch what no edit may touch, without it."""
    if finding.fix is not None and rigid and touches(finding.fix.edits, rigid):
        return replace(finding, fix=None)
    return finding


def _is_thought_of(program: Program, finding: Finding) -> bool:
    """Whether something stands where the program itself tells the versions apart.

    In a branch of 0.5's own what invokes do to one another is still looked at.
    """
    branches, span = program.branches, finding.span
    if any(one.holds(span) for one in (*branches.old, *branches.tried)):
        return True
    concerns_new = finding.code.startswith("NNS1")
    return not concerns_new and any(one.holds(span) for one in branches.new)


def _order(finding: Finding) -> tuple[Span, str, str]:
    return finding.span, finding.code, finding.message


def _compatible(code: str, findings: Iterable[Finding]) -> dict[Fix, list[Finding]]:
    """The fixes that can be carried out together, each with the findings that it resolves."""
    taken: dict[Fix, list[Finding]] = {}
    spans: list[Span] = []
    for finding in findings:
        change = finding.fix
        if change is None:
            continue
        if change in taken:
            taken[change].append(finding)
        elif not _meets(change.region, taken) and not any(
            _disturbs(edit.span, spans) for edit in change.edits
        ):
            taken[change] = [finding]
            for edit in change.edits:
                spans.insert(bisect_left(spans, edit.span), edit.span)
    return taken


def _meets(region: Span | None, taken: Iterable[Fix]) -> bool:
    regions = (change.region for change in taken)
    return region is not None and any(other and region.overlaps(other) for other in regions)


def _disturbs(span: Span, taken: list[Span]) -> bool:
    """Whether a span overlaps one of sorted spans, of which no two of different fixes overlap."""
    at = bisect_left(taken, span)
    return any(span.overlaps(other) for other in taken[max(at - 1, 0) : at + 1])


def _well_formed(change: Fix, code: str) -> bool:
    spans = sorted(edit.span for edit in change.edits)
    inside = all(0 <= span.start <= span.end <= len(code) for span in spans)
    return inside and all(one.end <= other.start for one, other in pairwise(spans))


def _edits(fixes: Iterable[Fix]) -> list[Edit]:
    return sorted(edit for change in fixes for edit in change.edits)
