"""What the findings about results say: how bad it is, why, and what will happen."""

from __future__ import annotations

import pytest

from nnmigrate.engine import check
from nnmigrate.findings import Severity
from nnmigrate.program import Dialect, Options

HEAD = """from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")


def put(into, value):
    into["h"] = value


class Box:
    pass


"""
LOCAL, REMOTE = 'with lm.trace("a b c"):', 'with lm.trace("a b c", remote=True):'


def anywhere(made: str, *body: str, given: str) -> str:
    """A function whose caller says whether its trace runs remotely."""
    lines = "\n".join(f"        {line}" for line in body)
    trace = f'    with lm.trace("a b c", remote=remote):\n{lines}'
    return f"def run(remote):\n    {made}\n{trace}\n    return {given}\n"


def program(made: str, trace: str, *body: str, behind: str = "") -> str:
    lines = "\n".join(f"    {line}" for line in body)
    return f"{made}\n{trace}\n{lines}\n{behind}\n"


CHANGED = "`d` is made outside the trace and changed in it"
COPY = "silently the change is lost: the server changes a copy of `d`"
UNBOUND = "UnboundLocalError: cannot access local variable '{}', on the server"
LOST = "`{}` is bound in the trace, not saved, and read after it"

SAID = {
    "a dictionary on a server": (
        program("d = {}", REMOTE, "d['h'] = lm.lm_head.output"),
        ("NNS201", Severity.SILENT, f"{CHANGED}, and the trace runs remotely", COPY),
    ),
    "a list that is added to on a server": (
        program("d = []", REMOTE, "d += [lm.lm_head.output]"),
        ("NNS201", Severity.ERROR, f"{CHANGED}, and the trace runs remotely", UNBOUND.format("d")),
    ),
    "a dictionary that may be on a server": (
        anywhere("d = {}", "d['h'] = lm.lm_head.output", given="d"),
        ("NNS201", Severity.WARNING, f"{CHANGED}, and the trace may run remotely", COPY),
    ),
    "a list that may be added to on a server": (
        anywhere("d = []", "d += [lm.lm_head.output]", given="d"),
        (
            "NNS201",
            Severity.WARNING,
            f"{CHANGED}, and the trace may run remotely",
            UNBOUND.format("d"),
        ),
    ),
    "a dictionary here": (
        program("d = {}", LOCAL, "d['h'] = lm.lm_head.output"),
        (
            "NNS201",
            Severity.NOTE,
            "made outside the trace and changed in it: `d` (see --assume-remote)",
            "nothing changes here; with `remote=True` the change would silently be lost",
        ),
    ),
    "a function that fills": (
        program("d = {}", REMOTE, "put(d, lm.lm_head.output)"),
        (
            "NNS201",
            Severity.SILENT,
            f"{CHANGED} by a function that it calls, and the trace runs remotely",
            COPY,
        ),
    ),
    "a body beside its with": (
        f"d = []\n{REMOTE} d.append(lm.lm_head.output)\n",
        (
            "NNS201",
            Severity.SILENT,
            f"{CHANGED}, and the trace runs remotely; the trace's body has no line of its own",
            COPY,
        ),
    ),
    "a name that 0.4 did not have either": (
        program("", LOCAL, "h = lm.lm_head.output", behind="print(h)"),
        (
            "NNS203",
            Severity.NOTE,
            "`h` is not saved in the trace but read after it: 0.4 raised here too",
            "NameError: name 'h' is not defined",
        ),
    ),
    "a name that had a value": (
        program("h = 1", LOCAL, "h = lm.lm_head.output", behind="print(h)"),
        (
            "NNS203",
            Severity.SILENT,
            LOST.format("h"),
            "silently `h` keeps the value that it had before the trace",
        ),
    ),
    "an object of a class of the file, on a server": (
        program("", REMOTE, "b = Box()", "h = lm.lm_head.output.save()", behind="print(b)"),
        (
            "NNS203",
            Severity.ERROR,
            LOST.format("b")
            + "; no server sends back objects of this file's classes: make it behind the trace",
            "NameError: name 'b' is not defined",
        ),
    ),
    "an object of a class of the file, here": (
        program("", LOCAL, "b = Box()", "h = lm.lm_head.output.save()", behind="print(b)"),
        ("NNS203", Severity.ERROR, LOST.format("b"), "NameError: name 'b' is not defined"),
    ),
    "a counter on a server": (
        program("n = 0", REMOTE, "n = n + 1", "h = lm.lm_head.output.save()", behind="print(n)"),
        ("NNS203", Severity.ERROR, LOST.format("n"), UNBOUND.format("n")),
    ),
    "a counter that may be on a server": (
        anywhere("n = 0", "n = n + 1", "h = lm.lm_head.output.save()", given="n, h"),
        (
            "NNS203",
            Severity.SILENT,
            LOST.format("n"),
            "silently `n` keeps the value that it had before the trace",
        ),
    ),
    "a counter that is wanted in the trace alone": (
        program("n = 0", REMOTE, "n = n + 1", "h = (lm.lm_head.output * n).save()"),
        (
            "NNS203",
            Severity.ERROR,
            "`n` is read in the trace before the trace assigns it, and it may run remotely",
            UNBOUND.format("n"),
        ),
    ),
    "a counter of the invokes": (
        "n = 0\nwith lm.trace() as tracer:\n    for prompt in ('a', 'b'):\n"
        "        with tracer.invoke(prompt):\n            n = n + 1\n"
        "            h = (lm.lm_head.output * n).save()\n",
        (
            "NNS203",
            Severity.SILENT,
            "`n` is bound in an invoke and taken on by the next one",
            "silently every invoke begins with the `n` from beside the invokes",
        ),
    ),
    "a name where an error leads": (
        "try:\n    with lm.trace('a'):\n        h = lm.lm_head.output\n        n = 1\n"
        "        bad = 1 / 0\nexcept ZeroDivisionError:\n    print(n)\n",
        (
            "NNS203",
            Severity.ERROR,
            LOST.format("n") + ", also where an error leads that leaves the trace: there 0.4 had "
            "what was bound so far. Bind it before the trace, or behind it, as it is meant for "
            "traces that fail",
            "NameError: name 'n' is not defined",
        ),
    ),
}


@pytest.mark.parametrize(("body", "said"), SAID.values(), ids=SAID)
def test_what_becomes_of_results_is_said(body: str, said: tuple[str, Severity, str, str]) -> None:
    found = check(HEAD + body, Options(source=Dialect.OLD)).findings
    (finding,) = [each for each in found if each.code == said[0]]
    assert (finding.severity, finding.message, finding.consequence) == said[1:]
