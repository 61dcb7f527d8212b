"""What a finding says will happen is what happens: each exception was seen on nnsight 0.5.15."""

from __future__ import annotations

import pytest

from nnmigrate.engine import check

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
