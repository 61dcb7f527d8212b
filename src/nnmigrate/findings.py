"""What a rule says: a finding, how grave it is, and perhaps a fix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern
from nnmigrate.spans import Edit, Span

if TYPE_CHECKING:
    from nnmigrate.comments.directives import Unused
    from nnmigrate.program import Program


_OF_04 = pattern(r"\b0\.4\b(?! raised)")


class Severity(str, Enum):
    """How grave a finding is, gravest first."""

    SILENT = "silent"
    """Runs on 0.5 and gives something else: nothing will tell."""
    ERROR = "error"
    """Raises or hangs on 0.5."""
    WARNING = "warning"
    """Works today; is deprecated, or breaks as soon as the trace runs remotely."""
    NOTE = "note"
    """0.4 itself was wrong here, or nothing needs doing today. Does not make `check` fail."""


class Applicability(str, Enum):
    """How far a fix may be trusted."""

    SAFE = "safe"
    """Reproduces what 0.4 computed, for every input, given what the rule proved."""
    UNSAFE = "unsafe"
    """Right under an assumption that the finding's message states."""


@dataclass(frozen=True)
class Fix:
    """A change that resolves a finding, whole or not at all.

    Several findings may carry an equal fix (two uses that one barrier serves): it is applied once.

    Args:
        message: what the change does, in the imperative ("Add a barrier ...").
        edits: replacements in the document's code that do not overlap, sorted.
        applicability: how far the change may be trusted.
        region: what the change was tried with: of two changes whose regions overlap, the second one
            is looked at anew when the first is made.
    """

    message: str
    edits: tuple[Edit, ...]
    applicability: Applicability = Applicability.SAFE
    region: Span | None = None


@dataclass(frozen=True)
class Finding:
    """One thing that breaks, at one place.

    Args:
        code: the rule's code, such as `NNS101`.
        name: the rule's name, such as `unsynchronized-reference`.
        severity: how grave it is.
        span: the place, in characters of the document's code.
        message: what is wrong, naming the user's own variables.
        consequence: what happens on 0.5: the very exception, or what silently differs.
        fix: a change that resolves it, or None where a person must decide (`message` says what).
    """

    code: str
    name: str
    severity: Severity
    span: Span
    message: str
    consequence: str
    fix: Fix | None = None

    @property
    def of_04(self) -> bool:
        """Whether it says what 0.4 itself did otherwise than the code, so that results change.

        Where 0.4 raised there were no results.
        """
        return self.severity is Severity.NOTE and bool(_OF_04.search(self.message))


@dataclass(frozen=True)
class Rule:
    """What is true of every finding of a rule. A module in `rules/` has one, under the name `RULE`.

    Args:
        code: `NNS` and three digits; the hundreds are the group (1xx invokes, 2xx results, 3xx
            control flow, 4xx names and arguments, 5xx gradients, 6xx iteration, 7xx surroundings).
        name: words joined by hyphens that name what is wrong.
        since: the first nnsight version on which the code breaks.
        until: the first version on which it no longer does, or None.
        fixable: the best applicability that the rule's fixes have, or None where it never has one.
        first: its fixes turn what 0.4 had of its own into plain Python (`with tracer.cond(c):` into
            `if c:`), so that the other rules can read it: they come before all others.
        last: its fixes wait until no other rule has one left.
    """

    code: str
    name: str
    since: str
    until: str | None = None
    fixable: Applicability | None = None
    first: bool = False
    last: bool = False

    def finding(
        self,
        severity: Severity,
        span: Span,
        message: str,
        consequence: str,
        fix: Fix | None = None,
    ) -> Finding:
        """A finding of this rule."""
        return Finding(self.code, self.name, severity, span, message, consequence, fix)


class RuleModule(Protocol):
    """A module in `rules/`."""

    __name__: str
    __doc__: str | None
    RULE: Rule

    def check(self, program: Program) -> Iterator[Finding]:
        """What the rule finds in a program, in any order."""


@runtime_checkable
class ReviewingModule(Protocol):
    """A module in `rules/` that also looks at what the suppressing comments were good for."""

    def review(self, program: Program, unused: Iterable[Unused]) -> Iterator[Finding]:
        """What there is to say of the comments that silence nothing, in any order."""
