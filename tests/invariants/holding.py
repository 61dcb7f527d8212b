"""What holds of every program, whatever the rules make of it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from nnmigrate import engine
from nnmigrate.engine import Checked, Fixed
from nnmigrate.findings import Finding
from nnmigrate.leftovers import unused_imports
from nnmigrate.program import Options
from nnmigrate.selection import Selection
from nnmigrate.spans import Edit, Lines
from nnmigrate.understanding import compiles

# What is there before the fixes, but not seen: what they resolve stands in front of it.
COMES_TO_LIGHT = {
    "NNS001": "a comment silenced what has been resolved",
    "NNS103": "0.4's conditions and loops hid where a barrier holds the invokes",
    "NNS110": "an invoke is followed once it can be read",
    "NNS502": "a gradient was not looked at as long as its module came too late",
    "NNS601": "a cursor is looked at once no block of steps holds it",
    "NNS602": "a block of steps is looked at once it can be read",
    "NNS703": "a parameter is looked at once the trace can be read",
}


@dataclass
class Watched(engine._Fixing):
    """Fixes as `fix` does, and keeps what was offered and what was carried out."""

    offered: Checked | None = None
    carried: list[tuple[str, Checked, list[Edit], str]] = field(default_factory=list)

    def _check(self, program: object) -> Checked:
        self.offered = super()._check(program)  # type: ignore[arg-type]
        return self.offered

    def _carry_out(self, edits: list[Edit]) -> None:
        before = self.code
        super()._carry_out(edits)
        assert self.offered is not None
        self.carried.append((before, self.offered, edits, self.code))


def watched(code: str, unsafe: bool) -> tuple[Fixed, Watched]:
    """What `fix` gives, and how it came to that."""
    modules = engine._selected(Selection())
    watching = Watched(code, Options(), modules, unsafe)
    return watching.run(), watching


def assert_sound(code: str, checked: Checked) -> None:
    """No rule fails; what is found lies in the code, in order, each thing once."""
    assert checked.failures == ()
    assert all(0 <= one.span.start <= one.span.end <= len(code) for one in checked.findings)
    keys = [_key(one) for one in checked.findings]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys), "told twice"


def assert_fixes_hold(code: str, unsafe: bool) -> Fixed:
    """Everything that is demanded of the fixes of one program."""
    checked = engine.check(code)
    assert_sound(code, checked)
    fixed, watching = watched(code, unsafe)
    assert fixed == engine.fix(code, unsafe=unsafe), "another time, another result"
    assert fixed.failures == ()
    assert compiles(fixed.code) or not compiles(code)
    for before, offered, edits, after in watching.carried:
        assert after == by_pieces(before, edits)
        assert_offered(before, offered.findings, edits, code)
    if fixed.code != code:
        assert watching.carried[0][1].findings == checked.findings
    again = engine.fix(fixed.code, unsafe=unsafe)
    assert again.code == fixed.code, "a second time something is changed"
    assert_nothing_new(checked.findings, engine.check(fixed.code).findings)
    return fixed


def by_pieces(code: str, edits: Sequence[Edit]) -> str:
    """What edits make of code, every byte beside them as it was; another way than `apply_edits`."""
    for edit in sorted(edits, reverse=True):
        code = code[: edit.span.start] + edit.content + code[edit.span.end :]
    return code


def assert_offered(
    code: str, findings: Sequence[Finding], edits: Sequence[Edit], given: str
) -> None:
    """What was carried out is some of the fixes that were offered, each of them whole."""
    left = set(edits)
    if left == set(unused_imports(given, code)):
        return
    whole = [set(one.fix.edits) for one in findings if one.fix is not None]
    covered = set().union(*(fix for fix in whole if fix <= left))
    assert covered == left, "something was carried out that nobody offered"


def assert_nothing_new(before: Sequence[Finding], after: Sequence[Finding]) -> None:
    """Fixes leave no finding of a kind that there was not, but for what comes to light."""
    kinds = {one.code for one in before} | COMES_TO_LIGHT.keys()
    new = [one for one in after if one.code not in kinds]
    assert not new, f"new: {[(one.code, one.message) for one in new]}"


def assert_order_of_rules_is_nothing(code: str, seed: int, unsafe: bool) -> None:
    """Rules asked in another order find and fix the same."""
    checked, fixed = engine.check(code), engine.fix(code, unsafe=unsafe)
    modules = list(engine.rules())
    random.Random(seed).shuffle(modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "rules", lambda: tuple(modules))
        assert engine.check(code) == checked
        assert engine.fix(code, unsafe=unsafe) == fixed


def assert_line_ends_are_nothing(code: str, unsafe: bool) -> None:
    """Under other line ends the same is found in the same lines, and fixed the same way."""
    windows = code.replace("\n", "\r\n")
    assert list(rows(windows)) == list(rows(code))
    fixed = engine.fix(windows, unsafe=unsafe).code
    assert fixed == engine.fix(code, unsafe=unsafe).code.replace("\n", "\r\n")


def rows(code: str) -> Iterator[tuple[str, tuple[int, int], str]]:
    """What is found, with lines and columns."""
    lines = Lines(code)
    for one in engine.check(code).findings:
        yield one.code, lines.place(one.span.start), one.message


def _key(one: Finding) -> tuple[object, ...]:
    return one.span, one.code, one.message
