"""What is reported and never rewritten: exits, generated tokens, gradients, overwritten values.

What each finding says was seen on nnsight 0.5.15: a hang, `TypeError`, the first step's value at
every step, no gradient.
"""

from __future__ import annotations

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.findings import Severity

HEAD = """import sys

from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
"""


def said(body: str, *codes: str) -> list[tuple[str, Severity, str]]:
    """Code, severity and the characters of the findings of some rules."""
    code = HEAD + body
    return [
        (each.code, each.severity, each.span.of(code))
        for each in check(code).findings
        if each.code in codes
    ]


IN_INVOKE = """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        hidden = lm.transformer.h[0].output.save()
        {statement}
"""


@pytest.mark.parametrize(
    "statement", ["exit()", "quit()", "sys.exit(1)", "raise SystemExit", "raise SystemExit(2)"]
)
def test_an_invoke_that_ends_the_program_hangs(statement: str) -> None:
    body = IN_INVOKE.format(statement=statement)
    assert said(body, "NNS109") == [("NNS109", Severity.ERROR, statement)]


@pytest.mark.parametrize(
    "body",
    [
        IN_INVOKE.format(statement="raise ValueError"),
        IN_INVOKE.format(statement="tracer.exit()"),
        IN_INVOKE.format(statement="exit = 1"),
        "def exit():\n    pass\n" + IN_INVOKE.format(statement="exit()"),
        IN_INVOKE.format(statement="def later():\n            exit()"),
        IN_INVOKE.format(statement="pass").replace("pass", "pass\n    exit()"),
        IN_INVOKE.format(statement="pass") + "exit()\n",
        IN_INVOKE.format(statement="print('exit()')"),
    ],
)
def test_nothing_hangs_where_no_thread_is_left_by_exit(body: str) -> None:
    assert said(body, "NNS109") == []


GENERATION = """
with lm.generate(max_new_tokens=3) as tracer:
    barrier = tracer.barrier(2)
    {made}
    with tracer.invoke("a b c"):
        with tracer.iter[{first}]:
            {binding} = lm.transformer.h[0].output[0]
            barrier()
    with tracer.invoke("d e f"):
        with tracer.iter[{second}]:
            barrier()
            lm.transformer.h[1].output[0][:] = {use}
"""
NAMED = {"made": "pass", "binding": "hidden", "use": "hidden"}
CARRIED = {"made": "box = {}", "binding": "box['h']", "use": "box['h']"}


def test_a_name_is_handed_on_at_the_first_step_only() -> None:
    body = GENERATION.format(first=":3", second=":3", **NAMED)
    assert said(body, "NNS103", "NNS110") == [("NNS110", Severity.SILENT, "hidden")]
    assert fix(HEAD + body, unsafe=True).code == HEAD + body


@pytest.mark.parametrize("steps", [(":3", ":2"), ("1:3", ":3"), ("0", ":2")])
def test_a_barrier_is_called_at_as_many_steps_by_all(steps: tuple[str, str]) -> None:
    body = GENERATION.format(first=steps[0], second=steps[1], **CARRIED)
    assert said(body, "NNS103", "NNS110") == [("NNS103", Severity.ERROR, "barrier()")]


@pytest.mark.parametrize("steps", [(":3", ":3"), ("1:3", ":2"), (":n", ":2"), (":", ":3")])
def test_a_dictionary_of_the_trace_serves_every_step(steps: tuple[str, str]) -> None:
    body = GENERATION.format(first=steps[0], second=steps[1], **CARRIED)
    assert said(body, "NNS101", "NNS102", "NNS103", "NNS110") == []


def test_a_crossing_that_is_not_followed_is_said_in_code_for_0_4() -> None:
    body = """
with lm.generate(max_new_tokens=3) as tracer:
    with tracer.invoke("a b c"):
        hidden = lm.transformer.h[0].next().output[0].save()
    with tracer.invoke("d e f"):
        lm.transformer.h[1].next().output[0][:] = hidden
print(hidden.value)
"""
    assert said(body, "NNS110") == [("NNS110", Severity.WARNING, "hidden")]


@pytest.mark.parametrize(
    "body",
    [
        # Each invoke uses what is its own.
        """
with lm.generate(max_new_tokens=3) as tracer:
    with tracer.invoke("a b c"):
        hidden = lm.transformer.h[0].next().output[0].save()
    with tracer.invoke("d e f"):
        hidden = lm.transformer.h[0].next().output[0]
        other = hidden.save()
""",
        # One invoke only.
        """
with lm.generate("a b c", max_new_tokens=3) as tracer:
    hidden = lm.transformer.h[0].next().output[0]
    lm.transformer.h[1].next().output[0][:] = hidden
""",
        # What is made beside the invokes is there when they start.
        """
with lm.generate(max_new_tokens=3) as tracer:
    scale = 2
    for prompt in ("a b c", "d e f"):
        with tracer.invoke(prompt):
            lm.transformer.h[0].next().output[0][:] *= scale
""",
    ],
)
def test_invokes_that_need_nothing_of_each_other_are_left_alone(body: str) -> None:
    assert said(body, "NNS110") == []


AROUND = """
kept = None
def keep(layer):
    global kept
    kept = lm.transformer.h[layer].output
def put(layer):
    lm.transformer.h[layer].output = kept
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        {first}
    with tracer.invoke("d e f"):
        {second}
        logits = lm.lm_head.output.save()
"""


@pytest.mark.parametrize("second", ["put(1)", "lm.transformer.h[1].output = kept"])
def test_a_name_that_a_function_binds_around_it_is_no_name_of_the_invoke(second: str) -> None:
    found = said(AROUND.format(first="keep(1)", second=second), "NNS110")
    assert [one[1] for one in found] == [Severity.WARNING]


def test_a_name_that_no_invoke_binds_around_it_is_left_alone() -> None:
    assert said(AROUND.format(first="pass", second="put(1)"), "NNS110") == []
    assert said(AROUND.format(first="keep(1)", second="keep(1)"), "NNS110") == []
    own = "kept = lm.transformer.h[0].output; lm.transformer.h[1].output = kept"
    assert said(AROUND.format(first="keep(1)", second=own), "NNS110") == []


GRADIENT = """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        hidden = lm.transformer.h[1].output[0]
        {between}
        with lm.lm_head.output.sum().backward():
            gradient = hidden.grad.save()
    {other}
"""
OTHER = 'with tracer.invoke("d e f"):\n        logits = lm.lm_head.output.save()'


def test_no_gradient_comes_to_one_prompts_rows() -> None:
    body = GRADIENT.format(between="pass", other=OTHER)
    assert said(body, "NNS502") == [("NNS502", Severity.ERROR, "hidden.grad")]


@pytest.mark.parametrize(
    ("between", "other"),
    [
        ("pass", "pass"),  # one prompt
        ("lm.transformer.h[1].output = (hidden,)", OTHER),  # the model goes on with it
        ("total = hidden.sum()", OTHER),  # the loss may be computed from it
    ],
)
def test_gradients_that_may_come_are_left_alone(between: str, other: str) -> None:
    assert said(GRADIENT.format(between=between, other=other), "NNS502") == []


def test_a_gradient_of_what_the_loss_is_computed_from_crosses() -> None:
    body = """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        one = lm.lm_head.output
    with tracer.invoke("d e f"):
        two = lm.lm_head.output
        with (one * two).sum().backward():
            gradient = one.grad.save()
"""
    assert said(body, "NNS502") == []


READ = """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        clean = lm.transformer.h[2].mlp.output
        {read}
        lm.transformer.h[2].mlp.output = {value}
        {after}
        out = lm.lm_head.output.save()
    {other}
"""


@pytest.mark.parametrize(
    ("read", "after"),
    [
        ("before = lm.transformer.h[2].mlp.output.save()", "pass"),
        ("before = lm.transformer.h[2].mlp.output", "change = (before * 2).save()"),
        ("before = lm.transformer.h[2].mlp.output[:, -1].save()", "pass"),
    ],
)
def test_0_4_overwrote_what_was_read_of_a_module_that_is_set(read: str, after: str) -> None:
    body = READ.format(read=read, value="lm.transformer.h[1].mlp.output", after=after, other=OTHER)
    found = said(body, "NNS111")
    assert found == [("NNS111", Severity.NOTE, "before")]


@pytest.mark.parametrize(
    ("read", "value", "after", "other"),
    [
        ("before = lm.transformer.h[2].mlp.output.save()", "clean * 2", "pass", "pass"),
        ("before = lm.transformer.h[2].mlp.output.clone().save()", "clean * 2", "pass", OTHER),
        ("before = lm.transformer.h[2].mlp.output", "before * 2", "pass", OTHER),
        ("before = lm.transformer.h[1].output[0].save()", "clean * 2", "pass", OTHER),
        ("pass", "clean * 2", "new = lm.transformer.h[2].mlp.output.save()", OTHER),
    ],
)
def test_what_0_4_did_not_overwrite_gets_no_note(
    read: str, value: str, after: str, other: str
) -> None:
    assert said(READ.format(read=read, value=value, after=after, other=other), "NNS111") == []
