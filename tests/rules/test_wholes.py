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
    total = sum(hidden), torch.stack(*hs), len(hs), sum(hs[0]), max(hs), isinstance(hs, list)
"""
    steps = [
        step for scope in build(code).scopes for each in scope.body.walk() for step in each.steps
    ]
    taken = [step for step in steps if isinstance(step, Item) and step.whole]
    taken_by = [code[step.span.start - 4 : step.span.end + 1] for step in taken]
    assert taken_by == ["ck(*hs)", "len(hs)", "max(hs)"]


# What hands a whole collection on, by what it imports or defines, and how.
HANDED = {
    "a function that was imported": ("from torch import stack", "stack(hs)"),
    "one by another name": ("from torch import stack as pile", "pile(hs)"),
    "one that a name stands for": ("pile = torch.stack", "pile(hs)"),
    "a keyword": ("", "torch.stack(tensors=hs)"),
    "a function out of view": ("from functools import reduce", "reduce(torch.add, hs)"),
    "a lambda": ("pile = lambda xs: torch.stack(xs)", "pile(hs)"),
    "a partial function": (
        "from functools import partial\npile = partial(torch.stack, dim=0)",
        "pile(hs)",
    ),
    "a function of the file by a keyword": (
        "def pile(*, xs):\n    return torch.stack(xs)",
        "pile(xs=hs)",
    ),
    "positional arguments": ("add = lambda *xs: xs[0] + xs[-1]", "add(*hs)"),
    "a display": ("", "torch.stack([*hs])"),
    "a sum of lists": ("", "torch.stack(hs + hs)"),
    "a multiple": ("", "torch.stack(hs * 2)"),
    "a copy": ("", "torch.stack(hs.copy())"),
    "a choice": ("", "torch.stack(hs if lm else [])"),
    "another list that is extended": ("", "torch.stack(ks)", "ks = []", "ks.extend(hs)"),
    "another list that grows": ("", "torch.stack(ks)", "ks = []", "ks += hs"),
    "another name": ("", "torch.stack(ks)", "ks = hs"),
    "names for the items": ("", "first + second", "first, second = hs"),
    "its length": ("", "lm.transformer.h[2].input * size", "size = len(hs)"),
    "whether it has any": ("", "lm.transformer.h[2].input * k", "k = 2 if hs else 1"),
    "a condition": ("", "lm.transformer.h[2].input * k", "k = 1", "if not hs:", "    k = 2"),
}


def handed(before: str, value: str, *lines: str, barrier: bool = False) -> str:
    call = ["barrier()"] if barrier else []
    taken = indent("\n".join([*call, *lines, f"total = ({value}).sum().save()"]), "        ")
    made = "    barrier = tracer.barrier(2)\n" if barrier else ""
    called = "        barrier()\n" if barrier else ""
    return f"""{HEAD}
{before}
with lm.trace() as tracer:
{made}    hs = []
    with tracer.invoke("a b c"):
        for layer in range(2):
            hs.append(lm.transformer.h[layer].mlp.output)
{called}    with tracer.invoke("d e f"):
{taken}
"""


@pytest.mark.parametrize("case", HANDED.values(), ids=HANDED)
def test_however_a_list_is_handed_on_its_items_have_to_be_there(case: tuple[str, ...]) -> None:
    found = check(handed(*case)).findings
    assert [each.code for each in found] == ["NNS101"]
    mended = fix(handed(*case)).code
    assert mended.count("barrier()") == 2
    assert [each.code for each in check(mended).findings] == []


@pytest.mark.parametrize("case", HANDED.values(), ids=HANDED)
def test_a_list_that_is_handed_on_behind_a_barrier_is_left_alone(case: tuple[str, ...]) -> None:
    assert [each.code for each in check(handed(*case, barrier=True)).findings] == []


KEYED = {
    "the value of a key": ("", "acts.get('a')"),
    "a spread dictionary": ("", "sum({**acts}.values())"),
    "arguments": ("def add(a, b):\n    return a + b", "add(**acts)"),
    "another dictionary": ("", "sum(dict(acts).values())"),
    "a copy": ("", "sum(acts.copy().values())"),
    "a union": ("", "sum((acts | {}).values())"),
    "whether there is a key": ("", "lm.transformer.h[2].input * k", "k = 'a' in acts"),
    "one that is updated": ("", "sum(more.values())", "more = {}", "more.update(acts)"),
}


@pytest.mark.parametrize("case", KEYED.values(), ids=KEYED)
def test_however_a_dictionary_is_handed_on_its_items_have_to_be_there(
    case: tuple[str, ...],
) -> None:
    before, value, *lines = case
    taken = indent("\n".join([*lines, f"total = ({value}).sum().save()"]), "        ")
    code = f"""{HEAD}
{before}
with lm.trace() as tracer:
    acts = {{}}
    with tracer.invoke("a b c"):
        acts["a"] = lm.transformer.h[0].mlp.output
        acts["b"] = lm.transformer.h[1].mlp.output
    with tracer.invoke("d e f"):
{taken}
"""
    assert [each.code for each in check(code).findings] == ["NNS101"]
    assert [each.code for each in check(fix(code).code).findings] == []


UNTOUCHED = {
    "the list itself": "same = hs is None",
    "its kind": "same = isinstance(hs, list)",
    "one more item": "hs.append(lm.transformer.h[0].mlp.output)",
    "a name alone": "ks = hs",
    "a list of its own": "ks = [1]; torch.tensor(ks)",
}


@pytest.mark.parametrize("line", UNTOUCHED.values(), ids=UNTOUCHED)
def test_a_list_of_which_nothing_is_taken_needs_no_barrier(line: str) -> None:
    code = handed("", "lm.lm_head.output", line)
    assert [each.code for each in check(code).findings] == []
