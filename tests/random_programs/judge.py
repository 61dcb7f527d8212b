"""Runs random programs on both versions of nnsight, and says where the tool was wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from nnmigrate import engine, schedule
from nnmigrate.executor import Executors, Observation, Script, hints_of
from nnmigrate.findings import Finding, Severity
from nnmigrate.program import build
from nnmigrate.rules.common.crossings import runs
from nnmigrate.schedule import simulate

from .writer import Written

_NUMBER = re.compile(r"-?\d+\.?\d*(?:e[-+]?\d+)?")

# Sums of hidden states as they are printed; another order of additions changes the last digits.
_RELATIVE, _ABSOLUTE = 2e-4, 2e-3


class Fault(Enum):
    """What can be wrong with what the tool makes of a program, the worst first."""

    WRONG = "the fixed program gives other numbers, and no finding is left"
    MISSED = "gives other numbers on 0.5, and nothing is reported"
    BROKEN = "the fixed program fails, and no finding is left"
    LOUD = "fails on 0.5, and nothing is reported"
    UNSAID = "0.4 ignored an intervention, and no note says so"
    NOT_STABLE = "fixing twice changes something"
    NEW_FINDING = "the fix left a finding of a kind that the program did not have"
    FALSE_ALARM = "gives the same on 0.5, and an error is reported"
    FALSE_NOTE = "a note says that 0.4 ignored something, and it did not"
    MISPREDICTED = "the simulator of 0.5 foretold another end than the run came to"


@dataclass(frozen=True)
class Judgement:
    """What came of one program.

    Args:
        program: both forms.
        valid: whether 0.4 ran it.
        fixed: what the tool made of it.
        faults: all that was wrong.
        same: whether the fixed program gives what 0.4 gave, or, where 0.4 ignored something, what
            was meant.
        changed: whether the tool changed it.
        left: whether something is still reported.
        detail: what the runs printed.
    """

    program: Written
    valid: bool
    fixed: str = ""
    faults: tuple[Fault, ...] = ()
    same: bool = False
    changed: bool = False
    left: bool = False
    detail: str = ""


def judge(program: Written, executors: Executors, *, unsafe: bool = True) -> Judgement:
    """Migrate one program and run all of its forms."""
    old = _run(executors.baseline, program.old, program)
    if not old.completed:
        return Judgement(program, valid=False, detail=str(old.error))
    checked = engine.check(program.old)
    fixed = engine.fix(program.old, unsafe=unsafe)
    raw = _run(executors.migrated, program.old, program)
    new = raw if fixed.code == program.old else _run(executors.migrated, fixed.code, program)
    meant = _run(executors.migrated, program.meant, program)
    seen = _Runs(old, raw, new, meant)
    faults = (
        *_of_findings(checked.findings, fixed.remaining, seen),
        *_of_fixes(checked, fixed, unsafe=unsafe),
    )
    return Judgement(
        program,
        valid=True,
        fixed=fixed.code,
        faults=tuple(faults),
        same=seen.fulfilled(_noted(checked.findings)),
        changed=fixed.code != program.old,
        left=any(map(_is_serious, fixed.remaining)),
        detail="\n".join((*_lines(program, checked.findings), *_shown(seen))),
    )


@dataclass(frozen=True)
class _Runs:
    old: Observation
    raw: Observation
    new: Observation
    meant: Observation

    def wanted(self, noted: bool) -> Observation | None:
        """What the fixed program should give: where 0.4 ignored something, what was meant.

        None where that cannot be told: 0.5 does not run the form that says it.
        """
        if not noted:
            return self.old
        return self.meant if self.meant.completed else None

    def fulfilled(self, noted: bool) -> bool:
        """Whether the fixed program gives that."""
        wanted = self.wanted(noted)
        return self.new.completed if wanted is None else _like(wanted, self.new)


def _of_findings(found: Sequence[Finding], left: Sequence[Finding], seen: _Runs) -> Sequence[Fault]:
    faults = []
    noted, reported = _noted(found), any(_is_serious(each) for each in found)
    unchanged = _like(seen.old, seen.raw)
    if reported and unchanged:
        faults.append(Fault.FALSE_ALARM)
    if not reported and not noted and not unchanged:
        faults.append(Fault.MISSED if seen.raw.completed else Fault.LOUD)
    if not any(map(_is_serious, left)) and not seen.fulfilled(noted):
        faults.append(Fault.WRONG if seen.new.completed else Fault.BROKEN)
    if seen.meant.completed:
        ignored = not _like(seen.meant, seen.old)
        faults += [Fault.UNSAID] * (ignored and not noted)
        faults += [Fault.FALSE_NOTE] * (noted and not ignored)
    return faults


def _of_fixes(checked: engine.Checked, fixed: engine.Fixed, *, unsafe: bool) -> Sequence[Fault]:
    again = engine.fix(fixed.code, unsafe=unsafe)
    faults = [Fault.NOT_STABLE] if again.code != fixed.code else []
    before = {each.code for each in checked.findings}
    if any(each.code not in before and _is_serious(each) for each in fixed.remaining):
        faults.append(Fault.NEW_FINDING)
    return faults


def _of_prediction(code: str, raw: Observation) -> Sequence[Fault]:
    """Whether 0.5 ends as the simulator says, where the program can go only one way."""
    program = build(code)
    ways = [run for trace in program.traces for run in runs(program, trace)]
    if len(program.traces) != 1 or len(ways) != 1 or len(ways[0].turns) != 1:
        return []
    if program.traces[0].loops or len(ways[0].turns[0]) != 1:
        return []
    first = simulate(ways[0].unrolled.trace, ways[0].turns[0][0]).first
    foretold = () if first is None else _ERRORS[first.fault]
    came = "" if raw.error is None else raw.error.type
    return [] if (came in foretold if foretold else raw.completed) else [Fault.MISPREDICTED]


_ERRORS = {
    schedule.Fault.UNDEFINED_NAME: ("NameError", "UnboundLocalError"),
    schedule.Fault.MISSING_ITEM: ("KeyError", "IndexError", "AttributeError"),
    schedule.Fault.OUT_OF_ORDER_GET: ("OutOfOrderError",),
    schedule.Fault.OUT_OF_ORDER_SWAP: ("ValueError",),
    schedule.Fault.NOT_PROVIDED: ("ValueError",),
}


def _noted(found: Sequence[Finding]) -> bool:
    """Whether a note says that 0.4's numbers are not those that were meant."""
    return any(each.code in ("NNS105", "NNS111") for each in found)


def _is_serious(finding: Finding) -> bool:
    return finding.severity in (Severity.ERROR, Severity.SILENT)


def _run(executor: object, text: str, program: Written) -> Observation:
    hints = hints_of(program.old.encode())
    return executor.run(Script(text.encode(), "program.py"), hints=hints)  # type: ignore[attr-defined]


def _like(one: Observation, other: Observation) -> bool:
    """Whether two runs printed the same, but for the last digits."""
    if not (one.completed and other.completed):
        return False
    numbers, others = (_NUMBER.findall(run.stdout) for run in (one, other))
    if _NUMBER.sub("", one.stdout) != _NUMBER.sub("", other.stdout):
        # 0.5 prints what else a tensor knows, such as its gradient's function.
        pass
    return len(numbers) == len(others) and all(
        _close(float(a), float(b)) for a, b in zip(numbers, others, strict=True)
    )


def _close(one: float, other: float) -> bool:
    return one == other or abs(one - other) <= _ABSOLUTE + _RELATIVE * abs(other)


def _lines(program: Written, findings: Sequence[Finding]) -> Iterator[str]:
    for each in findings:
        line = program.old.count("\n", 0, each.span.start) + 1
        yield f"{each.code} {each.severity.value} line {line}: {each.message}; {each.consequence}"


def _shown(seen: _Runs) -> Iterator[str]:
    for name, run in vars(seen).items():
        printed = " ".join(re.sub(r"tensor\((.*?)(, .*?)?\)", r"\1", run.stdout).split())
        yield f"{name}: {printed[:200] if run.completed else f'!! {run.error}'}"
