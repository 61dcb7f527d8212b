"""Functions from outside of a trace that take a name which the trace binds."""

from __future__ import annotations

import pytest

from nnmigrate.engine import check
from nnmigrate.findings import Severity
from nnmigrate.program import Dialect, Options

HEAD = "from nnsight import LanguageModel\n\nlm = LanguageModel('gpt2')\n\n"
SCALED = "def scaled(h):\n    return h * factor\n\n\n"
BODY = "    factor = lm.transformer.h[1].output[0].mean().save()\n"
CALL = "    out = scaled(lm.transformer.h[2].output[0]).save()\n"
TRACE = "with lm.trace('a b c'):\n"


def severities(code: str, source: Dialect | None = None) -> list[Severity]:
    findings = check(HEAD + code, Options(source=source)).findings
    return [one.severity for one in findings if one.code == "NNS209"]


def indented(code: str) -> str:
    return "".join(f"    {row}" for row in code.splitlines(keepends=True))


# 0.4.11 gives each of them the new factor, 0.5.15 the old one, or a NameError where there is none.
UNSEEN = {
    "a function": (SCALED + TRACE + BODY + CALL, Severity.ERROR),
    "a value from before": ("factor = 1.0\n" + SCALED + TRACE + BODY + CALL, Severity.SILENT),
    "a lambda": ("scaled = lambda h: h * factor\n" + TRACE + BODY + CALL, Severity.ERROR),
    "a closure": (
        "def run():\n" + indented("factor = 1.0\n" + SCALED + TRACE + BODY + CALL + "return out\n"),
        Severity.SILENT,
    ),
    "handed on": (
        SCALED + TRACE + BODY + "    out = list(map(scaled, [factor]))\n",
        Severity.ERROR,
    ),
    "made by another function": (
        "def outer():\n    # for nnsight\n"
        + indented(SCALED)
        + "    return scaled\n\n\nscaled = outer()\n"
        + TRACE
        + BODY
        + CALL,
        Severity.ERROR,
    ),
    "another invoke": (
        f"{SCALED}with lm.trace() as tracer:\n    with tracer.invoke('a b c'):\n{indented(BODY)}"
        f"    with tracer.invoke('d e'):\n{indented(CALL)}",
        Severity.ERROR,
    ),
    "a loop's variable": (
        "def scaled(h):\n    return h * layer\n\n\n" + TRACE + "    for layer in range(3):\n"
        "        out = scaled(lm.transformer.h[layer].output[0]).save()\n",
        Severity.ERROR,
    ),
    "a number": (SCALED + TRACE + "    factor = 2\n" + CALL, Severity.ERROR),
}
SEEN = {
    "an argument": "def scaled(h, factor):\n    return h * factor\n\n\n"
    + TRACE
    + BODY
    + CALL.replace(")", ", factor)", 1),
    "a name of its own": "def scaled(h):\n    factor = 2\n    return h * factor\n\n\n"
    + TRACE
    + BODY
    + CALL,
    "made in the trace": TRACE + BODY + indented(SCALED) + CALL,
    "a lambda of the trace": TRACE + BODY + "    scaled = lambda h: h * factor\n" + CALL,
    "called before": SCALED + TRACE + CALL + BODY,
    "called behind the trace": SCALED + TRACE + BODY + "out = scaled(1)\n",
    "bound outside": "factor = 2\n" + SCALED + TRACE + CALL,
    "another scope's": "factor = 2\n" + SCALED + "def run():\n" + indented(TRACE + BODY + CALL),
    "a name that nothing binds": SCALED + "def run():\n" + indented(TRACE + BODY + CALL),
    "another function": "def other(h):\n    return h * factor\n\n\n" + TRACE + BODY + CALL,
    "the function's own name": SCALED
    + TRACE
    + "    scaled_2 = lm.transformer.h[1].output[0].mean().save()\n"
    + CALL,
}


@pytest.mark.parametrize(("code", "severity"), UNSEEN.values(), ids=UNSEEN)
def test_a_function_does_not_see_what_a_trace_binds(code: str, severity: Severity) -> None:
    assert severities(code) == [severity]
    assert severities(code, Dialect.NEW) == []


@pytest.mark.parametrize("code", SEEN.values(), ids=SEEN)
def test_what_a_function_sees_is_left_alone(code: str) -> None:
    assert severities(code) == []


def test_a_function_is_told_of_once_for_each_name() -> None:
    names = "def scaled(h):\n    return h * factor + shift\n\n\n"
    body = BODY + BODY.replace("factor", "shift") + CALL + CALL
    assert severities(names + TRACE + body) == [Severity.ERROR] * 2
