"""Every fixture: what `fix` makes of it, and that real nnsight computes the same with both."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from nnmigrate import engine
from nnmigrate.executor import Executors, Observation, Outcome, Value, hints_of, verify
from nnmigrate.findings import Severity

FOLDER = Path(__file__).parent.parent / "fixtures"
CASES = sorted(path.parent for path in FOLDER.glob("*/before.py"))


def _name(case: Path) -> str:
    return case.name


@pytest.fixture(params=CASES, ids=_name)
def case(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.param
    if request.config.getoption("--record"):
        _write(folder / "after.py", _fixed(folder, "before.py").code)
    return folder


def _fixed(case: Path, name: str) -> engine.Fixed:
    """What `fix` makes of a program; with the unsafe fixes where the case is about one."""
    return engine.fix(_read(case / name), unsafe=case.name.startswith("assumed_"))


def _read(path: Path) -> str:
    return path.read_bytes().decode()


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode())


def _reference(case: Path) -> Path:
    """The program whose values on 0.4 are the right ones."""
    names = ("meant.py", "original.py", "before.py")
    return next(case / name for name in names if (case / name).exists())


def test_fix_gives_after(case: Path) -> None:
    assert _fixed(case, "before.py").code == _read(case / "after.py")


def test_after_has_nothing_left(case: Path) -> None:
    fixed = _fixed(case, "after.py")
    assert fixed.code == _read(case / "after.py")
    assert [f for f in fixed.remaining if f.severity is not Severity.NOTE] == []


def test_alone_is_left_alone(case: Path) -> None:
    if case.name.startswith("alone_"):
        assert _read(case / "before.py") == _read(case / "after.py")
        assert engine.check(_read(case / "before.py")).findings == ()


def test_says_what_0_4_ignored(case: Path) -> None:
    findings = engine.check(_read(case / "before.py")).findings
    said = any(finding.code == "NNS105" for finding in findings)
    assert said == (case / "meant.py").exists()


def test_0_4_gives_what_is_recorded(
    case: Path, executors: Executors, request: pytest.FixtureRequest
) -> None:
    reference = _reference(case)
    hints = hints_of(reference.read_bytes())
    observed = executors.baseline.run(reference, hints=hints)
    assert observed.completed, observed.error
    described = dict(_described(observed))
    if request.config.getoption("--record"):
        _write(case / "recorded.json", json.dumps(described, indent=1) + "\n")
    _assert_close(described, json.loads(_read(case / "recorded.json")))


def test_real_traces_agree(case: Path, executors: Executors) -> None:
    verdict = verify(_reference(case), case / "after.py", executors=executors)
    assert verdict.outcome is Outcome.SAME, verdict


def _described(observed: Observation) -> Iterator[tuple[str, object]]:
    for name, value in sorted(observed.values.items()):
        if value.computed:
            yield name, _value(value)


def _value(value: Value) -> object:
    """A value as JSON: scalars, small tensors whole, large ones by their shape and sum."""
    if value.items:
        return {key: _value(item) for key, item in value.items}
    if value.kind == "tensor":
        whole: dict[str, object] = {"values": [float(each) for each in value.values]}
        content = {"sum": float(value.total)} if value.total else whole
        return {"shape": list(value.shape), **content}
    return float(value.text) if value.kind == "float" else value.text or value.kind


def _assert_close(observed: object, recorded: object, terms: int = 1) -> None:
    """Equal but for the last digits of numbers, which depend on the processor.

    A sum may be off by the last digits of each of its `terms`, even where they cancel out.
    """
    if isinstance(observed, dict) and isinstance(recorded, dict):
        assert observed.keys() == recorded.keys()
        terms = math.prod(recorded["shape"]) if "sum" in recorded else 1
        for key in observed:
            _assert_close(observed[key], recorded[key], terms)
    elif isinstance(observed, list) and isinstance(recorded, list):
        assert len(observed) == len(recorded)
        for one, other in zip(observed, recorded, strict=True):
            _assert_close(one, other)
    elif isinstance(observed, float) and isinstance(recorded, float):
        assert observed == pytest.approx(recorded, rel=1e-4, abs=max(1e-5, 1e-6 * terms))
    else:
        assert observed == recorded
