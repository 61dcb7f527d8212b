'''A string over several lines stands in the body of a trace.

## What it does

Finds strings in triple quotes, and others that go over several lines, in the body of a trace:
prompts of invokes above all.

## Why is this bad?

0.5 cuts the body out of the file by its lines and moves all of them to the left or to the right,
those inside of strings too: the text has other blanks than the file. A prompt is another prompt.
Where a line of the string stands further left than the body, the body does not even parse:
`SyntaxError`.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")


def read():
    with lm.trace() as tracer:
        with tracer.invoke("""The Eiffel Tower
            is in"""):
            logits = lm.lm_head.output.save()
    return logits


print(read())
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")


def read():
    _text = """The Eiffel Tower
            is in"""
    with lm.trace() as tracer:
        with tracer.invoke(_text):
            logits = lm.lm_head.output.save()
    return logits


print(read())
```

## Left alone

Strings in the line of the trace itself, and docstrings.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("""The Eiffel Tower
    is in"""):
    """Nobody reads
    this."""
    logits = lm.lm_head.output.save()
```

## Fix safety

The fix is safe: the string is bound to a name before the trace. Where something is computed in it
(f-strings), or another string stands beside it, its line breaks are written as escapes instead;
there is no fix where it cannot hold any (raw strings, line breaks in what is computed).

## References

- nnsight 0.5.15, `nnsight/intervention/tracing/base.py` (`Tracer.capture`), by running
'''

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator

from nnmigrate.classes import dataclass
from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.patterns import pattern
from nnmigrate.program import Program, Trace
from nnmigrate.program.bodies import roots
from nnmigrate.spans import Edit, Span

from .common.editing import fresh_name, lines_before, movable

RULE = Rule("NNS309", "string-over-lines", since="0.5.0", fixable=Applicability.SAFE)

# Since Python 3.12 an f-string is several tokens.
_STRINGS = ("STRING", "FSTRING_START", "FSTRING_END")
_NOTHING = (tokenize.NL, tokenize.COMMENT)
_ENDS = (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING)


@dataclass(frozen=True)
class _Text:
    """A string that goes over several lines.

    Args:
        span: its characters.
        plain: nothing is computed in it, and no other string stands beside it.
        rows: its lines from the second on.
    """

    span: Span
    plain: bool
    rows: tuple[str, ...]


def check(program: Program) -> Iterator[Finding]:
    """Strings over several lines in bodies that 0.5 cuts out."""
    for trace in roots(program):
        for text in _texts(program.code, trace.statement.line):
            # Behind the header's first line: the header itself stays where it is.
            if text.span.start >= trace.entered.call.end and trace.statement.span.holds(text.span):
                yield _finding(program, trace, text)


_LONG = pattern(r'"""|\'\'\'|\\\r?\n')


def _texts(whole: str, lines: Span) -> Iterator[_Text]:
    """The strings over several lines that are part of something, in some whole lines."""
    code = lines.of(whole)
    if _LONG.search(code) is None:
        return
    starts = [lines.start]
    for line in code.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    tokens = _tokens(code)
    for number, token in enumerate(tokens):
        end = _end(tokens, number)
        if _name(token) not in _STRINGS[:2] or token.start[0] == tokens[end].end[0]:
            continue
        before, after = tokens[number - 1], tokens[end + 1]
        if before.type in _ENDS and after.type in _ENDS:
            continue  # a docstring, or a comment in the shape of one
        beside = _name(before) in _STRINGS or _name(after) in _STRINGS
        (row, column), (last_row, last_column) = token.start, tokens[end].end
        span = Span(starts[row - 1] + column, starts[last_row - 1] + last_column)
        rows = tuple(span.of(whole).split("\n")[1:])
        yield _Text(span, not beside and not _is_computed(token), rows)


def _tokens(code: str) -> list[tokenize.TokenInfo]:
    try:
        every = list(tokenize.generate_tokens(io.StringIO(code).readline))
    except (tokenize.TokenError, SyntaxError):
        return []
    return [token for token in every if token.type not in _NOTHING]


def _name(token: tokenize.TokenInfo) -> str:
    return tokenize.tok_name[token.type]


def _is_computed(token: tokenize.TokenInfo) -> bool:
    """Whether a string's first token begins an f-string."""
    text = token.string
    prefix = text[: len(text) - len(text.lstrip("rRbBuUfFtT"))]
    return not {"f", "F", "t", "T"}.isdisjoint(prefix)


def _end(tokens: list[tokenize.TokenInfo], number: int) -> int:
    """The last token of a string."""
    depth = _deeper(tokens[number])
    while depth:
        number += 1
        depth += _deeper(tokens[number])
    return number


def _deeper(token: tokenize.TokenInfo) -> int:
    return (_name(token) == "FSTRING_START") - (_name(token) == "FSTRING_END")


def _finding(program: Program, trace: Trace, text: _Text) -> Finding:
    indent = len(trace.body.indent)
    short = any(row.strip() and len(row) - len(row.lstrip()) < indent for row in text.rows)
    fix = _fix(program, trace, text)
    reason = "" if fix else "; bind it to a name before the trace"
    return RULE.finding(
        Severity.ERROR if short else Severity.SILENT,
        text.span,
        "a string in the body of a trace goes over several lines" + reason,
        "SyntaxError: the body is cut out in the middle of the string"
        if short
        else "silently the string has other blanks at the start of its lines",
        fix,
    )


def _fix(program: Program, trace: Trace, text: _Text) -> Fix | None:
    if not text.plain or not movable(trace.statement):
        return _escaped(text.span, program.text(text.span))
    name = fresh_name(program, "_text")
    bound = lines_before(program, trace.statement, f"{name} = {program.text(text.span)}")
    edits = (bound, Edit(text.span, name))
    return Fix("Bind the string before the trace", edits, region=trace.statement.span)


# A backslash before a line break takes the break away; other escapes keep their two characters.
_BREAK = pattern(r"\\(?:\r?\n)|\\.|\r?\n", re.DOTALL)


def _escaped(span: Span, text: str) -> Fix | None:
    """Writes the line breaks as escapes, where the string may hold any."""
    prefix = text.partition('"')[0].partition("'")[0].lower()
    if "r" in prefix or re.search(r"\{[^{}]*\n", text):
        return None
    return Fix("Write the line breaks as escapes", (Edit(span, _BREAK.sub(_escape, text)),))


def _escape(found: re.Match[str]) -> str:
    if found[0] in ("\n", "\r\n"):
        return "\\n"
    return "" if found[0].endswith("\n") else found[0]
