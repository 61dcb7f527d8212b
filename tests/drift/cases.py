"""The programs that show what each rule's rewrite is worth: its page's examples, and the fixtures.

On nnsight 0.5.15 they compute what their originals computed on 0.4.11, which other tests prove.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from nnmigrate import engine
from nnmigrate.catalogue import entries
from nnmigrate.program import Options

FIXTURES = Path(__file__).parents[2] / "fixtures"
# Their programs install packages.
NOT_RUN = frozenset(["NNS721"])


@dataclass(frozen=True)
class Case:
    """A program and what it was rewritten to for 0.5.

    Args:
        name: what to call it.
        rules: the codes of the rules whose rewrites it shows.
        before: the program as it was.
        after: the rewrite that was proved.
        options: what its project says.
        unsafe: whether it takes unsafe fixes.
    """

    name: str
    rules: frozenset[str]
    before: str
    after: str
    options: Options
    unsafe: bool

    def rewritten(self, target: tuple[int, ...]) -> str:
        """The program after the fixes for a release."""
        options = replace(self.options, target=target)
        return engine.fix(self.before, options, unsafe=self.unsafe).code


def cases() -> Iterator[Case]:
    """All of them, in the order of the rules, then of the fixtures' names."""
    for page in entries():
        # Without a fix the page shows what a person wrote.
        if page.rule.code not in NOT_RUN and page.rule.fixable is not None:
            for number, one in enumerate(page.examples):
                if one.after is not None:
                    yield _of_page(page.rule.code, number, one.before, one.after, page.options)
    for path in sorted(FIXTURES.glob("*/before.py")):
        before, after = _read(path), _read(path.parent / "after.py")
        if before != after:
            name, unsafe = path.parent.name, path.parent.name.startswith("assumed_")
            codes = frozenset(one.code for one in engine.fix(before, unsafe=unsafe).applied)
            yield Case(name, codes, before, after, Options(), unsafe)


def _of_page(code: str, number: int, before: str, after: str, options: Options) -> Case:
    unsafe = engine.fix(before, options).code != after
    return Case(f"{code}-{number}", frozenset([code]), before, after, options, unsafe)


def _read(path: Path) -> str:
    return path.read_bytes().decode()
