"""What a finding says will happen is what happens: each exception was seen on nnsight 0.5.15."""

from __future__ import annotations

from textwrap import indent

import pytest

from nnmigrate.engine import check
from nnmigrate.findings import Severity

HEAD = """from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")


class Box:
    pass


def layer(number):
    return lm.transformer.h[number].output[0]


def inner(box):
    return box["h"]


"""


def crossing(made: str, put: str, *taken: str) -> str:
    """A trace in which one invoke takes too early what another one gives."""
    lines = "".join(f"        {line}\n" for line in taken)
    return f"""{HEAD}{made}
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        {put}
    with tracer.invoke("d e f"):
{lines}"""


def two(giver: str, user: str, beside: str = "", size: int = 0, before: str = "") -> str:
    """A trace of two invokes, perhaps with a barrier, and with something between them."""
    barrier = f"    b = tracer.barrier({size})\n" if size else ""
    return f"""{HEAD}{before}
with lm.trace() as tracer:
{barrier}    with tracer.invoke("a b c"):
{indent(giver, "        ")}{indent(beside, "    ")}    with tracer.invoke("d e f"):
{indent(user, "        ")}"""


CROSSINGS = {
    "a name": (
        crossing("", "h = layer(1)", "layer(2)[:] = h"),
        "NameError: name 'h' is not defined",
    ),
    "a name that its statement binds": (
        crossing("", "h = layer(1)", "h = h * 2", "layer(2)[:] = h"),
        "UnboundLocalError: cannot access local variable 'h'",
    ),
    "a name that a later statement binds": (
        crossing("", "h = layer(1)", "layer(2)[:] = h", "h = 1"),
        "UnboundLocalError: cannot access local variable 'h'",
    ),
    "a name that a block binds": (
        crossing("", "h = layer(1)", "layer(2)[:] = h", "for n in range(2):", "    h = n"),
        "UnboundLocalError: cannot access local variable 'h'",
    ),
    "a name that a comprehension has for itself": (
        crossing("", "h = layer(1)", "layer(2)[:] = h", "numbers = [h for h in range(2)]"),
        "NameError: name 'h' is not defined",
    ),
    "an attribute": (
        crossing("box = Box()", "box.h = layer(1)", "layer(2)[:] = box.h"),
        "AttributeError: the item is missing",
    ),
    "a key": (
        crossing("box = {}", "box['h'] = layer(1)", "layer(2)[:] = box['h']"),
        "KeyError: the item is missing",
    ),
    "a key of an attribute": (
        crossing("box = Box()\nbox.hs = {}", "box.hs['h'] = layer(1)", "layer(2)[:] = box.hs['h']"),
        "KeyError: the item is missing",
    ),
    "a number": (
        crossing("hs = []", "hs.append(layer(1))", "layer(2)[:] = hs[0]"),
        "IndexError or KeyError: the item is missing",
    ),
    "what a function takes": (
        crossing("box = {}", "box['h'] = layer(1)", "layer(2)[:] = inner(box)"),
        "AttributeError or KeyError: the item is missing",
    ),
}


@pytest.mark.parametrize(("code", "said"), CROSSINGS.values(), ids=CROSSINGS)
def test_what_comes_too_late_raises_what_is_said(code: str, said: str) -> None:
    (finding,) = [each for each in check(code).findings if each.code == "NNS101"]
    assert finding.consequence == said


OTHERS = {
    "a barrier behind the last module": (
        "NNS103",
        Severity.ERROR,
        two("h = layer(1)\nx = lm.lm_head.output\nb()\n", "b()\nlayer(2)[:] = h\n", size=2),
        "`b` holds the invokes at the wrong place: `layer(2)` has passed when they go on",
        "ValueError: Execution complete but `layer(2)` was not provided",
    ),
    "a barrier that waits for more": (
        "NNS103",
        Severity.ERROR,
        two("h = layer(1)\nb()\n", "b()\nlayer(2)[:] = h\n", size=3),
        "`b` holds the invokes at the wrong place: not as many invokes call it as it waits for",
        "TypeError: cannot unpack non-iterable NoneType object",
    ),
    "a barrier before the value": (
        "NNS103",
        Severity.ERROR,
        two("b()\nh = layer(1)\n", "b()\nlayer(2)[:] = h\n", size=2),
        "`b` holds the invokes at the wrong place: the values that it is for are not there in time",
        "NameError, or silently an older value",
    ),
    "a barrier that holds up a change": (
        "NNS103",
        Severity.SILENT,
        two("x = layer(2)\nb()\n", "h = layer(0)\nb()\nh[:] = 0\n", size=2),
        "`b` holds the invokes at the wrong place: `h[:] = 0` comes when the model has gone on",
        "silently without effect",
    ),
    "a module that has passed": (
        "NNS106",
        Severity.ERROR,
        two("x = layer(2)\nh = layer(1)\n", "y = layer(0)\n"),
        "`layer(1)` has passed when it is asked for: this invoke waits for a later module before",
        "OutOfOrderError: Value was missed for `layer(1)`",
    ),
    "a module that has passed at a barrier": (
        "NNS106",
        Severity.ERROR,
        two("x = layer(2)\nb()\nh = layer(1)\n", "y = layer(2)\nb()\n", size=2),
        "`layer(1)` has passed when it is asked for: "
        "this invoke waits for a later module, or at a barrier, before",
        "OutOfOrderError: Value was missed for `layer(1)`",
    ),
    "a name beside the invokes": (
        "NNS104",
        Severity.ERROR,
        two("h = layer(1)\n", "y = layer(0)\n", "m = h * 2\n"),
        "`h` is bound in an invoke, but this statement runs before every invoke",
        "UnboundLocalError: cannot access local variable 'h'",
    ),
    "a name beside the invokes that had a value": (
        "NNS104",
        Severity.SILENT,
        two("h = layer(1)\n", "y = layer(0)\n", "m = h * 2\n", before="h = 1"),
        "`h` is bound in an invoke, but this statement runs before every invoke",
        "silently the value that `h` had before the trace is used",
    ),
    "a list beside the invokes": (
        "NNS104",
        Severity.SILENT,
        two("hs.append(layer(1))\n", "y = layer(0)\n", "m = sum(hs)\n", before="hs = []"),
        "`hs` is filled in an invoke, but this statement runs before every invoke",
        "`hs` is still without what the invokes put in",
    ),
    "an item of an empty list beside the invokes": (
        "NNS104",
        Severity.ERROR,
        two("hs.append(layer(1))\n", "y = layer(0)\n", "m = hs[0] * 2\n", before="hs = []"),
        "`hs` is filled in an invoke, but this statement runs before every invoke",
        "IndexError: nothing has been put in",
    ),
    "an item of an empty dictionary beside the invokes": (
        "NNS104",
        Severity.ERROR,
        two("hs['a'] = layer(1)\n", "y = layer(0)\n", "m = hs['a'] * 2\n", before="hs = {}"),
        "`hs` is filled in an invoke, but this statement runs before every invoke",
        "KeyError: nothing has been put in",
    ),
    "an item of a list with items beside the invokes": (
        "NNS104",
        Severity.SILENT,
        two("hs[0] = layer(1)\n", "y = layer(0)\n", "m = hs[0] * 2\n", before="hs = [1]"),
        "`hs` is filled in an invoke, but this statement runs before every invoke",
        "`hs` is still without what the invokes put in",
    ),
    "an item of a default dictionary beside the invokes": (
        "NNS104",
        Severity.SILENT,
        two(
            "hs['a'] += layer(1)\n",
            "y = layer(0)\n",
            "m = hs['a'] * 2\n",
            before="from collections import defaultdict\nhs = defaultdict(int)",
        ),
        "`hs` is filled in an invoke, but this statement runs before every invoke",
        "`hs` is still without what the invokes put in",
    ),
    "an item that is not known of a list beside the invokes": (
        "NNS104",
        Severity.SILENT,
        two("hs.append(layer(1))\n", "y = layer(0)\n", "m = hs[k] * 2\n", before="hs = []"),
        "`hs` is filled in an invoke, but this statement runs before every invoke",
        "`hs` is still without what the invokes put in",
    ),
    "a list beside the invokes that is shown": (
        "NNS104",
        Severity.SILENT,
        two(
            "hs.append(layer(1))\n",
            "y = layer(0)\n",
            "m = print(hs)\n",
            before="hs = []",
        ),
        "`hs` is filled in an invoke, but this statement runs before every invoke",
        "`hs` is still without what the invokes put in",
    ),
    "an item of a list beside the invokes that may be another": (
        "NNS104",
        Severity.SILENT,
        two(
            "hs.append(layer(1))\n", "y = layer(0)\n", "m = hs[0] * 2\n", before="hs = []\nhs = [1]"
        ),
        "`hs` is filled in an invoke, but this statement runs before every invoke",
        "`hs` is still without what the invokes put in",
    ),
    "a module beside the invokes": (
        "NNS104",
        Severity.ERROR,
        two("h = layer(1)\n", "y = layer(0)\n", "m = lm.lm_head.output\n"),
        "a module is read beside the invokes, where no prompt is running",
        "ValueError: Cannot return output of Envoy that is not interleaving",
    ),
    "a name that had a value before": (
        "NNS102",
        Severity.SILENT,
        two("h = layer(1)\n", "layer(2)[:] = h\n", before="h = 1"),
        "`h` is not the value that the earlier invoke makes: "
        "the name is also bound outside the invokes, and that value is seen",
        "silently the value that `h` had before the trace is used",
    ),
    "a name that is bound again": (
        "NNS102",
        Severity.SILENT,
        two(
            "h = lm.transformer.h[0].output\nh = lm.transformer.h[1].output\n",
            "y = lm.transformer.h[0].output\nlayer(2)[:] = h\n",
        ),
        "`h` is not the value that the earlier invoke makes: "
        "the invoke binds the name more than once, and the first value arrives",
        "silently another value of `h` is used",
    ),
}


@pytest.mark.parametrize(
    ("code", "severity", "program", "message", "said"), OTHERS.values(), ids=OTHERS
)
def test_what_else_goes_wrong_among_invokes_is_said_in_its_words(
    code: str, severity: Severity, program: str, message: str, said: str
) -> None:
    (finding,) = [each for each in check(program).findings if each.code == code]
    assert finding.severity is severity
    assert (finding.message, finding.consequence) == (message, said)


@pytest.mark.parametrize("name", ["a name that had a value before", "a name that is bound again"])
def test_what_is_silent_is_not_said_to_raise_as_well(name: str) -> None:
    found = check(OTHERS[name][2]).findings
    assert [each.code for each in found if each.code.startswith("NNS1")] == ["NNS102"]
