"""Whether two runs computed the same."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .observation import Observation, Value

# What the executor itself cannot do says nothing about the script.
_LIMITS = frozenset({"NoTwin", "NetworkRefused", "NotSimulated", "ServerCrashed"})
_NAMES = frozenset({"none", "bool", "int", "str", "bytes", "opaque", "unset"})
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")
# What `trace` took on 0.4 (0.4.11, intervention/base.py) and may no longer be given.
_OPTIONS = frozenset({"scan", "validate", "debug", "trace"})
# How 0.4 prints a value inside of a trace, where it does not exist yet.
_PLACEHOLDER = re.compile(r"\bInterventionProxy \(")


class Outcome(enum.Enum):
    """What a comparison came to."""

    SAME = "same"
    DIFFERENT = "different"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Verdict:
    """The result of a comparison.

    Args:
        outcome: Same, different or inconclusive.
        reason: The first difference, by name, or why nothing can be said; empty for the same.
        notes: What changed without counting as a difference.
    """

    outcome: Outcome
    reason: str = ""
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Show it as a few lines of text."""
        head = f"{self.outcome.value}: {self.reason}" if self.reason else self.outcome.value
        return "\n".join([head, *(f"note: {note}" for note in self.notes)])


def compare(before: Observation, after: Observation) -> Verdict:
    """Compare the run of a program on 0.4 with the run of its migration.

    Every value that the original left behind must be there again, equal to the last bit; further
    names in the migration do not matter. A name that is gone is a difference if a trace computed
    its value; what Python merely left over from inside a trace body (a counter, a loop variable)
    is a note, since 0.5 keeps only what was saved.

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
    for name, old in before.values.items():
        difference = _compare_name(name, old, before, after, notes)
        if difference:
            return Verdict(Outcome.DIFFERENT, difference, tuple(notes))
    difference = _compare_output(before.stdout, after.stdout, notes)
    outcome = Outcome.DIFFERENT if difference else Outcome.SAME
    return Verdict(outcome, difference or "", tuple(notes))


def _doubt(before: Observation, after: Observation) -> str | None:
    if before.hung:
        return f"the original was not finished after {before.seconds:.0f} s"
    if before.error:
        return f"the original itself fails: {before.error}"
    if after.error and _is_limit(after.error.type, after.error.message):
        return f"the migration cannot be run here: {after.error}"
    for name, value in before.values.items():
        if value.kind == "unknown":
            return f"`{name}` cannot be compared: {value.type}"
    if not before.traces and not before.stdout:
        return "the original neither runs a trace nor prints, so there is nothing to compare"
    return None


def _is_limit(kind: str, message: str) -> bool:
    # transformers puts its own exception in the place of the refused network's.
    if kind == "OSError" and message.startswith("We couldn't connect to"):
        return True
    # What went wrong on a simulated server is named at the beginning of the message.
    return kind in _LIMITS or message.split(":")[0] in _LIMITS


def _failure(after: Observation) -> str | None:
    if after.hung:
        return f"hangs: not finished after {after.seconds:.0f} s"
    return f"fails: {after.error}" if after.error else None


def _compare_name(
    name: str, old: Value, before: Observation, after: Observation, notes: list[str]
) -> str | None:
    new = after.values.get(name)
    if new is not None:
        return next(differences(f"`{name}`", old, new), None)
    if old.computed:
        return f"`{name}`: was {_show(old)}, is missing"
    if old.kind in _NAMES or name in before.leftovers:
        if old.kind not in ("opaque", "unset"):
            notes.append(f"`{name}` does not outlive the trace")
        return None
    return f"`{name}`: was {_show(old)}, is missing"


def differences(path: str, old: Value, new: Value) -> Iterator[str]:
    """Yield how a value differs from what it was.

    Args:
        path: How to name it.
        old: What it was; nothing is asked of what had no value, or of which only the type is known.
        new: What it is.
    """
    if old.kind in ("unset", "opaque"):
        return
    if old.kind != new.kind:
        yield f"{path}: was {_show(old)}, became {_show(new)}"
    elif old.kind == "tensor":
        yield from _tensor_differences(path, old, new)
    elif old.kind == "set" and old.values != new.values:
        yield f"{path}: {{{', '.join(old.values)}}} became {{{', '.join(new.values)}}}"
    elif old.text != new.text:
        yield f"{path}: {_show(old)} became {_show(new)}"
    else:
        yield from _item_differences(path, old, new)


def _tensor_differences(path: str, old: Value, new: Value) -> Iterator[str]:
    if old.shape != new.shape:
        yield f"{path}: shape {old.shape} became {new.shape}"
    elif old.dtype != new.dtype:
        yield f"{path}: {old.dtype} became {new.dtype}"
    elif old.sha256 != new.sha256:
        yield f"{path}: {_first_change(old, new)}"


def _first_change(old: Value, new: Value) -> str:
    for index, (was, now) in enumerate(zip(old.values, new.values, strict=False)):
        if was != now:
            return f"{was} became {now} (element {index} of shape {old.shape})"
    if old.total != new.total:
        return f"values differ: their sum {old.total} became {new.total}"
    return f"values differ (shape {old.shape})"


def _item_differences(path: str, old: Value, new: Value) -> Iterator[str]:
    parts = dict(new.items)
    if old.kind == "sequence" and len(old.items) != len(new.items):
        yield f"{path}: {len(old.items)} items became {len(new.items)}"
        return
    for key, was in old.items:
        place = f"{path}.{key}" if old.kind == "object" else f"{path}[{key}]"
        if key in parts:
            yield from differences(place, was, parts[key])
        elif was.kind != "unset" and not _is_option(old, key, was):
            yield f"{place}: was {_show(was)}, is missing"
    known = {key for key, _ in old.items}
    if old.kind == "mapping":
        yield from (f"{path}[{key}]: is new" for key in parts if key not in known)


def _is_option(mapping: Value, key: str, value: Value) -> bool:
    """Whether something is an argument that a program hands to a trace, and 0.5 does not know."""
    return mapping.kind == "mapping" and key.strip("'\"") in _OPTIONS and value.kind == "bool"


def _compare_output(old: str, new: str, notes: list[str]) -> str | None:
    old, new = (_ADDRESS.sub("0x", text) for text in (old, new))
    if old == new:
        return None
    if _PLACEHOLDER.search(old):
        notes.append("what is printed inside a trace is a value now, and was a placeholder")
        return None
    was, now = old.splitlines(), new.splitlines()
    for number, (one, other) in enumerate(zip(was, now, strict=False), 1):
        if one != other:
            return f"printed line {number}: {one!r} became {other!r}"
    if len(was) == len(now):
        return "printed text: ends differently"
    return f"printed text: {len(was)} lines became {len(now)}"


def _show(value: Value) -> str:
    if value.kind == "tensor":
        return f"a {value.dtype} tensor of shape {value.shape}"
    if value.text:
        return value.text if len(value.text) <= 80 else f"{value.text[:77]}..."
    if value.kind in ("sequence", "mapping"):
        return f"a {value.type} of {len(value.items)}"
    return "None" if value.kind == "none" else f"a {value.type or value.kind}"
