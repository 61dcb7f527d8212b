"""Whether two runs computed the same."""

from __future__ import annotations

import enum
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass

from .differences import Difference, Tensors, differences, of_text, shown
from .observation import Failure, Observation, Request, Value
from .saved import lost

_NOTHING = "the original neither runs a trace nor prints, so there is nothing to compare"
# What the executor itself cannot do says nothing about the script.
_LIMITS = frozenset({"NoTwin", "NetworkRefused", "NotSimulated", "ServerCrashed", "WriteRefused"})
_NAMES = frozenset({"none", "bool", "int", "str", "bytes", "opaque", "unset"})
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")
# How 0.4 prints a value inside of a trace, where it does not exist yet.
_PLACEHOLDER = re.compile(r"\bInterventionProxy \(")


class Outcome(enum.Enum):
    """What a comparison came to."""

    SAME = "same"
    CLOSE = "close"
    DIFFERENT = "different"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Verdict:
    """The result of a comparison.

    Args:
        outcome: The same to the last bit, close (only rounding differs), different or inconclusive.
        reason: The first difference, by name, or why nothing can be said; empty for the same.
        notes: What changed without counting as a difference.
        requests: What the migrated program sent to the simulated server, and what came back.
    """

    outcome: Outcome
    reason: str = ""
    notes: tuple[str, ...] = ()
    requests: tuple[Request, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the migration computes the same, but perhaps for rounding."""
        return self.outcome in (Outcome.SAME, Outcome.CLOSE)

    @property
    def empty(self) -> bool:
        """Whether the original does nothing that could be compared, as a module of others."""
        return self.reason == _NOTHING

    def __str__(self) -> str:
        """Show it as a few lines of text."""
        head = f"{self.outcome.value}: {self.reason}" if self.reason else self.outcome.value
        return "\n".join([head, *(f"note: {note}" for note in self.notes)])


def compare(before: Observation, after: Observation) -> Verdict:
    """Compare the run of a program on 0.4 with the run of its migration.

    Every value that the original left behind must be there again, equal to the last bit; further
    names in the migration do not matter. A name that is gone is a difference if a trace computed
    its value; what Python merely left over from inside a trace body (a counter, a loop variable)
    is a note, since 0.5 keeps only what was saved. What was printed, or written to a file of the
    working directory, must be there again as well; and where there is nothing of all this, what was
    saved.

    Args:
        before: What the original gave on 0.4.
        after: What the migration gave.
    """
    doubt = _doubt(before, after)
    if doubt:
        return Verdict(Outcome.INCONCLUSIVE, doubt)
    failure = _failure(after)
    if failure:
        return Verdict(Outcome.DIFFERENT, failure)
    notes: list[str] = []
    rounding = ""
    for difference in _differences(before, after, notes):
        if not difference.rounding:
            return Verdict(Outcome.DIFFERENT, difference.text, tuple(notes))
        rounding = rounding or difference.text
    return Verdict(Outcome.CLOSE if rounding else Outcome.SAME, rounding, tuple(notes))


def _doubt(before: Observation, after: Observation) -> str | None:
    if before.hung:
        return f"the original was not finished after {before.seconds:.0f} s"
    if before.error:
        what = "cannot be run here" if _is_limit(before.error) else "itself fails"
        return f"the original {what}: {before.error}"
    if after.error and _is_limit(after.error):
        return f"the migration cannot be run here: {after.error}"
    for name, value in before.values.items():
        if value.kind == "unknown":
            return f"`{name}` cannot be compared: {value.type}"
    if not before.traces and not before.stdout and not before.files:
        return _NOTHING
    return None


def _is_limit(error: Failure) -> bool:
    # transformers puts its own exception in the place of the refused network's.
    if error.type == "OSError" and error.message.startswith("We couldn't connect to"):
        return True
    # What went wrong on a simulated server is named at the beginning of the message.
    return error.type in _LIMITS or error.message.split(":")[0] in _LIMITS


def _failure(after: Observation) -> str | None:
    if after.hung:
        return f"hangs: not finished after {after.seconds:.0f} s"
    return f"fails: {after.error}" if after.error else None


def _differences(before: Observation, after: Observation, notes: list[str]) -> Iterator[Difference]:
    tensors = Tensors(before.tensors, after.tensors)
    for name, old in before.values.items():
        new = after.values.get(name)
        if new is not None:
            yield from differences(f"`{name}`", old, new, tensors)
        else:
            yield from _of_missing(name, old, before.leftovers, notes)
    yield from _of_output(before.stdout, after.stdout, notes)
    missing = lost(before, after, tensors)
    # Where there is a result to see, what else was saved may have been a means to it alone.
    if _has_results(before):
        notes += [difference.text for difference in missing]
    else:
        yield from missing
    for path, old in before.files.items():
        new = after.files.get(path)
        if new is None:
            yield Difference(f"the file `{path}`: is missing")
        else:
            yield from differences(f"the file `{path}`", old, new, tensors)


def _has_results(before: Observation) -> bool:
    """Whether a program leaves something of its traces behind besides what they saved."""
    computed = any(value.computed for value in before.values.values())
    return computed or bool(before.stdout or before.files)


def _of_missing(
    name: str, old: Value, leftovers: Container[str], notes: list[str]
) -> Iterator[Difference]:
    if old.computed or not (old.kind in _NAMES or name in leftovers):
        yield Difference(f"`{name}`: was {shown(old)}, is missing")
    elif old.kind not in ("opaque", "unset"):
        notes.append(f"`{name}` does not outlive the trace")


def _of_output(old: str, new: str, notes: list[str]) -> Iterator[Difference]:
    old, new = (_ADDRESS.sub("0x", text) for text in (old, new))
    if old != new and _PLACEHOLDER.search(old):
        notes.append("what is printed inside a trace is a value now, and was a placeholder")
    elif old != new:
        yield from of_text("printed line", old, new)
