"""What several parts of the suite share: made-up rules, and the two nnsight versions.

What the engine and the command line do must not hang on real rules, so tests make up their own;
each nnsight version is started once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import hypothesis
import pytest

from nnmigrate import catalogue, configured, engine
from nnmigrate.commands import options as cli_options
from nnmigrate.comments import reviewing
from nnmigrate.executor import Environment, Executor, Executors, ensure
from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Program
from nnmigrate.spans import Edit, Span

# What was found with other rules, or in another test, is not to be found again.
os.environ["NNMIGRATE_NO_CACHE"] = "1"

# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("any-machine", deadline=None)
hypothesis.settings.load_profile("any-machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record", action="store_true", help="write the fixtures' outcomes anew (read the diff)"
    )


@dataclass
class Replacing:
    """Stands for a rule's module: finds a pattern; its fix puts something else there.

    Args:
        code: the rule's code.
        pattern: what is found.
        content: what takes its place, with groups as in `re.sub`; None for no fix.
        severity: of all findings.
        applicability: of all fixes.
    """

    code: str
    pattern: str
    content: str | None = None
    severity: Severity = Severity.ERROR
    applicability: Applicability = Applicability.SAFE
    __doc__: str = "Made up.\n\n## What it does\nNothing."
    RULE: Rule = field(init=False)

    def __post_init__(self) -> None:
        fixable = self.applicability if self.content is not None else None
        self.RULE = Rule(self.code, f"made-up-{self.code[3:]}", "0.5", fixable=fixable)

    def check(self, program: Program) -> Iterator[Finding]:
        for match in re.finditer(self.pattern, program.code):
            span = Span(*match.span())
            message = f"`{match[0]}` is wrong"
            yield self.RULE.finding(self.severity, span, message, "it raises", self._fix(match))

    def _fix(self, match: re.Match[str]) -> Fix | None:
        if self.content is None:
            return None
        edit = Edit(Span(*match.span()), match.expand(self.content))
        return Fix(f"Write `{edit.content}`", (edit,), self.applicability)


@pytest.fixture
def use_rules(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes the given rules the only ones that there are."""

    def use(*modules: Any) -> None:
        for looking in (catalogue, engine, reviewing):
            monkeypatch.setattr(looking, "rules", lambda: modules)
        for asking in (cli_options, configured):
            monkeypatch.setattr(asking, "codes", lambda: tuple(one.RULE.code for one in modules))

    return use


@pytest.fixture
def replacing() -> type[Replacing]:
    """The class of made-up rules; a fixture, since test modules cannot import one another."""
    return Replacing


@pytest.fixture(scope="session")
def environment_04() -> Environment:
    return ensure("0.4.11")


@pytest.fixture(scope="session")
def environment_05() -> Environment:
    return ensure("0.5.15")


@pytest.fixture(scope="session")
def executor_04(environment_04: Environment) -> Iterator[Executor]:
    with Executor(environment_04) as executor:
        yield executor


@pytest.fixture(scope="session")
def executor_05(environment_05: Environment) -> Iterator[Executor]:
    with Executor(environment_05) as executor:
        yield executor


@pytest.fixture(scope="session")
def executors(executor_04: Executor, executor_05: Executor) -> Executors:
    return Executors(executor_04, executor_05)
