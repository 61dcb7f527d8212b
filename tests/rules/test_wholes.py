"""Collections of which an invoke takes all items at once, and others fill.

Each program was run on nnsight 0.4.11 and on 0.5.15: those that are found fail there or give other
numbers, and what is made of them gives those of 0.4.
"""

from __future__ import annotations

from textwrap import indent

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.findings import Severity
from nnmigrate.program import Item, build

HEAD = """from nnsight import LanguageModel
import torch

lm = LanguageModel("openai-community/gpt2")
"""

SAFE = {
    "a sum": ("hs = []", "hs", "sum(hs)"),
    "a function of torch": ("hs = []", "hs", "torch.stack(hs).sum(0)"),
    "a comprehension": ("hs = []", "hs", "sum([h * 2 for h in hs])"),
    "a generator": ("hs = []", "hs", "sum(h for h in hs)"),
    "an attribute": ("box = Box()\nbox.hs = []", "box.hs", "sum(box.hs)"),
    "a function of the file": (
        "def total(given):\n    return sum(given)\nhs = []",
        "hs",
        "total(hs)",
    ),
}


def program(before: str, collection: str, value: str, barrier: str = "") -> str:
    made = "    barrier = tracer.barrier(2)\n" if barrier else ""
    called = indent(barrier, "        ")
    return f"""{HEAD}
class Box: pass
{before}
with lm.trace() as tracer:
{made}    with tracer.invoke("a b c"):
        for layer in range(2):
            {collection}.append(lm.transformer.h[layer].mlp.output)
{called}    with tracer.invoke("d e f"):
{called}        lm.transformer.h[2].mlp.output = {value}
        out = lm.lm_head.output.save()
"""


@pytest.mark.parametrize("case", SAFE.values(), ids=SAFE)
def test_a_barrier_lets_all_items_arrive_that_are_taken_at_once(case: tuple[str, str, str]) -> None:
    (finding,) = [each for each in check(program(*case)).findings if each.code != "NNS201"]
    assert (finding.code, finding.severity) == ("NNS101", Severity.SILENT)
    assert finding.consequence.startswith("silently only the items that are there by then")
    assert fix(program(*case)).code == program(*case, barrier="barrier()\n")


@pytest.mark.parametrize("case", SAFE.values(), ids=SAFE)
def test_what_has_its_barrier_is_left_alone(case: tuple[str, str, str]) -> None:
    found = check(program(*case, barrier="barrier()\n")).findings
    assert [each.code for each in found if each.code != "NNS201"] == []


LOOPS = {
    "the items themselves": ("hs = []", "hs.append(value)", "for h in hs:"),
    "their numbers": ("hs = []", "hs.append(value)", "for n, h in enumerate(hs):"),
    "in step with others": ("hs = []", "hs.append(value)", "for n, h in zip(range(2), hs):"),
    "the values of a dictionary": ("hs = {}", "hs[layer] = value", "for h in hs.values():"),
    "its pairs": ("hs = {}", "hs[layer] = value", "for n, h in hs.items():"),
}


@pytest.mark.parametrize(("made", "put", "loop"), LOOPS.values(), ids=LOOPS)
def test_a_loop_over_what_another_invoke_fills_is_found(made: str, put: str, loop: str) -> None:
    code = f"""{HEAD}
{made}
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        for layer in range(2):
            value = lm.transformer.h[layer].mlp.output
            {put}
    with tracer.invoke("d e f"):
        total = 0
        {loop}
            total = total + h
        lm.transformer.h[2].mlp.output = total
        out = lm.lm_head.output.save()
"""
    (finding,) = [each for each in check(code).findings if each.code == "NNS101"]
    assert finding.severity is Severity.SILENT
    assert code[finding.span.start :].startswith("hs")


ALONE = {
    "what the invoke has put in itself": """
hs = []
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        other = lm.lm_head.output.save()
    with tracer.invoke("d e f"):
        hs.append(lm.transformer.h[1].mlp.output)
        lm.lm_head.output = lm.lm_head.output + sum(hs).sum()
""",
    "what is there in time": """
hs = []
with lm.trace() as tracer:
    for prompt in ("a b c", "d e f"):
        with tracer.invoke(prompt):
            hs.append(lm.transformer.h[1].mlp.output)
    with tracer.invoke("c c a"):
        hidden = lm.transformer.h[2].mlp.output
        lm.transformer.h[2].mlp.output = hidden + sum(hs)
""",
    "what was filled before the trace": """
hs = [torch.zeros(1), torch.ones(1)]
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        other = lm.transformer.h[1].mlp.output.save()
    with tracer.invoke("d e f"):
        lm.transformer.h[0].mlp.output[:] = sum(hs)
""",
}


@pytest.mark.parametrize("body", ALONE.values(), ids=ALONE)
def test_what_is_there_is_left_alone(body: str) -> None:
    found = check(HEAD + body).findings
    assert [each.code for each in found if each.code.startswith("NNS1")] == []


def test_only_inside_a_trace_and_of_a_collection_all_items_are_taken() -> None:
    code = f"""{HEAD}
hs = []
print(sum(hs))
with lm.trace("a b c"):
    hidden = lm.transformer.h[1].mlp.output
    total = sum(hidden), torch.stack(*hs), len(hs), sum(hs[0]), max(hs)
"""
    steps = [
        step for scope in build(code).scopes for each in scope.body.walk() for step in each.steps
    ]
    taken = [step for step in steps if isinstance(step, Item) and step.whole]
    assert [code[step.span.start : step.span.end + 1] for step in taken] == ["hs)"]
    assert code[taken[0].span.start - 4 :].startswith("max(")
