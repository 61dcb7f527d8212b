"""How a value differs from what it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .observation import Value
from .rounding import is_rounding, is_rounding_of_text, largest_difference

# What `trace` took on 0.4 (0.4.11, intervention/base.py) and may no longer be given.
_OPTIONS = frozenset({"scan", "validate", "debug", "trace"})


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was.

    Args:
        text: What, and how.
        rounding: Whether two numbers are that close.
    """

    text: str
    rounding: bool = False


@dataclass(frozen=True)
class Tensors:
    """The bytes of the tensors on both sides, by their ``sha256``; they may be missing."""

    before: Mapping[str, bytes] = field(default_factory=dict)
    after: Mapping[str, bytes] = field(default_factory=dict)

    def distance(self, old: Value, new: Value) -> float | None:
        """By how much two tensors differ at most, where that can be rounding."""
        one, other = self.before.get(old.sha256), self.after.get(new.sha256)
        if (old.dtype, old.shape) != (new.dtype, new.shape) or one is None or other is None:
            return None
        return largest_difference(old.dtype, one, other)


def differences(path: str, old: Value, new: Value, tensors: Tensors) -> Iterator[Difference]:
    """Yield how a value differs from what it was.

    Args:
        path: How to name it.
        old: What it was; nothing is asked of what had no value, or of which only the type is known.
        new: What it is.
        tensors: The bytes of the tensors in them.
    """
    if old.kind in ("unset", "opaque"):
        return
    if old.kind != new.kind:
        yield Difference(f"{path}: was {shown(old)}, became {shown(new)}")
    elif old.kind == "tensor":
        yield from _of_tensors(path, old, new, tensors)
    elif old.kind == "set" and old.values != new.values:
        were, are = ", ".join(old.values), ", ".join(new.values)
        yield Difference(f"{path}: {{{were}}} became {{{are}}}")
    elif old.kind == "text":
        yield from of_text(f"{path}, line", old.text, new.text)
    elif old.text != new.text:
        close = old.kind in ("float", "complex") and is_rounding(old.text, new.text)
        yield Difference(f"{path}: {shown(old)} became {shown(new)}", close)
    else:
        yield from _of_items(path, old, new, tensors)


def of_text(place: str, old: str, new: str) -> Iterator[Difference]:
    """Yield the first lines that differ: the first one at all, and the first by more than rounding.

    Args:
        place: How to name a line, before its number.
        old: The text as it was.
        new: The text as it is.
    """
    was, now = old.splitlines(), new.splitlines()
    for number, (one, other) in enumerate(zip(was, now, strict=False), 1):
        if one != other:
            close = is_rounding_of_text(one, other)
            yield Difference(f"{place} {number}: {one!r} became {other!r}", close)
            if not close:
                return
    if len(was) != len(now):
        yield Difference(f"{place}s: {len(was)} became {len(now)}")
    elif old.endswith("\n") != new.endswith("\n"):
        yield Difference(f"{place} {len(was)}: ends differently")


def _of_tensors(path: str, old: Value, new: Value, tensors: Tensors) -> Iterator[Difference]:
    if old.shape != new.shape:
        yield Difference(f"{path}: shape {old.shape} became {new.shape}")
    elif old.dtype != new.dtype:
        yield Difference(f"{path}: {old.dtype} became {new.dtype}")
    elif old.sha256 != new.sha256:
        distance = tensors.distance(old, new)
        if distance is None:
            yield Difference(f"{path}: {_first_change(old, new)}")
        else:
            text = f"{path}: differs by at most {distance:.3g} (shape {old.shape})"
            yield Difference(text, rounding=True)


def _first_change(old: Value, new: Value) -> str:
    for index, (was, now) in enumerate(zip(old.values, new.values, strict=False)):
        if was != now:
            return f"{was} became {now} (element {index} of shape {old.shape})"
    if old.total != new.total:
        return f"values differ: their sum {old.total} became {new.total}"
    return f"values differ (shape {old.shape})"


def _of_items(path: str, old: Value, new: Value, tensors: Tensors) -> Iterator[Difference]:
    parts = dict(new.items)
    if old.kind == "sequence" and len(old.items) != len(new.items):
        yield Difference(f"{path}: {len(old.items)} items became {len(new.items)}")
        return
    for key, was in old.items:
        place = f"{path}.{key}" if old.kind == "object" else f"{path}[{key}]"
        if key in parts:
            yield from differences(place, was, parts[key], tensors)
        elif was.kind != "unset" and not _is_option(old, key, was):
            yield Difference(f"{place}: was {shown(was)}, is missing")
    known = {key for key, _ in old.items}
    if old.kind == "mapping":
        yield from (Difference(f"{path}[{key}]: is new") for key in parts if key not in known)


def _is_option(mapping: Value, key: str, value: Value) -> bool:
    """Whether something is an argument that a program hands to a trace, and 0.5 does not know."""
    return mapping.kind == "mapping" and key.strip("'\"") in _OPTIONS and value.kind == "bool"


def shown(value: Value) -> str:
    """Show a value in a few words."""
    if value.kind == "tensor":
        return f"a {value.dtype} tensor of shape {value.shape}"
    if value.text:
        return value.text if len(value.text) <= 80 else f"{value.text[:77]}..."
    if value.kind in ("sequence", "mapping"):
        return f"a {value.type} of {len(value.items)}"
    return "None" if value.kind == "none" else f"a {value.type or value.kind}"
