"""Gradients switched off around a trace, and in its body."""

from __future__ import annotations

import textwrap

import pytest

from nnmigrate.engine import check, fix

HEAD = (
    "import torch\nfrom nnsight import LanguageModel\n\n"
    'lm = LanguageModel("openai-community/gpt2")\n'
)


def program(code: str) -> str:
    return HEAD + textwrap.dedent(code)


WRAPPED = {
    "a decorator": (
        """
        @torch.no_grad()
        def f(prompt):
            with lm.trace(prompt):
                h = lm.transformer.h[0].output  # the first
                # and its logits
                y = lm.lm_head(h).save()
            return y
        """,
        """
        @torch.no_grad()
        def f(prompt):
            with lm.trace(prompt):
                with torch.no_grad():
                    h = lm.transformer.h[0].output  # the first
                    # and its logits
                    y = lm.lm_head(h).save()
            return y
        """,
    ),
    "one statement": (
        """
        with torch.inference_mode(), lm.trace("a"):
            y = (lm.transformer.h[0].output @ lm.lm_head.weight.T).save()
        """,
        """
        with torch.inference_mode(), lm.trace("a"):
            with torch.inference_mode():
                y = (lm.transformer.h[0].output @ lm.lm_head.weight.T).save()
        """,
    ),
    "the script's top": (
        """
        torch.set_grad_enabled(False)
        def f():
            with lm.trace("a"):
                y = lm.lm_head(lm.transformer.h[0].output).save()
            return y
        """,
        """
        torch.set_grad_enabled(False)
        def f():
            with lm.trace("a"):
                with torch.set_grad_enabled(False):
                    y = lm.lm_head(lm.transformer.h[0].output).save()
            return y
        """,
    ),
    "the invoke that needs it": (
        """
        with torch.no_grad():
            with lm.trace() as tracer:
                with tracer.invoke("a"):
                    x = lm.transformer.h[0].output.save()
                with tracer.invoke("b"):
                    y = lm.lm_head(lm.transformer.h[0].output).save()
        """,
        """
        with torch.no_grad():
            with lm.trace() as tracer:
                with tracer.invoke("a"):
                    x = lm.transformer.h[0].output.save()
                with tracer.invoke("b"):
                    with torch.no_grad():
                        y = lm.lm_head(lm.transformer.h[0].output).save()
        """,
    ),
    "beside a barrier": (
        """
        with torch.no_grad():
            with lm.trace() as tracer:
                with tracer.invoke("a"):
                    x = lm.transformer.h[0].output
                with tracer.invoke("b"):
                    lm.transformer.h[0].output = x
                    y = lm.lm_head(lm.transformer.h[1].output).save()
        """,
        """
        with torch.no_grad():
            with lm.trace() as tracer:
                barrier = tracer.barrier(2)
                with tracer.invoke("a"):
                    x = lm.transformer.h[0].output
                    barrier()
                with tracer.invoke("b"):
                    with torch.no_grad():
                        barrier()
                        lm.transformer.h[0].output = x
                        y = lm.lm_head(lm.transformer.h[1].output).save()
        """,
    ),
    "a string's lines": (
        '''
        with torch.no_grad():
            with lm.trace("a"):
                y = lm.lm_head(lm.transformer.h[0].output).save()
                print("""
                    """)
        ''',
        '''
        with torch.no_grad():
            _text = """
                    """
            with lm.trace("a"):
                with torch.no_grad():
                    y = lm.lm_head(lm.transformer.h[0].output).save()
                    print(_text)
        ''',
    ),
}

LEFT_ALONE = {
    "a text that a class of models has": """
        def module_of(model, name):
            for part in name.split("."):
                model = getattr(model, part)
            return model
        @torch.inference_mode()
        def f(layers):
            with lm.trace("a"):
                last = module_of(lm, lm.final_name)
                for i in layers:
                    name = lm.attn_name_format.format(i) + ".q_proj"
                    hs[name] = module_of(lm, name).output.save()
    """,
    "no mode": 'with lm.trace("a"):\n    y = lm.lm_head(lm.transformer.h[0].output).save()\n',
    "gradients on": """
        with torch.no_grad(), torch.enable_grad(), lm.trace("a"):
            y = lm.lm_head(lm.transformer.h[0].output).save()
        """,
    "a mode that 0.4 had left": """
        with lm.trace("a"), torch.no_grad():
            y = lm.lm_head(lm.transformer.h[0].output).save()
        """,
    "inside of a session, which ends later": """
        with lm.session():
            with torch.no_grad():
                with lm.trace("a"):
                    y = lm.lm_head(lm.transformer.h[0].output).save()
        """,
    "switched on again": """
        torch.set_grad_enabled(False)
        torch.set_grad_enabled(True)
        with lm.trace("a"):
            y = lm.lm_head(lm.transformer.h[0].output).save()
        """,
    "switched off below": """
        with lm.trace("a"):
            y = lm.lm_head(lm.transformer.h[0].output).save()
        torch.set_grad_enabled(False)
        """,
    "a parameter's shape": """
        with torch.no_grad(), lm.trace("a"):
            n = lm.lm_head.weight.shape
            y = lm.transformer.h[0].output.sum().save()
        """,
    "a module without weights": """
        with torch.no_grad(), lm.trace("a"):
            y = lm.transformer.h[0].mlp.act(lm.transformer.h[0].output).save()
        """,
    "inside already": """
        with torch.no_grad(), lm.trace("a"):
            with torch.no_grad():
                y = lm.lm_head(lm.transformer.h[0].output).save()
        """,
    "a name that is not torch's": """
        from mine import no_grad
        with no_grad(), lm.trace("a"):
            y = lm.lm_head(lm.transformer.h[0].output).save()
        """,
    "on a server": """
        with torch.no_grad(), lm.trace("a", remote=True):
            y = lm.lm_head(lm.transformer.h[0].output).save()
        """,
    "generate without weights": """
        with lm.generate("a", max_new_tokens=2):
            y = lm.transformer.h[0].output.save()
        """,
    "code of 0.5": """
        with torch.no_grad(), lm.trace() as tracer:
            barrier = tracer.barrier(2)
            with tracer.invoke("a"):
                y = lm.lm_head(lm.transformer.h[0].output).save()
        """,
}


def found(code: str) -> list[str]:
    return [one.severity.value for one in check(program(code)).findings if one.code == "NNS701"]


@pytest.mark.parametrize("name", WRAPPED)
def test_it_is_wrapped(name: str) -> None:
    before, after = map(program, WRAPPED[name])

    assert fix(before).code == after
    assert (again := fix(after)).code == after
    assert not [one for one in again.remaining if one.code == "NNS701"]


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_it_is_left_alone(name: str) -> None:
    assert found(LEFT_ALONE[name]) == []


def test_generate_is_known_to_run_without_gradients_where_the_code_is_of_0_4() -> None:
    body = 'with lm.generate("a"):\n    y = lm.lm_head(lm.transformer.h[0].output).save()\n'

    assert found(body) == ["note"]
    assert found(body + "print(y.value)\n") == ["silent"]
    assert fix(program(body)).code == program(body)
    assert "    with torch.no_grad():\n        y =" in fix(program(body), unsafe=True).code


def test_torch_is_imported_where_it_is_not() -> None:
    code = program(
        'with lm.generate("a"):\n    y = lm.lm_head(lm.transformer.h[0].output).save()\n'
    )
    fixed = fix(code.replace("import torch\n", ""), unsafe=True).code

    assert fixed.startswith("import torch\nfrom nnsight")


TRACED = """
def logits(prompt):
    with lm.trace(prompt):
{}
    return y
"""
PLAIN = "        y = lm.lm_head(lm.transformer.h[0].output).save()"

# What is entered, and the line above that is needed for it.
ENTERED = {
    "a name": ("", "ctx = torch.no_grad()", "with ctx:", "torch.no_grad()"),
    "a flag": ("", "", "with torch.set_grad_enabled(wanted):", "torch.set_grad_enabled(wanted)"),
    "one of two": (
        "from contextlib import nullcontext\n",
        "",
        "with nullcontext() if wanted else torch.no_grad():",
        "nullcontext() if wanted else torch.no_grad()",
    ),
    "a name of one of two": (
        "",
        "ctx = torch.enable_grad() if wanted else torch.no_grad()",
        "with ctx:",
        "torch.enable_grad() if wanted else torch.no_grad()",
    ),
}


@pytest.mark.parametrize("name", ENTERED)
def test_what_may_switch_gradients_off_is_entered_again(name: str) -> None:
    above, made, header, text = ENTERED[name]
    code = program(
        f"{above}def f(wanted):\n    {made or 'pass'}\n    {header}\n"
        f'        with lm.trace("a"):\n    {PLAIN}\n    return y\n'
    )
    fixed = fix(code).code
    assert fixed == code.replace(f"    {PLAIN}", f"            with {text}:\n        {PLAIN}")
    assert not found(fixed)


CALLED = {
    "in a with": "with torch.no_grad():\n    print(logits('a'))\n",
    "by a function that is decorated": (
        "@torch.no_grad()\ndef run(\n    prompt,\n):\n    return logits(prompt)\nprint(run('a'))\n"
    ),
    "by what is called in a with": (
        "def run():\n    return logits('a')\nwith torch.no_grad():\n    print(run())\n"
    ),
}


@pytest.mark.parametrize("call", CALLED.values(), ids=CALLED)
def test_gradients_are_switched_off_around_a_call(call: str) -> None:
    code = program(TRACED.format(PLAIN) + call)
    inside = "        with torch.no_grad():\n    " + PLAIN
    assert fix(code).code == code.replace(PLAIN, inside)
    # Elsewhere it is called with gradients: whether they are wanted there is not known.
    both = code + "print(logits('b').grad_fn)\n"
    assert fix(both).code == both
    assert fix(both, unsafe=True).code == both.replace(PLAIN, inside)


NOT_CALLED = {
    "beside a with": "with torch.no_grad():\n    x = 1\nprint(logits('a'))\n",
    "in a text": "with torch.no_grad():\n    x = 'logits(1)'  # logits('a')\nprint(logits('a'))\n",
    "another function": "with torch.no_grad():\n    print(other_logits('a'), logits)\n",
    "behind a decorated function": (
        "@torch.no_grad()\ndef run():\n    return 1\nprint(logits('a'), run())\n"
    ),
    "by itself": "def run():\n    return run()\nprint(logits('a'))\n",
}


@pytest.mark.parametrize("call", NOT_CALLED.values(), ids=NOT_CALLED)
def test_gradients_are_on_around_a_call(call: str) -> None:
    assert not found(TRACED.format(PLAIN) + call)


def test_a_parameter_of_an_object_is_used() -> None:
    code = """
    class Probe:
        def __init__(self):
            self.weight = torch.nn.Parameter(torch.ones(16))
            self.scale = 2
        @torch.no_grad()
        def run(self, prompt):
            with lm.trace(prompt):
                y = (lm.transformer.ln_f.output * self.{}).save()
            return y
    """
    assert found(code.format("weight")) == ["silent"]
    assert not found(code.format("scale"))
