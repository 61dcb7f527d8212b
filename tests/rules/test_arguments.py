"""Arguments that nnsight 0.5 does not know or takes otherwise: NNS310, NNS420 to NNS429."""

from __future__ import annotations

import textwrap

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.findings import Applicability, Severity

HEAD = """
import torch
from nnsight import LanguageModel

lm = LanguageModel("gpt2")
"""
OURS = {"NNS310", *(f"NNS42{number}" for number in range(10))}


def program(code: str) -> str:
    return HEAD + textwrap.dedent(code)


def codes(code: str) -> set[str]:
    return {finding.code for finding in check(program(code)).findings} & OURS


REWRITES = {
    "on lines of their own": (
        """
        with lm.trace(
            "a",
            scan=True,
            validate=True,
        ) as tracer:
            y = lm.lm_head.output.save()
        """,
        """
        with lm.trace(
            "a",
        ) as tracer:
            y = lm.lm_head.output.save()
        """,
    ),
    "of invokes, sessions and edits": (
        """
        with lm.session(validate=True):
            with lm.generate(max_new_tokens=3, validate=True) as g:
                with g.invoke("a", scan=True):
                    y = lm.lm_head.output.save()
        with lm.edit(validate=False, inplace=True):
            lm.transformer.h[0].mlp.output[:] = 0
        """,
        """
        with lm.session():
            with lm.generate(max_new_tokens=3) as g:
                with g.invoke("a"):
                    y = lm.lm_head.output.save()
        with lm.edit(inplace=True):
            lm.transformer.h[0].mlp.output[:] = 0
        """,
    ),
    "for the invoke, where the trace may run remotely": (
        """
        def run(prompts, remote):
            with lm.trace(next(prompts), invoker_args={"truncation": True}, remote=remote):
                y = lm.lm_head.output.save()
            return y
        """,
        """
        def run(prompts, remote):
            inputs = next(prompts)
            with lm.trace(remote=remote) as tracer:
                with tracer.invoke(inputs, truncation=True):
                    y = lm.lm_head.output.save()
            return y
        """,
    ),
    "in a dictionary that is one or another": (
        """
        import os
        if os.environ.get("DEBUG"):
            options = {"scan": True, "validate": True}
        else:
            options = {"scan": False, "validate": False, "remote": True}
        with lm.trace("a", **options):
            y = lm.lm_head.output.save()
        """,
        """
        import os
        if os.environ.get("DEBUG"):
            options = {}
        else:
            options = {"remote": True}
        with lm.trace("a", **options):
            y = lm.lm_head.output.save()
        """,
    ),
    "in dictionaries": (
        """
        first = {"remote": True, "scan": False}
        second = dict(scan=True, validate=True, max_new_tokens=2)
        with lm.trace("a", **first):
            y = lm.lm_head.output.save()
        with lm.generate("a", **second):
            z = lm.lm_head.output.save()
        """,
        """
        first = {"remote": True}
        second = dict(max_new_tokens=2)
        with lm.trace("a", **first):
            y = lm.lm_head.output.save()
        with lm.generate("a", **second):
            z = lm.lm_head.output.save()
        """,
    ),
    "an invoke's arguments": (
        """
        def f(prompt, more):
            with lm.trace(prompt, remote=False, invoker_kwargs=more) as run:
                # all of it
                y = lm.lm_head.output.save()
            return y
        """,
        """
        def f(prompt, more):
            with lm.trace(remote=False) as run:
                with run.invoke(prompt, **more):
                    # all of it
                    y = lm.lm_head.output.save()
            return y
        """,
    ),
    "an empty dictionary for the invoke": (
        """
        with lm.trace("a", invoker_args={}):
            y = lm.lm_head.output.save()
        """,
        """
        with lm.trace("a"):
            y = lm.lm_head.output.save()
        """,
    ),
    "a run without a trace": (
        """
        def f(p):
            return lm.trace(p, remote=False, trace=False)
        """,
        """
        def f(p):
            with lm.trace(p, remote=False):
                output = lm.output.save()
            return output
        """,
    ),
    "an edit's prompt": (
        """
        with lm.edit("a b") as edited:
            lm.transformer.h[0].mlp.output[:] = 0
        """,
        """
        with lm.edit() as edited:
            lm.transformer.h[0].mlp.output[:] = 0
        """,
    ),
    "a module in an edit": (
        """
        lm.transformer.h[0].probe = torch.nn.Identity()
        with lm.edit() as edited:
            lm.transformer.h[0].mlp.output[:] = lm.transformer.h[0].probe(
                lm.transformer.h[0].mlp.output,
            )
        """,
        """
        lm.transformer.h[0].probe = torch.nn.Identity()
        with lm.edit() as edited:
            lm.transformer.h[0].mlp.output[:] = lm.transformer.h[0].probe(
                lm.transformer.h[0].mlp.output, hook=True,
            )
        """,
    ),
    "the layers' outputs": (
        """
        with lm.trace("a"):
            last = lm.transformer.h.output[-1].save()
        """,
        """
        with lm.trace("a"):
            last = [layer.output for layer in lm.transformer.h][-1].save()
        """,
    ),
    "the default length, in a file for 0.4": (
        """
        with lm.generate(
            "a",
            do_sample=False,
            max_length=9,
            scan=False,
        ):
            y = lm.lm_head.output.save()
        """,
        """
        with lm.generate(
            "a",
            do_sample=False,
            max_length=9, max_new_tokens=1,
        ):
            y = lm.lm_head.output.save()
        """,
    ),
    "passes first": (
        """
        with lm.trace() as tracer:
            with tracer.invoke("a"):
                pass
                pass
                y = lm.lm_head.output.save()
        """,
        """
        with lm.trace() as tracer:
            with tracer.invoke("a"):
                y = lm.lm_head.output.save()
        """,
    ),
}


@pytest.mark.parametrize("name", REWRITES)
def test_rewritten(name: str) -> None:
    before, after = map(program, REWRITES[name])
    done = fix(before)
    assert done.failures == ()
    assert done.code == after
    assert not {finding.code for finding in done.remaining} & OURS
    assert fix(after).code == after


TOLD = {
    "an argument that does something": "with lm.trace('a', scan=ask()):\n"
    "    y = lm.lm_head.output.save()\n",
    "a dictionary that goes elsewhere": "options = {'scan': True}\nprint(options)\n"
    "with lm.trace('a', **options):\n    y = lm.lm_head.output.save()\n",
    "a dictionary one of whose values does something": "import os\nif os.sep == '/':\n"
    "    options = {'scan': ask()}\nelse:\n    options = {'scan': False}\n"
    "with lm.trace('a', **options):\n    y = lm.lm_head.output.save()\n",
    "invokes of its own": "with lm.trace(invoker_kwargs={'a': 1}) as t:\n"
    "    with t.invoke('a'):\n        y = lm.lm_head.output.save()\n",
    "a run in an expression": "print(lm.trace('a', trace=False))\n",
    "a generation without a trace": "y = lm.generate('a', max_new_tokens=3, trace=False)\n",
    "a generation that nothing enters": "with lm.trace('a'):\n"
    "    y = lm.lm_head.next().output.save()\nlm.generate('a', max_new_tokens=3)\n",
    "a generation that is bound and not entered": "with lm.trace('a'):\n"
    "    y = lm.lm_head.next().output.save()\nz = lm.generate('a', max_new_tokens=3)\nprint(z)\n",
    "a prompt that is asked for": "with lm.edit(ask()):\n    lm.lm_head.output[:] = 0\n",
    "the tracer's invoker": "with lm.trace('a') as t:\n    y = t.invoker.inputs.save()\n",
    "a list of modules that is set": "with lm.trace('a'):\n    lm.transformer.h.output = x\n",
    "a call in a longer expression": "lm.probe = torch.nn.Identity()\nwith lm.trace('a'):\n"
    "    a = lm.probe(lm.transformer.h[0].output, hook=True) * 2\n"
    "    y = lm.probe.output.save()\n",
}


@pytest.mark.parametrize("name", TOLD)
def test_told_and_not_changed(name: str) -> None:
    found = [f for f in check(program(TOLD[name])).findings if f.code in OURS]
    assert found
    assert all(f.fix is None for f in found)


def test_the_default_length_is_a_note_where_nothing_speaks_of_0_4() -> None:
    code = program("with lm.generate('a'):\n    y = lm.generator.output.save()\n")
    (found,) = [f for f in check(code).findings if f.code == "NNS429"]
    assert found.severity is Severity.NOTE
    assert found.fix is not None
    assert found.fix.applicability is Applicability.UNSAFE


LEFT_ALONE = {
    "other libraries": "scanner = re.compile('a').scanner('b')\nsession.scan(x, validate=True)\n"
    "frame.trace('a', scan=True)\n",
    "a function with such arguments": "def f(scan=True, validate=False):\n    return scan\n"
    "f(scan=False)\n",
    "a dictionary of other keys": "options = {'remote': False}\nwith lm.trace('a', **options):\n"
    "    y = lm.lm_head.output.save()\n",
    "a dictionary out of view": "def f(options):\n    with lm.trace('a', **options):\n"
    "        y = lm.lm_head.output.save()\n",
    "a file for 0.5": "with lm.generate('a') as tracer:\n    with tracer.iter[:]:\n"
    "        y = lm.lm_head.output.save()\n",
    "a length": "with lm.generate('a', max_new_tokens=3):\n    y = lm.generator.output.save()\n",
    "a length in a dictionary": "with lm.generate('a', **options):\n"
    "    y = lm.generator.output.save()\n",
    "a traced run": "with lm.trace('a', trace=True):\n    y = lm.lm_head.output.save()\n",
    "an edit": "with lm.edit(inplace=True):\n    lm.transformer.h[0].mlp.output[:] = 0\n",
    "a generation that is entered by its name": "t = lm.generate('a', max_new_tokens=3)\n"
    "with t:\n    y = lm.lm_head.next().output.save()\n",
    "a generation whose tokens are read": "with lm.generate('a', max_new_tokens=3):\n"
    "    y = lm.lm_head.next().output.save()\nz = lm.generate(ids, max_new_tokens=3)\n"
    "print(z[0])\n",
    "a generation where nothing speaks of 0.4": "y = lm.generate('a', max_new_tokens=3)\n",
    "a generation of the model itself": "with lm.trace('a'):\n"
    "    y = lm.lm_head.next().output.save()\nlm._model.generate(x)\n",
    "an editor": "doc.edit('text')\n",
    "inputs of modules": "with lm.trace('a'):\n    y = lm.lm_head.inputs[0][0].save()\n",
    "a layer": "with lm.trace('a'):\n    y = lm.transformer.h[0].output.save()\n",
    "modules of the model": "with lm.trace('a'):\n"
    "    y = lm.lm_head(lm.transformer.ln_f(lm.transformer.h[0].output)).save()\n"
    "    z = lm.lm_head.output.save()\n",
    "a pass alone": "with lm.trace('a'):\n    pass\n",
    "a pass behind": "with lm.trace('a'):\n    y = lm.lm_head.output.save()\n    pass\n",
    "a pass elsewhere": "with open('f') as f:\n    pass\n    y = 1\n",
}


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    assert codes(LEFT_ALONE[name]) == set()


def test_a_model_that_a_later_part_of_a_text_wraps_is_another_one() -> None:
    code = (
        "with model.trace() as tracer:\n"
        "    with tracer.invoke('a'):\n"
        "        x = model.lm_head.output.save()\n"
        "    with tracer.invoke('b'):\n"
        "        y = model.lm_head.output.save()\n"
        "from nnsight import NNsight\n"
        "model = NNsight(net)\n"
    )

    assert "NNS414" not in {finding.code for finding in check(code).findings}
    moved = "\n".join([*code.splitlines()[-2:], *code.splitlines()[:-2]]) + "\n"
    assert "NNS414" in {finding.code for finding in check(moved).findings}
