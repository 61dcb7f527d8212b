"""A setting of nnsight is written or read that 0.5 no longer has, or has in another form.

## What it does

Finds `CONFIG.API.SSL`, `CONFIG.APP.LOGGING` and other fields that are gone, and `CONFIG.API.HOST`
without a scheme.

## Why is this bad?

Setting a field that is not there raises a ValueError, reading one an AttributeError. The host is a
URL since 0.5.14, and says itself whether the connection is encrypted.

## Example

```python
from nnsight import CONFIG, LanguageModel

CONFIG.API.HOST = "localhost:5001"
CONFIG.API.SSL = False
CONFIG.APP.REMOTE_LOGGING = False

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    logits = lm.lm_head.output.save()
```

Use instead:

```python
from nnsight import CONFIG, LanguageModel

CONFIG.API.HOST = "http://localhost:5001"
CONFIG.APP.REMOTE_LOGGING = False

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    logits = lm.lm_head.output.save()
```

## Left alone

Fields that are still there, and other objects of that name.

```python
from nnsight import CONFIG, LanguageModel


class Settings:
    SSL = True


CONFIG.set_default_api_key("key")
CONFIG.APP.REMOTE_LOGGING = False
Settings.SSL = False
lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    logits = lm.lm_head.output.save()
```

## Fix safety

The fix is safe: what goes no longer has a meaning. A field that is read is only reported.

## References

- nnsight 0.4.11 and 0.5.15, `nnsight/schema/config.py`
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.patterns import pattern
from nnmigrate.program import Block, Dialect, Program, Statement
from nnmigrate.program.values import NnsightName
from nnmigrate.spans import Edit, Span

from .common.editing import code_of, movable, removed
from .common.structures import code_only_kept

RULE = Rule("NNS411", "configuration", since="0.5.0", fixable=Applicability.SAFE)

_GONE = {
    "API": ("SSL", "FORMAT", "JOB_ID"),
    "APP": ("LOGGING", "CONTROL_FLOW_HANDLING", "FRAME_INJECTION", "GLOBAL_TRACING"),
}
# Where it is set to a URL the file knows what it reads.
_URL = pattern(r"\.API\.HOST\s*=\s*f?[\"']\w+://")


def check(program: Program) -> Iterator[Finding]:
    """Fields that are set or read, in the order of the text."""
    if "CONFIG" not in program.code:
        return
    statements = list(_statements(program))
    for table, prefix in _prefixes(program):
        way = re.compile(rf"(?<![\w.]){re.escape(prefix)}\.(\w+)\b")
        for found in way.finditer(code_only_kept(program.code)):
            span = Span(found.start(), found.end())
            block, statement = [pair for pair in statements if pair[1].span.holds(span)][-1]
            if found[1] in _GONE[table]:
                yield _of_field(program, block, statement, span)
            elif (table, found[1]) == ("API", "HOST"):
                yield from _of_host(program, statement, span)


def _statements(program: Program) -> Iterator[tuple[Block, Statement]]:
    """Every statement behind those around it."""
    for scope in program.scopes:
        yield from _below(scope.body)


def _below(block: Block) -> Iterator[tuple[Block, Statement]]:
    for statement in block.statements:
        yield block, statement
        for inner in statement.blocks:
            yield from _below(inner)


def _prefixes(program: Program) -> Iterator[tuple[str, str]]:
    """How the file reaches each table of the configuration, aliases of it included."""
    names = [
        name
        for scope in program.scopes
        for name, binds in scope.bindings.items()
        if any(bind.value == NnsightName(name="CONFIG") for bind in binds)
    ]
    if program.nnsight is not None:
        names.append(f"{program.nnsight}.CONFIG")
    for table in _GONE:
        ways = [f"{name}.{table}" for name in names]
        yield from ((table, way) for way in ways)
        for scope in program.scopes:
            for name, binds in scope.bindings.items():
                if any(b.expression and program.text(b.expression) in ways for b in binds):
                    yield table, name


def _assigned(program: Program, statement: Statement, span: Span) -> cst.BaseExpression | None:
    """What a statement that does nothing else sets a field to."""
    node = statement.node
    if not isinstance(node, cst.Assign) or len(node.targets) != 1:
        return None
    return node.value if span.start == statement.span.start else None


def _of_field(program: Program, block: Block, statement: Statement, span: Span) -> Finding:
    text = program.text(span)
    fix = None
    value = _assigned(program, statement, span)
    if value is not None and isinstance(value, (cst.Name, cst.SimpleString, cst.Integer)):
        alone = len(block.statements) == 1
        if movable(statement) or alone:
            edit = Edit(statement.span, "pass") if alone else removed(statement)
            fix = Fix("Take the setting away", (edit,), Applicability.SAFE)
    message = f"`{text}` is no setting of 0.5"
    message += "" if fix else "; what is read from it has no counterpart"
    raised = "ValueError" if value is not None else "AttributeError"
    return RULE.finding(Severity.ERROR, span, message, f"{raised}: no such field", fix)


def _of_host(program: Program, statement: Statement, span: Span) -> Iterator[Finding]:
    """The host as a URL; explicit targets before 0.5.14 keep the old form."""
    target = program.options.target
    if program.dialect is Dialect.NEW or (0, 5, 0) <= target < (0, 5, 14):
        return
    value = _assigned(program, statement, span)
    if value is None and _URL.search(program.code):
        return
    if value is None:
        yield RULE.finding(
            Severity.WARNING,
            span,
            f"`{program.text(span)}` is a URL since 0.5.14, and another one by default",
            'it begins with "https://"',
        )
        return
    if not isinstance(value, cst.SimpleString) or "://" in code_of(value):
        return
    scheme = "http" if re.search(r"\.SSL\s*=\s*False", program.code) else "https"
    text = code_of(value)
    quote = re.match(r"\w*(\"\"\"|'''|\"|')", text)
    assert quote is not None
    end = statement.span.end
    edit = Edit(
        Span(end - len(text), end), f"{text[: quote.end()]}{scheme}://{text[quote.end() :]}"
    )
    yield RULE.finding(
        Severity.ERROR,
        span,
        f"`{program.text(span)}` is a URL since 0.5.14",
        "the server is not found: the scheme is missing",
        Fix("Write the scheme", (edit,), Applicability.SAFE),
    )
