"""Small programs, each of which goes where few others go: what is found, said, and made of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from nnmigrate.engine import check, fix
from nnmigrate.findings import Finding
from nnmigrate.program import Options

HEAD = """from nnsight import LanguageModel
import torch

lm = LanguageModel("openai-community/gpt2")

"""


@dataclass(frozen=True)
class Corner:
    """A program, behind `HEAD`, and what comes of it.

    Args:
        name: what is special about it.
        before: the program.
        codes: the codes of all findings, as they come.
        says: what stands in a message, or ends it and begins the consequence (`... | ...`), or ends
            that and says how bad it is, and how safe its fix (`... | error, safe`, `... | note, no
            fix`).
        after: the program after all fixes, the unsafe ones included; as it was where it is not
            given.
        whole: the same where the head is changed as well, with the head.
        options: where the code is to go, and what it is.
    """

    name: str
    before: str
    codes: str
    says: tuple[str, ...] = ()
    after: str | None = None
    whole: str | None = None
    options: Options = field(default_factory=Options)

    def check(self) -> None:
        """Hold what the tool does against what is written here."""
        code = HEAD + self.before
        checked, fixed = check(code, self.options), fix(code, self.options, unsafe=True)
        after = self.whole if self.whole is not None else HEAD + (self.after or self.before)
        said = "\n".join(map(_said, checked.findings))

        assert (checked.failures, fixed.failures) == ((), ())
        assert " ".join(each.code for each in checked.findings) == self.codes
        assert [each for each in self.says if each not in said] == [], said
        assert fixed.code == after
        assert fix(fixed.code, self.options, unsafe=True).code == fixed.code


def _said(finding: Finding) -> str:
    fix = finding.fix.applicability.value if finding.fix else "no fix"
    return f"{finding.message} | {finding.consequence} | {finding.severity.value}, {fix}"
