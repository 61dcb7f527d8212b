"""What the pages of the rules say, proved by running their programs on nnsight 0.4.11 and 0.5.15.

- What is to be used instead computes on 0.5 what the example computed on 0.4.
- The example, run on 0.5 as it stands, comes to what its findings tell: an error comes to the
  exception that is named, what is silent to another value; warnings and notes change nothing today.
- What is left alone computes the same on both.

A program that is written for 0.5 fails on 0.4, and says so: it is measured by what it computes
there in the words of 0.4. A finding that tells that 0.4 failed as well is held to that, and what is
to be used instead is measured by what the page shows last among what is left alone: the same, as
0.4 could do it. What cannot be proved in this way stands in the tables below, each with the reason,
and each of them is held against the runs: an entry that is not needed makes a test fail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from nnmigrate.catalogue import Entry, Example, entries
from nnmigrate.engine import check
from nnmigrate.executor import (
    Conditions,
    Executor,
    Executors,
    Hints,
    Observation,
    Outcome,
    Script,
    Verdict,
    compare,
    hints_of,
    verify,
)
from nnmigrate.findings import Finding, Severity
from nnmigrate.program.build import build

# How 0.4 says that a program is not for it.
NOT_FOR_0_4 = re.compile(
    r"has no attribute '(barrier|all|save)'"
    r"|'method' object is not subscriptable"
    r"|'InterventionProxy' object does not support the context manager protocol"
)
# What 0.5 has, and how 0.4 says it.
SAID_BY_0_4 = {
    r"^.*\bbarrier\b.*\n": "",
    r"(?<!\.)\b(list|dict)\(\)": r"nnsight.\1()",
    r"\btracer\.(all\(\)|iter\[)": r"lm.\1",
    r"^( *)with (.+\.backward\(\)):\n\1    (.+)$": r"\1\3\n\1\2",
}
FAILED_AS_WELL = re.compile(r"0\.4 (failed|raised) as well")

# Rules about what 0.4 itself computed wrongly: there the example gives something else on 0.5.
CHANGES = {
    "NNS105": "0.4 made the change when the model had gone past it",
    "NNS111": "0.4 wrote over what had been read",
    "NNS207": "0.4 raised where the name was not saved, 0.5 hands out what an earlier turn saved",
    "NNS208": "0.4 ran the loop's body once",
    "NNS605": "0.4 ran the second invoke for one step only",
    "NNS706": "0.4 set both seeds before it drew",
    "NNS707": "0.4 bound the name whatever the condition was",
}
# Rules whose example comes to nothing in these environments.
UNSEEN = {
    "NNS711": "the difference is made by a newer transformers; both sides have the same",
}
# Rules whose programs are not run.
NOT_RUN = {
    "NNS721": "they install packages: into the environments that all the other programs run in",
}
# Seconds; a program that is said to hang is not waited for as long.
USUAL, HANGS = Conditions(), Conditions(limit=5.0)

PAGES = [page for page in entries() if page.rule.code not in NOT_RUN]
EXAMPLES = [(page, example) for page in PAGES for example in page.examples]
FIXABLE = [(page, example) for page, example in EXAMPLES if example.after is not None]
LEFT_ALONE = [(page, code) for page in PAGES for code in page.left_alone]


class Remembering:
    """Runs each program once, with twins that serve all programs of an example."""

    def __init__(self, executor: Executor, hints: Hints) -> None:
        self._executor = executor
        self._hints = hints
        self._seen: dict[tuple[bytes, bool], Observation] = {}

    def run(
        self,
        program: Script | str,
        *,
        remote: bool = False,
        conditions: Conditions = USUAL,
        hints: Hints | None = None,
    ) -> Observation:
        key = Script.of(program).source, remote
        if key not in self._seen:
            run = self._executor.run
            self._seen[key] = run(program, remote=remote, conditions=conditions, hints=self._hints)
        return self._seen[key]


Sides = Callable[..., Executors]


@pytest.fixture(scope="module")
def sides(executors: Executors) -> Sides:
    """Both versions, for the programs of an example of a page."""
    known: dict[tuple[str, ...], list[Remembering]] = {}

    def of(*programs: str) -> Executors:
        if programs not in known:
            hints = Hints()
            for program in programs:
                hints |= hints_of(program.encode())
            both = (executors.baseline, executors.migrated)
            known[programs] = [Remembering(one, hints) for one in both]
        return Executors(*known[programs])

    return of


def _programs(example: Example) -> tuple[str, ...]:
    return (example.before,) if example.after is None else (example.before, example.after)


def _run(
    both: Executors, old: str, new: str, *, remote: bool = False, conditions: Conditions = USUAL
) -> tuple[Observation, Observation]:
    """Runs a program on 0.4 and one on 0.5, at the same time."""
    with ThreadPoolExecutor() as pool:
        one = pool.submit(both.baseline.run, old, remote=remote)
        other = pool.submit(both.migrated.run, new, remote=remote, conditions=conditions)
        return one.result(), other.result()


def _said_by_0_4(code: str) -> str:
    for words, others in SAID_BY_0_4.items():
        code = re.sub(words, others, code, flags=re.MULTILINE)
    return f"import nnsight\n{code}" if "nnsight." in code else code


def _is_for_0_5(code: str, both: Executors) -> bool:
    error = both.baseline.run(code).error
    return error is not None and NOT_FOR_0_4.search(error.message) is not None


def _original(page: Entry, example: Example, both: Executors) -> str:
    """The program whose values on 0.4 are the right ones."""
    if _is_for_0_5(example.before, both):
        return _said_by_0_4(example.after or example.before)
    return example.before


def _own(page: Entry, example: Example) -> list[Finding]:
    findings = check(example.before, page.options).findings
    return [finding for finding in findings if finding.code == page.rule.code]


def _told(page: Entry, example: Example) -> str:
    """What the rule tells of the errors that the example comes to."""
    errors = (one for one in _own(page, example) if one.severity is Severity.ERROR)
    return " ".join(finding.consequence for finding in errors)


def _is_silent(page: Entry, example: Example) -> bool:
    return any(finding.severity is Severity.SILENT for finding in _own(page, example))


def _verdict(original: str, code: str, both: Executors) -> Verdict:
    return verify(Script.of(original), Script.of(code), executors=both)


def _named(cases: list[tuple[Entry, object]]) -> Iterator[str]:
    return (f"{page.rule.code}-{number}" for number, (page, _) in enumerate(cases))


@pytest.mark.parametrize(("page", "example"), FIXABLE, ids=_named(FIXABLE))
def test_what_is_used_instead_computes_the_same(
    page: Entry, example: Example, sides: Sides
) -> None:
    verdict = _of_replacement(page, example, sides(*_programs(example)))

    assert verdict.outcome is Outcome.SAME, verdict


def _of_replacement(page: Entry, example: Example, both: Executors) -> Verdict:
    assert example.after is not None
    _run(both, example.before, example.after)
    if page.rule.code in CHANGES or FAILED_AS_WELL.search(_told(page, example)):
        # What was meant, in a form that 0.4 did carry out.
        return _verdict(page.left_alone[-1], example.after, both)
    return _verdict(_original(page, example, both), example.after, both)


@pytest.mark.parametrize(("page", "code"), LEFT_ALONE, ids=_named(LEFT_ALONE))
def test_what_is_left_alone_computes_the_same(page: Entry, code: str, sides: Sides) -> None:
    verdict = _of_left_alone(code, sides(code))

    assert verdict.outcome is Outcome.SAME, verdict


def _of_left_alone(code: str, both: Executors) -> Verdict:
    _run(both, code, code)
    return _verdict(_said_by_0_4(code) if _is_for_0_5(code, both) else code, code, both)


@pytest.mark.parametrize(("page", "example"), EXAMPLES, ids=_named(EXAMPLES))
def test_the_example_comes_to_what_its_findings_tell(
    page: Entry, example: Example, sides: Sides
) -> None:
    both = sides(*_programs(example))
    told = _told(page, example)
    remote = "remote=True" in example.before
    how = HANGS if "hangs" in told else USUAL
    old, new = _run(both, example.before, example.before, remote=remote, conditions=how)
    original = both.baseline.run(_original(page, example, both), remote=remote)
    if told:
        assert _is_told(new, told), new.error
        assert _is_finished(original) is not bool(FAILED_AS_WELL.search(told)), original.error
    elif _is_silent(page, example) and page.rule.code not in UNSEEN:
        assert new.completed, new.error
        assert compare(original, new).outcome is Outcome.DIFFERENT
    elif page.rule.code in CHANGES:
        assert compare(old, new).outcome is not Outcome.SAME
    else:
        verdict = _verdict(_original(page, example, both), example.before, both)
        assert verdict.outcome is Outcome.SAME, verdict


def _is_told(new: Observation, told: str) -> bool:
    """Whether a run failed in the way that a finding tells."""
    return "hangs" in told if new.hung else new.error is not None and new.error.type in told


def _is_finished(old: Observation) -> bool:
    """Whether a program came to its end, or to the end that it makes itself."""
    return old.completed or (old.error is not None and old.error.type == "SystemExit")


@pytest.mark.parametrize("code", NOT_RUN)
def test_what_is_not_run_runs_no_trace(code: str) -> None:
    page = next(page for page in entries() if page.rule.code == code)
    programs = [*page.left_alone, *(one for each in page.examples for one in _programs(each))]

    assert programs
    assert all('"install"' in program and not build(program).traces for program in programs)


@pytest.mark.parametrize("words", SAID_BY_0_4)
def test_each_translation_is_needed(words: str) -> None:
    programs = [code for _, code in LEFT_ALONE]
    programs += [one for _, example in EXAMPLES for one in _programs(example)]

    assert any(re.search(words, program, re.MULTILINE) for program in programs)


def test_what_stands_apart_is_there() -> None:
    apart = {*CHANGES, *UNSEEN, *NOT_RUN}
    silent = {page.rule.code for page, example in EXAMPLES if _is_silent(page, example)}

    assert apart <= {page.rule.code for page in entries()}
    assert UNSEEN.keys() <= silent
