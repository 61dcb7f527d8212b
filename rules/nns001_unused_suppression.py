"""A comment silences a finding that there is not.

## What it does

Finds `# nnmigrate: ignore[...]` and `# nnmigrate: ignore-file[...]` that silence nothing, codes in
them that silence nothing or that no rule has, and codes of nnmigrate in `# noqa: ...` comments.

## Why is this bad?

The comment says that something is wrong which is right by now, and it will silence what goes wrong
there later. A code with a slip of the pen silences nothing.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    hidden = lm.transformer.h[1].mlp.output.save()  # nnmigrate: ignore[NNS203]
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    hidden = lm.transformer.h[1].mlp.output.save()
```

## Left alone

Comments that silence something, `# noqa` without codes and codes of other tools; codes of rules
that did not run, and everything without codes unless all rules did.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    lm.transformer.h[1].mlp.output[:] = 0  # noqa
    hidden = lm.transformer.h[1].mlp.output.save()  # noqa: E501
```

## Fix safety

The fix is safe: it takes away what silences nothing, and whatever else the comment says stays. It
is made when no other rule has a fix left. A code that no rule has is left to you.

It is a note, which does not make `check` fail; `--select NNS001` makes it a warning.

## References

- Ruff, [unused-noqa (RUF100)](https://docs.astral.sh/ruff/rules/unused-noqa/)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nnmigrate.comments.directives import Unused, without
from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Program
from nnmigrate.spans import Lines

RULE = Rule("NNS001", "unused-suppression", since="0.4.0", fixable=Applicability.SAFE, last=True)


def check(program: Program) -> Iterator[Finding]:
    """Nothing: what is of use is known when the other rules have run."""
    yield from ()


def review(program: Program, unused: Iterable[Unused]) -> Iterator[Finding]:
    """The comments that silence nothing, and the codes that no rule has."""
    asked = RULE.code in program.options.asked
    severity = Severity.WARNING if asked else Severity.NOTE
    lines = Lines(program.code)
    for one in unused:
        if one.unknown:
            yield _unknown(one, severity)
        if one.idle or not one.directive.codes:
            yield _idle(lines, one, severity)


def _unknown(one: Unused, severity: Severity) -> Finding:
    named = ", ".join(f"`{code.text}`" for code in one.unknown)
    message = f"no rule has the code or the name {named}; `nnmigrate rules` lists them"
    return RULE.finding(severity, one.unknown[0].span, message, "the comment silences nothing")


def _idle(lines: Lines, one: Unused, severity: Severity) -> Finding:
    directive = one.directive
    said = f"`{directive.span.of(lines.code)}`"
    if not one.whole:
        said = f"{', '.join(f'`{code.text}`' for code in one.idle)} in {said}"
    silent = "silences nothing" if one.whole or len(one.idle) == 1 else "silence nothing"
    why = f" where it stands ({_place(one)})" if one.lost else ""
    edit = without(lines, directive, one.idle)
    change = "Take the comment away" if one.whole else "Take out what silences nothing"
    span = directive.span if one.whole else one.idle[0].span
    consequence = "it may silence what goes wrong there later"
    return RULE.finding(severity, span, f"{said} {silent}{why}", consequence, Fix(change, (edit,)))


def _place(one: Unused) -> str:
    if one.directive.kind.of_file:
        return "for a file it has a line for itself"
    return "it belongs behind a statement, or on the line above it"
