"""Invokes that run one after the other, in a session: where that is offered, and where not.

The programs that are changed were run: what 0.5.15 gives for the session is what 0.4.11 gave for
the trace, or, where a note says that 0.4 ignored something, what single traces give.
"""

from __future__ import annotations

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.findings import Applicability

HEAD = """from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
"""

CHANGED = {
    "a value that flows backwards": (
        """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        late = lm.transformer.h[3].output[0]
    with tracer.invoke("d e f"):
        lm.transformer.h[0].output[0][:] = late
        out = lm.lm_head.output.save()
""",
        """
with lm.session():
    with lm.trace("a b c"):
        late = lm.transformer.h[3].output[0]
    with lm.trace("d e f"):
        lm.transformer.h[0].output[0][:] = late
        out = lm.lm_head.output.save()
""",
    ),
    "a loop of invokes": (
        """
outs = []
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        late = lm.transformer.h[3].output[0]
    for layer in range(3):
        with tracer.invoke("d e f"):
            lm.transformer.h[layer].output[0][:] = late
            outs.append(lm.lm_head.output.sum().save())
""",
        """
outs = []
with lm.session():
    with lm.trace("a b c"):
        late = lm.transformer.h[3].output[0]
    for layer in range(3):
        with lm.trace("d e f"):
            lm.transformer.h[layer].output[0][:] = late
            outs.append(lm.lm_head.output.sum().save())
""",
    ),
    "what is said of the whole run goes to each run": (
        """
with lm.generate(max_new_tokens=1, remote=REMOTE) as tracer:
    with tracer.invoke("a b c"):
        late = lm.transformer.h[3].output[0]
    with tracer.invoke(
        "d e f",
    ):
        lm.transformer.h[0].output[0][:] = late
        out = lm.lm_head.output.save()
""",
        """
with lm.session(remote=REMOTE):
    with lm.generate("a b c", max_new_tokens=1):
        late = lm.transformer.h[3].output[0]
    with lm.generate(
        "d e f", max_new_tokens=1,
    ):
        lm.transformer.h[0].output[0][:] = late
        out = lm.lm_head.output.save()
""",
    ),
    "barriers go": (
        """
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a b c"):
        late = lm.transformer.h[3].output[0]
        barrier()
    with tracer.invoke("d e f"):
        barrier()
        lm.transformer.h[0].output[0][:] = late
        out = lm.lm_head.output.save()
""",
        """
with lm.session():
    with lm.trace("a b c"):
        late = lm.transformer.h[3].output[0]
    with lm.trace("d e f"):
        lm.transformer.h[0].output[0][:] = late
        out = lm.lm_head.output.save()
""",
    ),
    "an item that several invokes set": (
        """
outs = {}
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        outs["last"] = lm.transformer.h[3].output[0].save()
    with tracer.invoke("d e f"):
        outs["last"] = lm.transformer.h[0].output[0].save()
print(outs)
""",
        """
outs = {}
with lm.session():
    with lm.trace("a b c"):
        outs["last"] = lm.transformer.h[3].output[0].save()
    with lm.trace("d e f"):
        outs["last"] = lm.transformer.h[0].output[0].save()
print(outs)
""",
    ),
    "an item of one object that every turn sets and reads": (
        """
outs, held = [], {}
with lm.trace() as tracer:
    for prompt in ("a b c", "d e f"):
        with tracer.invoke(prompt):
            held["now"] = lm.transformer.h[0].output[0]
            lm.transformer.h[2].output[0][:] += held["now"]
            outs.append(lm.lm_head.output.sum().save())
""",
        """
outs, held = [], {}
with lm.session():
    for prompt in ("a b c", "d e f"):
        with lm.trace(prompt):
            held["now"] = lm.transformer.h[0].output[0]
            lm.transformer.h[2].output[0][:] += held["now"]
            outs.append(lm.lm_head.output.sum().save())
""",
    ),
    "a function opens an invoke and returns its value": (
        """
def read(tracer, prompt, layer):
    with tracer.invoke(prompt):
        hidden = lm.transformer.h[layer].output[0]
    return hidden

with lm.trace() as tracer:
    clean = read(tracer, "a b c", 1)
    with tracer.invoke("d e f"):
        target = lm.transformer.h[1].output[0]
        target[:, 2] = clean[:, 2]
        out = lm.lm_head.output.save()
""",
        """
def read(tracer, prompt, layer):
    with lm.trace(prompt):
        hidden = lm.transformer.h[layer].output[0]
    return hidden

with lm.session() as tracer:
    clean = read(tracer, "a b c", 1)
    with lm.trace("d e f"):
        target = lm.transformer.h[1].output[0]
        target[:, 2] = clean[:, 2]
        out = lm.lm_head.output.save()
""",
    ),
}

BACKWARDS = """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        late = lm.transformer.h[3].output[0]
{first}
    with tracer.invoke("d e f"):
        lm.transformer.h[0].output[0][:] = late
{second}
        out = lm.lm_head.output.save()
"""

NOT_OFFERED = {
    "the tracer is stopped": BACKWARDS.format(first="", second="        tracer.stop()"),
    "a gradient is asked for": BACKWARDS.format(
        first="", second="        lm.lm_head.output.sum().backward()"
    ),
    "what is set is changed in place": BACKWARDS.format(
        first="        own = lm.transformer.h[3].mlp.output",
        second="        lm.transformer.h[4].mlp.output = own\n"
        "        lm.transformer.h[4].mlp.output[:, 0] = 0",
    ),
    "what is handed on changes before it is used": """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        clean = lm.transformer.h[1].output[0]
        late = lm.transformer.h[3].output[0]
        lm.transformer.h[4].input[:] = 0
    with tracer.invoke("d e f"):
        lm.transformer.h[0].output[0][:] = clean
        lm.transformer.h[3].output[0][:] = late
        out = lm.lm_head.output.save()
""",
    "an invoke has a name": BACKWARDS.format(first="", second="").replace(
        'invoke("d e f")', 'invoke("d e f") as invoker'
    ),
    "other context managers are entered with the trace": BACKWARDS.format(
        first="", second=""
    ).replace("with lm.trace() as", "with open('log'), lm.trace() as"),
    "it is in a session": "with lm.session():\n"
    + "\n".join(
        f"    {line}" for line in BACKWARDS.format(first="", second="").strip().splitlines()
    )
    + "\n",
    "a function that opens an invoke serves others too": """
def read(tracer, prompt, layer):
    with tracer.invoke(prompt):
        hidden = lm.transformer.h[layer].output[0]
    return hidden

def other(tracer):
    return read(tracer, "c c a", 0)

with lm.trace() as tracer:
    clean = read(tracer, "a b c", 1)
    with tracer.invoke("d e f"):
        target = lm.transformer.h[1].output[0]
        target[:, 2] = clean[:, 2]
""",
    "a function that opens an invoke has a model of its own": """
def read(tracer, lm, prompt, layer):
    with tracer.invoke(prompt):
        hidden = lm.transformer.h[layer].output[0]
    return hidden

with lm.trace() as tracer:
    clean = read(tracer, lm, "a b c", 1)
    with tracer.invoke("d e f"):
        target = lm.transformer.h[1].output[0]
        target[:, 2] = clean[:, 2]
""",
    "a model that is not known to be nnsight's": """
def run(other):
    with other.run() as tracer:
        with tracer.invoke("a b c"):
            late = other.h[3].result
        with tracer.invoke("d e f"):
            other.h[0].result = late
""",
    "barriers are enough": """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        early = lm.transformer.h[0].output[0]
    with tracer.invoke("d e f"):
        lm.transformer.h[3].output[0][:] = early
        out = lm.lm_head.output.save()
""",
}


@pytest.mark.parametrize(("body", "after"), CHANGED.values(), ids=CHANGED.keys())
def test_the_invokes_run_one_after_the_other(body: str, after: str) -> None:
    fixed = fix(HEAD + body, unsafe=True)

    assert fixed.code == HEAD + after
    assert not [each for each in fixed.remaining if each.code.startswith("NNS10")]
    assert fix(HEAD + after, unsafe=True).code == HEAD + after


@pytest.mark.parametrize("body", [body for body, _ in CHANGED.values()], ids=CHANGED.keys())
def test_it_is_an_assumption_and_says_which(body: str) -> None:
    """In safe mode the program stays as it is: nothing is half done."""
    fixes = [each.fix for each in check(HEAD + body).findings if each.fix is not None]
    (parted,) = {each for each in fixes if "session" in each.message}

    assert parted.applicability is Applicability.UNSAFE
    assert "one run of the model for each" in parted.message
    assert "no longer padded" in parted.message
    assert "lm.session" not in fix(HEAD + body).code


@pytest.mark.parametrize("body", NOT_OFFERED.values(), ids=NOT_OFFERED.keys())
def test_it_is_not_offered_where_it_may_change_more(body: str) -> None:
    assert "lm.trace(" not in fix(HEAD + body, unsafe=True).code.replace("lm.trace()", "")


def test_none_goes_through_a_dictionary_first() -> None:
    """Neither invokes nor the traces of a session hand None on by its name."""
    body = BACKWARDS.format(first="        flag = None", second="        other = flag")
    fixed = fix(HEAD + body, unsafe=True).code
    assert 'shared["flag"] = flag' in fixed
    assert 'other = shared["flag"]' in fixed
    assert fixed.index("with lm.session():") < fixed.index("shared = {}")


def test_several_traces_are_parted_together() -> None:
    body, after = CHANGED["a value that flows backwards"]
    fixed = fix(HEAD + body * 2, unsafe=True)

    assert fixed.code == HEAD + after * 2
