"""Accesses out of the model's order: what is left alone, what is put in order, what stays.

Each program that is left alone or rewritten was run on nnsight 0.4.11 and, as it is left or
rewritten here, on 0.5.15: the results are equal.
"""

from __future__ import annotations

import re

import pytest

from nnmigrate.engine import check, fix

HEAD = """from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
"""


def codes(body: str) -> list[str]:
    found = check(HEAD + body).findings
    return sorted({each.code for each in found if each.code.startswith("NNS1")})


ALONE = {
    "in order": """
with lm.trace("a b c"):
    early = lm.transformer.h[1].output.save()
    late = lm.transformer.h[3].output.save()
""",
    "the same module twice": """
with lm.trace("a b c"):
    one = lm.transformer.h[1].output.save()
    two = lm.transformer.h[1].output.save()
""",
    "an input before its output": """
with lm.trace("a b c"):
    before = lm.transformer.h[1].input.save()
    after = lm.transformer.h[1].output.save()
""",
    "a child before its parent": """
with lm.trace("a b c"):
    part = lm.transformer.h[1].mlp.c_fc.output.save()
    whole = lm.transformer.h[1].output.save()
""",
    "one loop over the parts of each layer": """
attn, mlp = [], []
with lm.trace("a b c"):
    for layer in range(3):
        attn.append(lm.transformer.h[layer].attn.output[0].save())
        mlp.append(lm.transformer.h[layer].mlp.output.save())
""",
    "two comprehensions, one after the other": """
with lm.trace("a b c"):
    first = sum([lm.transformer.h[layer].output[0] for layer in range(2)]).save()
    second = sum([lm.transformer.h[layer].output[0] for layer in range(2, 4)]).save()
""",
    "one loop over all layers": """
attn, mlp = [], []
with lm.trace("a b c"):
    for layer in lm.transformer.h:
        attn.append(layer.attn.output[0].save())
        mlp.append(layer.mlp.output.save())
""",
    "two loops over parts of the layers": """
first, second = [], []
with lm.trace("a b c"):
    for layer in lm.transformer.h[:2]:
        first.append(layer.output[0].save())
    for layer in lm.transformer.h[2:]:
        second.append(layer.mlp.output.save())
""",
    "a loop of each invoke over all layers": """
first, second = [], []
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        for layer in lm.transformer.h:
            first.append(layer.output[0].save())
    with tracer.invoke("d e f"):
        for layer in lm.transformer.h:
            second.append(layer.mlp.output.save())
""",
    "a counter that does not begin at the first layer": """
count = lm.config.n_layer
first, second = [], []
with lm.trace("a b c"):
    first.append(lm.transformer.h[0].output[0].save())
    for layer in range(1, count):
        second.append(lm.transformer.h[layer].mlp.output.save())
""",
    "the generator's output last": """
with lm.generate("a b c", max_new_tokens=1):
    hidden = lm.transformer.h[1].output.save()
    ids = lm.generator.output.save()
""",
    "a handle that is changed at once": """
with lm.trace("a b c"):
    target = lm.transformer.h[1].mlp.output
    target[:, 1] = 0
    last = lm.lm_head.output.save()
""",
    "a value bound once and read after a later module": """
with lm.trace("a b c"):
    hidden = lm.transformer.h[1].output
    late = lm.transformer.h[3].output
    total = (late[0] + hidden[0]).save()
""",
    "modules of which nothing is known": """
with lm.trace("a b c"):
    one = lm.visual.encoder.output.save()
    two = lm.projector.output.save()
""",
    "one invoke after another": """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        late = lm.transformer.h[3].output.save()
    with tracer.invoke("d e f"):
        early = lm.transformer.h[1].output.save()
""",
    "one trace after another": """
with lm.trace("a b c"):
    late = lm.transformer.h[3].output.save()
with lm.trace("a b c"):
    early = lm.transformer.h[1].output.save()
""",
    "a gradient, last layer first": """
with lm.trace("a b c"):
    early = lm.transformer.h[1].output
    late = lm.transformer.h[3].output
    with lm.lm_head.output.sum().backward():
        g3 = late.grad.save()
        g1 = early.grad.save()
""",
}

CHANGED = {
    "out of order": (
        """
with lm.trace("a b c"):
    late = lm.transformer.h[3].output.save()
    early = lm.transformer.h[1].output.save()
""",
        ["NNS106"],
        """
with lm.trace("a b c"):
    early = lm.transformer.h[1].output.save()
    late = lm.transformer.h[3].output.save()
""",
    ),
    "out of order through a layer list": (
        """
def read(model):
    layers = model.transformer.h
    with model.trace() as tracer:
        with tracer.invoke("a b c"):
            late = layers[3].output.save()
            early = layers[1].output.save()
    return late, early

got = read(lm)
""",
        ["NNS106"],
        """
def read(model):
    layers = model.transformer.h
    with model.trace() as tracer:
        with tracer.invoke("a b c"):
            early = layers[1].output.save()
            late = layers[3].output.save()
    return late, early

got = read(lm)
""",
    ),
    "out of order in a known turn": (
        """
for layer in (0, 1):
    with lm.trace("a b c"):
        late = lm.transformer.h[1].output.save()
        early = lm.transformer.h[layer].output.save()
""",
        ["NNS106"],
        """
for layer in (0, 1):
    with lm.trace("a b c"):
        early = lm.transformer.h[layer].output.save()
        late = lm.transformer.h[1].output.save()
""",
    ),
    "a change after a later layer was read": (
        """
with lm.trace("a b c"):
    late = lm.transformer.h[3].output.save()
    lm.transformer.h[0].output[0][:] = 1.0
""",
        ["NNS106"],
        """
with lm.trace("a b c"):
    lm.transformer.h[0].output[0][:] = 1.0
    late = lm.transformer.h[3].output.save()
""",
    ),
    "a handle moves with what changes it": (
        """
with lm.trace("a b c"):
    last = lm.lm_head.output.save()
    target = lm.transformer.h[1].mlp.output
    target[:, 1] = 0  # the second word
""",
        ["NNS106"],
        """
with lm.trace("a b c"):
    target = lm.transformer.h[1].mlp.output
    target[:, 1] = 0  # the second word
    last = lm.lm_head.output.save()
""",
    ),
    "a handle whose name has another meaning above": (
        """
with lm.trace("a b c"):
    target = lm.transformer.h[3].output[0]
    target[:, 0] = 0
    target = lm.transformer.h[1].mlp.output
    target[:, 1] = 0
    last = lm.lm_head.output.save()
""",
        ["NNS106"],
        """
with lm.trace("a b c"):
    target_2 = lm.transformer.h[1].mlp.output
    target_2[:, 1] = 0
    target = lm.transformer.h[3].output[0]
    target[:, 0] = 0
    last = lm.lm_head.output.save()
""",
    ),
    "what a statement needs moves along": (
        """
with lm.trace("a b c"):
    last = lm.lm_head.output.save()
    factor = 2
    half = (lm.transformer.h[1].mlp.output * factor).save()
""",
        ["NNS106"],
        """
with lm.trace("a b c"):
    factor = 2
    half = (lm.transformer.h[1].mlp.output * factor).save()
    last = lm.lm_head.output.save()
""",
    ),
    "a child after its parent": (
        """
with lm.trace("a b c"):
    whole = lm.transformer.h[1].output.save()
    part = lm.transformer.h[1].mlp.c_fc.output.save()
""",
        ["NNS106"],
        """
with lm.trace("a b c"):
    part = lm.transformer.h[1].mlp.c_fc.output.save()
    whole = lm.transformer.h[1].output.save()
""",
    ),
    "two comprehensions over all layers": (
        """
with lm.trace("a b c"):
    outs = [layer.output[0] for layer in lm.transformer.h]
    mlps = [layer.mlp.output for layer in lm.transformer.h]
    total = (sum(outs) + sum(mlps)).save()
""",
        ["NNS106"],
        """
with lm.trace("a b c"):
    mlps = []
    outs = []
    for layer in lm.transformer.h:
        mlps.append(layer.mlp.output)
        outs.append(layer.output[0])
    total = (sum(outs) + sum(mlps)).save()
""",
    ),
    "two loops over all layers": (
        """
outs, mlps = [], []
with lm.trace("a b c"):
    for layer in lm.transformer.h:
        outs.append(layer.output[0].save())
    for layer in lm.transformer.h:
        mlps.append(layer.mlp.output.save())
""",
        ["NNS106"],
        """
outs, mlps = [], []
with lm.trace("a b c"):
    for layer in lm.transformer.h:
        mlps.append(layer.mlp.output.save())
        outs.append(layer.output[0].save())
""",
    ),
    "a loop that sets what the later one reads": (
        """
more = []
with lm.trace("a b c"):
    for layer in range(3):
        lm.transformer.h[layer].output[0][:] = 0
    for layer in range(3):
        more.append(lm.transformer.h[layer].output[0].save())
""",
        ["NNS106"],
        """
more = []
with lm.trace("a b c"):
    for layer in range(3):
        lm.transformer.h[layer].output[0][:] = 0
        more.append(lm.transformer.h[layer].output[0].save())
""",
    ),
    "two comprehensions over as many layers as there are": (
        """
count = lm.config.n_layer
with lm.trace("a b c"):
    outs = [lm.transformer.h[n].output[0] for n in range(count)]
    mlps = [lm.transformer.h[n].mlp.output for n in range(count)]
    total = (sum(outs) + sum(mlps)).save()
""",
        ["NNS106"],
        """
count = lm.config.n_layer
with lm.trace("a b c"):
    mlps = []
    outs = []
    for n in range(count):
        mlps.append(lm.transformer.h[n].mlp.output)
        outs.append(lm.transformer.h[n].output[0])
    total = (sum(outs) + sum(mlps)).save()
""",
    ),
    "the generator's output before the layers": (
        """
with lm.generate("a b c", max_new_tokens=1):
    ids = lm.generator.output.save()
    hidden = lm.transformer.h[1].output.save()
""",
        ["NNS106"],
        """
with lm.generate("a b c", max_new_tokens=1):
    hidden = lm.transformer.h[1].output.save()
    ids = lm.generator.output.save()
""",
    ),
    "two comprehensions over the same layers": (
        """
with lm.trace("a b c"):
    attn = [lm.transformer.h[l].attn.output[0] for l in range(3)]
    mlp = {l: lm.transformer.h[l].mlp.output for l in range(3)}
    change = (attn[2] - mlp[0]).save()
""",
        ["NNS106"],
        """
with lm.trace("a b c"):
    attn = []
    mlp = {}
    for l in range(3):
        attn.append(lm.transformer.h[l].attn.output[0])
        mlp[l] = lm.transformer.h[l].mlp.output
    change = (attn[2] - mlp[0]).save()
""",
    ),
    "two loops over the same layers": (
        """
attn, mlp = [], []
with lm.trace("a b c"):
    for l in range(3):
        attn.append(lm.transformer.h[l].attn.output[0].save())
    for l in range(3):
        mlp.append(lm.transformer.h[l].mlp.output.save())
""",
        ["NNS106"],
        """
attn, mlp = [], []
with lm.trace("a b c"):
    for l in range(3):
        attn.append(lm.transformer.h[l].attn.output[0].save())
        mlp.append(lm.transformer.h[l].mlp.output.save())
""",
    ),
    "a loop that uses each layer's own item": (
        """
with lm.trace("a b c"):
    acts = {l: lm.transformer.h[l].mlp.output for l in range(3)}
    for l in range(3):
        lm.transformer.h[l].output[0][:, 0] = acts[l][:, 0]
    out = lm.lm_head.output.save()
""",
        ["NNS105", "NNS106"],
        """
with lm.trace("a b c"):
    acts = {}
    for l in range(3):
        acts[l] = lm.transformer.h[l].mlp.output
        lm.transformer.h[l].output[0][:, 0] = acts[l][:, 0]
    out = lm.lm_head.output.save()
""",
    ),
    "a second read of a module, bound before": (
        """
with lm.trace("a b c"):
    inner = lm.transformer.h[1].mlp.output
    late = lm.transformer.h[3].output[0]
    total = (late + lm.transformer.h[1].mlp.output).sum().save()
""",
        ["NNS106"],
        """
with lm.trace("a b c"):
    inner = lm.transformer.h[1].mlp.output
    late = lm.transformer.h[3].output[0]
    total = (late + inner).sum().save()
""",
    ),
    "two modules in one statement": (
        """
with lm.trace("a b c"):
    change = (lm.transformer.h[3].output[0] - lm.transformer.h[1].output[0]).sum().save()
""",
        ["NNS106"],
        """
with lm.trace("a b c"):
    h_output = lm.transformer.h[1].output
    change = (lm.transformer.h[3].output[0] - h_output[0]).sum().save()
""",
    ),
    "the input after the output, at every turn": (
        """
outs = []
with lm.trace("a b c"):
    for l in range(3):
        outs.append(lm.transformer.h[l].output[0].save())
        outs.append(lm.transformer.h[l].input.save())
""",
        ["NNS106"],
        """
outs = []
with lm.trace("a b c"):
    for l in range(3):
        h_input = lm.transformer.h[l].input
        outs.append(lm.transformer.h[l].output[0].save())
        outs.append(h_input.save())
""",
    ),
    "an earlier layer under a condition": (
        """
def look(flag):
    with lm.trace("a b c"):
        late = lm.transformer.h[3].output.save()
        if flag:
            early = lm.transformer.h[1].output.save()
    return late
""",
        ["NNS106"],
        """
def look(flag):
    with lm.trace("a b c"):
        if flag:
            early = lm.transformer.h[1].output.save()
        late = lm.transformer.h[3].output.save()
    return late
""",
    ),
}

STAYS = {
    "a loop that reads what the later one binds": """
outs = []
scale = 1.0
with lm.trace("a b c"):
    for layer in range(3):
        outs.append((lm.transformer.h[layer].output[0] * scale).save())
    for layer in range(3):
        scale = lm.transformer.h[layer].mlp.output.mean()
    last = scale.save()
""",
    "a tensor that is changed before something is computed of it": """
with lm.trace("a b c"):
    lm.transformer.h[4].input[:] = 0
    hidden = lm.transformer.h[3].output[0]
    total = hidden.sum().save()
""",
    "a value whose tensor is changed before it is wanted": """
with lm.trace("a b c"):
    lm.transformer.h[4].input[:] = 0
    late = lm.transformer.h[4].attn.output[0]
    total = (late + lm.transformer.h[3].output[0]).sum().save()
""",
    "a change with what a later layer gives": """
with lm.trace("a b c"):
    late = lm.transformer.h[3].output
    lm.transformer.h[0].output[:] = late
    out = lm.lm_head.output.save()
""",
    "a change that another one stands before": """
with lm.trace("a b c"):
    late = lm.transformer.h[3].output
    scale = late.mean()
    lm.transformer.h[1].mlp.output[:] = scale
    out = lm.lm_head.output.save()
""",
    "a layer in the middle of a loop over others": """
with lm.trace("a b c"):
    middle = lm.transformer.h[1].attn.output
    total = 0
    for l in range(3):
        total = total + lm.transformer.h[l].output[0]
    out = (total + middle[0]).save()
""",
}


@pytest.mark.parametrize("body", ALONE.values(), ids=ALONE.keys())
def test_what_is_in_order_is_left_alone(body: str) -> None:
    assert codes(body) == []
    assert fix(HEAD + body, unsafe=True).code == HEAD + body


@pytest.mark.parametrize(("body", "found", "after"), CHANGED.values(), ids=CHANGED.keys())
def test_what_is_out_of_order_is_put_in_order(body: str, found: list[str], after: str) -> None:
    assert codes(body) == found
    assert fix(HEAD + body).code == HEAD + after
    assert codes(after) == []
    assert fix(HEAD + after).code == HEAD + after


@pytest.mark.parametrize("body", STAYS.values(), ids=STAYS.keys())
def test_what_no_order_helps_is_said_and_left(body: str) -> None:
    assert "NNS106" in codes(body)
    assert fix(HEAD + body, unsafe=True).code == HEAD + body


GIVEN = """
def refresh(submodule, inwards, text):
    with lm.trace(text):
        if inwards:
            hidden = submodule.inputs[0].save()
        else:
            hidden = submodule.output.save()
        given = lm.inputs.save()
    return hidden, given
"""


def test_what_goes_into_the_model_comes_before_any_module_that_is_given() -> None:
    done = fix(HEAD + GIVEN)
    assert [each.code for each in done.applied] == ["NNS106"]
    first, second = done.code.index("lm.inputs"), done.code.index("if inwards")
    assert first < second


def test_two_modules_that_are_given_may_be_in_order() -> None:
    body = """
def refresh(first, second, text):
    with lm.trace(text):
        one = first.output.save()
        two = second.output.save()
        logits = lm.lm_head.output.save()
    return one, two, logits
"""
    assert codes(body) == []


def test_two_late_accesses_of_one_trace_are_put_in_order_one_after_the_other() -> None:
    """Each fix was tried alone: two at once might undo each other."""
    body = """
with lm.trace("a b c"):
    hidden = lm.transformer.h[3].mlp.output
    hidden = lm.transformer.h[2].input
    hidden = lm.transformer.h[0].input
    kept = hidden.save()
"""
    fixed = fix(HEAD + body)
    assert [each for each in fixed.remaining if each.code == "NNS106"] == []
    assert fixed.code.index("h[0].input") < fixed.code.index("h[2].input")
    assert "    h_input = lm.transformer.h[0].input\n" in fixed.code
    assert "    hidden = h_input\n" in fixed.code


def test_many_late_accesses_of_one_trace_are_put_in_order_in_one_round() -> None:
    layers = range(150, 0, -1)
    body = "".join(f"    out_{n} = lm.transformer.h[{n}].output[0].save()\n" for n in layers)
    fixed = fix(HEAD + 'with lm.trace("a b c"):\n' + body)
    assert (fixed.remaining, fixed.failures) == ((), ())
    found = re.findall(r"h\[(\d+)\]", fixed.code)
    assert found == sorted(found, key=int)
    assert {one.fix.message for one in fixed.applied if one.fix} == {
        "Read each before the later modules"
    }


def test_what_a_moved_statement_needs_moves_along_when_many_move() -> None:
    body = 'with lm.trace("a b c"):\n'
    for number in range(8, 1, -1):
        body += f"    scale_{number} = {number} * 2\n"
        body += (
            f"    out_{number} = (lm.transformer.h[{number}].output[0] * scale_{number}).save()\n"
        )
    fixed = fix(HEAD + body)
    assert (fixed.remaining, fixed.failures) == ((), ())
    for number in range(2, 9):
        assert fixed.code.index(f"scale_{number} =") < fixed.code.index(f"out_{number} =")


def test_many_values_that_are_wanted_late_are_each_bound_where_they_are_there() -> None:
    body = 'with lm.trace("a b c"):\n'
    for number in range(6):
        late, early = f"lm.transformer.h[{number + 1}].output", f"lm.transformer.h[{number}].output"
        body += f"    change_{number} = ({late}[0] - {early}[0]).save()\n"
    fixed = fix(HEAD + body)
    assert (fixed.remaining, fixed.failures) == ((), ())
    assert "    h_output = lm.transformer.h[0].output\n    change_0" in fixed.code
    assert "change_5 = (lm.transformer.h[6].output[0] - h_output_6[0]).save()" in fixed.code
    assert {one.fix.message for one in fixed.applied if one.fix} == {
        "Bind each once, where it is there"
    }


def test_many_that_cannot_be_moved_are_told_of_without_a_fix() -> None:
    body = 'with lm.trace("a b c"):\n'
    for number in range(7, 1, -1):
        body += f"    try:\n        out_{number} = lm.transformer.h[{number}].output[0].save()\n"
        body += "    finally:\n        pass\n"
    found = [one for one in check(HEAD + body).findings if one.code == "NNS106"]
    assert len(found) == 5
    assert [one.fix for one in found] == [None] * 5


BODY = (
    "{0}with lm.trace('a'):\n{0}    b = lm.transformer.h[2].output.save()\n"
    "{0}    a = lm.transformer.h[0].output.save()\n"
)
WANTED = {
    "pytest": "import pytest\nwith pytest.raises(Exception):\n" + BODY.format("    "),
    "unittest": "class T:\n    def test(self):\n        with self.assertRaises(ValueError):\n"
    + BODY.format(" " * 12),
    "caught": "try:\n" + BODY.format("    ") + "except Exception as e:\n    print(e)\n",
}
HEAD_106 = "from nnsight import LanguageModel\nlm = LanguageModel('gpt2')\n"


@pytest.mark.parametrize("code", WANTED.values(), ids=WANTED)
def test_an_error_that_is_waited_for_is_left_alone(code: str) -> None:
    assert not [f for f in check(HEAD_106 + code).findings if f.code == "NNS106"]


def test_code_for_0_4_did_not_wait_for_it() -> None:
    code = "with lm.trace('a', scan=True):\n    pass\n" + WANTED["caught"]
    assert [f for f in check(HEAD_106 + code).findings if f.code == "NNS106"]


# Loops against the order of the layers: each raises `OutOfOrderError` on 0.5.15.
FALLING = {
    "modules reversed": "for layer in reversed(lm.transformer.h):\n    x = layer.output.save()",
    "a slice backwards": "for layer in lm.transformer.h[::-1]:\n    x = layer.output.save()",
    "numbers down to zero": "for n in range(len(lm.transformer.h) - 1, -1, -1):",
    "numbers reversed": "for n in reversed(range(len(lm.transformer.h))):",
    "a range backwards": "for n in range(COUNT)[::-1]:",
    "a list sorted downwards": "for n in sorted([0, 2, 1], reverse=True):",
    "a constant": "for n in LAYERS:",
    "a constant backwards": "for n in list(range(4))[::-1]:",
    "pairs": "for n, head in [(3, 0), (1, 1)]:",
    "pairs in a constant": "for n, head in PAIRS:",
    "from the last one": "for n in range(COUNT):\n    x = lm.h[COUNT - 1 - n].output.save()",
    "from the length": "for n in range(COUNT):\n    x = lm.h[len(lm.h) - (n + 1)].output.save()",
    "below zero": "for n in range(COUNT):\n    x = lm.h[-n - 1].output.save()",
    "turned bits": "for n in range(COUNT):\n    x = lm.h[~n].output.save()",
    "below zero from one on": "for n in range(1, COUNT):\n    x = lm.h[-n].output.save()",
    "a number less": "for n in range(4):\n    x = lm.h[11 - n].output.save()",
    "a number less a known one": "for n in [0, 1]:\n    x = lm.h[3 - n + 1].output.save()",
}
RISING = {
    "a slice": "for layer in lm.h[0:3:2]:\n    x = layer.output.save()",
    "twice": "for layer in lm.h[::-1][::-1]:\n    x = layer.output.save()",
    "a list sorted": "for n in sorted([2, 0, 1]):",
    "a constant backwards": "for n in LAYERS[::-1]:",
    "pairs": "for n, head in [(1, 0), (3, 1)]:",
    "a step of which nothing is known": "for n in range(0, 3, COUNT):",
    "from the last one": "for n in range(COUNT)[::-1]:\n    x = lm.h[COUNT - 1 - n].output.save()",
    "a number less": "for n in range(4)[::-1]:\n    x = lm.h[11 - n].output.save()",
    "the first, then the last": "for n in range(COUNT):\n    x = lm.h[-n].output.save()",
    "what grows as fast": "for n in range(COUNT):\n    x = lm.h[COUNT - n].output.save()\n"
    "    COUNT = COUNT + 2",
    "each in its turn": "for n in range(COUNT):\n    y = lm.h[n].mlp.output[0, COUNT - n].save()\n"
    "    x = lm.h[n].output.save()",
}


def loop(head: str) -> str:
    body = head if "\n" in head else f"{head}\n    x = lm.transformer.h[n].output.save()"
    consts = "import os\nCOUNT = int(os.environ['N'])\nLAYERS = [3, 1]\nPAIRS = [(3, 0), (1, 1)]\n"
    return consts + "with lm.trace('a b c'):\n    " + body.replace("\n", "\n    ") + "\n"


@pytest.mark.parametrize("head", FALLING.values(), ids=FALLING)
def test_a_loop_against_the_order_of_the_layers_is_found(head: str) -> None:
    assert codes(loop(head)) == ["NNS106"]


@pytest.mark.parametrize("head", RISING.values(), ids=RISING)
def test_a_loop_in_the_order_of_the_layers_is_left_alone(head: str) -> None:
    assert codes(loop(head)) == []


OF_A_CALL = """
def without(given):
    with lm.trace("a b c"):
        {loop}
            lm.transformer.h[layer].mlp.output[:] = 0
        out = lm.lm_head.output.save()
    return out
print(without({numbers}))
"""
LOOPS = {
    "numbers": ("for layer in given:", "[3, 0]"),
    "a tuple": ("for layer in given:", "given=(1, 2, 1)"),
    "pairs": ("for kind, layer in given:", '[("mlp", 3), ("mlp", 0)]'),
    "counted": ("for n, layer in enumerate(given):", "[2, 0]"),
}


@pytest.mark.parametrize(("loop", "numbers"), LOOPS.values(), ids=LOOPS)
def test_a_call_gives_layers_in_another_order(loop: str, numbers: str) -> None:
    assert codes(OF_A_CALL.format(loop=loop, numbers=numbers)) == ["NNS106"]
    for known in ("(1, 2, 1)", "[2, 0]", "[3, 0]"):
        numbers = numbers.replace(known, "[0, 2]")
    upwards = numbers.replace('("mlp", 3), ("mlp", 0)', '("mlp", 0), ("mlp", 3)')
    assert codes(OF_A_CALL.format(loop=loop, numbers=upwards)) == []


def test_an_object_is_made_with_layers_in_another_order() -> None:
    body = """
class Without:
    def __init__(self, layers):
        self.layers = layers
    def run(self):
        with lm.trace("a b c"):
            for layer in self.layers:
                lm.transformer.h[layer].mlp.output[:] = 0
            out = lm.lm_head.output.save()
        return out
print(Without({}).run())
"""
    assert codes(body.format("[3, 0]")) == ["NNS106"]
    assert codes(body.format("[0, 3]")) == []


def test_positions_in_any_order_are_left_alone() -> None:
    body = OF_A_CALL.replace("h[layer].mlp.output[:]", "h[1].output[:, layer]")
    assert codes(body.format(loop="for layer in given:", numbers="[2, 0]")) == []
    around = """
def without(layers):
    for layer in layers:
        with lm.trace("a b c"):
            lm.transformer.h[layer].mlp.output[:] = 0
            out = lm.lm_head.output.save()
        print(out)
without([3, 0])
"""
    assert codes(around) == []
