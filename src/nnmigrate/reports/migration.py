"""What became of the files of a project, and what was run: what a page on it is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field

from nnmigrate.classes import dataclass
from nnmigrate.documents.problem import DocumentProblem
from nnmigrate.findings import Finding, Severity
from nnmigrate.reports.report import Report


@dataclass(frozen=True)
class Picture:
    """A drawing of what a fix does to a trace.

    Args:
        title: what is drawn, such as `the trace in line 12`.
        text: the drawing, in lines of characters.
    """

    title: str
    text: str


@dataclass(frozen=True)
class Migrated:
    """What became of one file.

    Args:
        before: the file as it was, with what was found in it.
        after: the file after its fixes, with what is left; its lines are those of the new file.
        old: its bytes before.
        new: its bytes after.
        applied: what was fixed; the places are those of `before`.
    """

    before: Report
    after: Report
    old: bytes
    new: bytes
    applied: tuple[Finding, ...] = ()

    @property
    def resolved(self) -> list[tuple[Finding, bool]]:
        """What is no longer found, by place, each with whether a fix of its own was applied.

        One change can resolve what another rule found; of a rule that still finds something in the
        file it is not known which finding that was.
        """
        left = {finding.code for finding in self.after.findings}
        applied = {(finding.code, finding.span) for finding in self.applied}
        others = [
            one
            for one in self.before.findings
            if one.code not in left
            and (one.code, one.span) not in applied
            and one.severity is not Severity.NOTE
        ]
        both = [*((one, True) for one in self.applied), *((one, False) for one in others)]
        return sorted(both, key=lambda pair: (pair[0].span, pair[0].code))


@dataclass(frozen=True)
class Proved:
    """What came of running a program before and after.

    Args:
        path: the program's file.
        verdict: `proved`, `differs` and so on.
        reason: the first difference, or why nothing can be said.
        notes: what else there is to say.
    """

    path: str
    verdict: str
    reason: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Runs:
    """What was run.

    Args:
        old: what the old programs ran on, such as `nnsight 0.4.11`.
        new: what their migrations ran on.
        twins: whether tiny random models stood in for checkpoints.
        proved: what came of it, a program each.
    """

    old: str
    new: str
    twins: bool
    proved: tuple[Proved, ...]


def _changes(finding: Finding) -> bool:
    """Whether results are other ones than on 0.4 because of what 0.4 did, whatever is fixed."""
    return finding.of_04 and finding.fix is None


def _no_pictures(_: Migrated) -> Iterable[Picture]:
    return ()


@dataclass(frozen=True)
class Migration:
    """What a report is made of.

    Args:
        files: those that were changed, or in which something was found.
        looked_at: how many files were looked at.
        concerned: how many of them concern nnsight.
        target: the nnsight that the code is to run on, in words.
        version: that of nnmigrate.
        options: what was asked for on the command line, besides the paths.
        paths: where it was looked.
        runs: what was run, or None where nothing was.
        problems: files with which nothing could be done.
        pictures: draws what the fixes of a file do to its traces.
    """

    files: tuple[Migrated, ...]
    looked_at: int
    concerned: int
    target: str
    version: str
    options: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    runs: Runs | None = None
    problems: tuple[DocumentProblem, ...] = ()
    pictures: Callable[[Migrated], Iterable[Picture]] = field(default=_no_pictures)

    @property
    def applied(self) -> list[Finding]:
        """Everything that was fixed."""
        return [finding for file in self.files for finding in file.applied]

    @property
    def changed(self) -> list[Migrated]:
        """The files whose bytes are others."""
        return [file for file in self.files if file.new != file.old]

    @property
    def of_04(self) -> list[tuple[Report, Finding]]:
        """What 0.4 itself did wrong, in the files as they were."""
        return [(f.before, one) for f in self.files for one in f.before.findings if _changes(one)]

    @property
    def left(self) -> list[tuple[Report, Finding]]:
        """What the fixes leave, gravest first."""
        found = [(f.after, one) for f in self.files for one in f.after.findings]
        found = [pair for pair in found if not _changes(pair[1])]
        order = list(Severity)
        return sorted(found, key=lambda pair: order.index(pair[1].severity))
