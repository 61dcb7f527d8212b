"""What holds of code that has nothing to do with nnsight: the standard library and site-packages.

With `NNMIGRATE_INVARIANTS` set every module of both is looked at, else some of each.
"""

from __future__ import annotations

import os
import random
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path

from nnmigrate import engine
from nnmigrate.documents import DocumentProblem, document_of, mentions_nnsight
from nnmigrate.outcomes import Settings
from nnmigrate.program import NotPython
from nnmigrate.run import examine
from nnmigrate.understanding import compiles

ALL = bool(os.environ.get("NNMIGRATE_INVARIANTS"))
LARGEST = 400_000 if ALL else 15_000
# Names that no module of others has.
GRAFT = """
from nnsight import LanguageModel

nnm_lm = LanguageModel("openai-community/gpt2")
nnm_box = []
with nnm_lm.trace(remote=True) as nnm_tracer:
    with nnm_tracer.invoke("The Eiffel Tower"):
        nnm_clean = nnm_lm.transformer.h[3].mlp.output
        nnm_box.append(nnm_lm.transformer.h[4].mlp.output.save())
    with nnm_tracer.invoke("My Louvre"):
        nnm_lm.transformer.h[3].mlp.output[:] = nnm_clean
        nnm_out = nnm_lm.lm_head.output.save()
print(nnm_out.value, nnm_box)
"""


def _modules(folder: Path, count: int) -> list[Path]:
    found = sorted(
        path
        for path in folder.rglob("*.py")
        if path.stat().st_size < LARGEST and "nnmigrate" not in str(path)
    )
    return found if ALL else random.Random(0).sample(found, min(count, len(found)))


LIBRARY = Path(sysconfig.get_path("stdlib"))
PACKAGES = Path(sysconfig.get_path("purelib"))
MODULES = [
    *(one for one in _modules(LIBRARY, 150) if PACKAGES not in one.parents),
    *_modules(PACKAGES, 150),
]
# To the last two tests every module costs a parse and more.
FEW = MODULES if ALL else MODULES[::8]


def _codes(modules: Sequence[Path]) -> Iterator[tuple[Path, bytes, str]]:
    for path in modules:
        raw = path.read_bytes()
        try:
            code = document_of(raw, str(path)).code
        except DocumentProblem:
            continue  # as some that test a tokenizer
        if compiles(code):
            yield path, raw, code


def test_the_bytes_decide() -> None:
    """They say no of nearly all of them, and then nothing else is asked."""
    settings = Settings(fix=True, unsafe=True)
    relevant = []
    for path, raw, _ in _codes(MODULES):
        outcome = examine(str(path), raw, settings, named=False)
        assert outcome.report.findings == (), path
        assert (outcome.after, outcome.problems) == (raw, ()), path
        relevant += [path] * mentions_nnsight(raw)
    assert len(relevant) <= len(MODULES) // 20, relevant


def test_nothing_is_found_where_the_rules_look_all_the_same() -> None:
    refused = []
    for path, _, code in _codes(FEW):
        try:
            checked = engine.check(code)
        except NotPython:  # LibCST cannot read it, or does not give it back
            refused.append(path)
            continue
        assert (checked.findings, checked.failures) == ((), ()), path
    assert len(refused) <= len(FEW) // 100, refused


def test_a_trace_at_the_end_changes_nothing_above_it() -> None:
    """What is found and fixed is the trace alone, whatever stands above it."""
    alone, fixed = engine.check(GRAFT), engine.fix(GRAFT, unsafe=True)
    assert len(alone.findings) >= 3, "else this would say little"
    for path, _, code in _codes(FEW):
        above = code.rstrip("\\") + "\n"
        # Its own names may be what the trace's mean, and another parser has other limits.
        if "nnsight" in code or "import *" in code or not compiles(above + GRAFT):
            continue
        checked = engine.check(above + GRAFT)
        assert [one.message for one in checked.findings] == [one.message for one in alone.findings]
        assert all(one.span.start >= len(above) for one in checked.findings), path
        if path in FEW[::3] or ALL:
            result = engine.fix(above + GRAFT, unsafe=True)
            assert result.code.startswith(above), path
            assert result.failures == ()
            assert len(result.applied) == len(fixed.applied), path
