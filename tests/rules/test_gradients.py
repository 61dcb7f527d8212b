"""Gradients above the backward pass that makes them: NNS501."""

from __future__ import annotations

import textwrap

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.findings import Applicability

HEAD = """
import torch
from nnsight import LanguageModel, NNsight

lm = LanguageModel("gpt2")
net = NNsight(torch.nn.Sequential())
"""


def program(code: str) -> str:
    return HEAD + textwrap.dedent(code)


def own(code: str) -> list[Applicability | None]:
    found = [f for f in check(program(code)).findings if f.code == "NNS501"]
    return [f.fix.applicability if f.fix else None for f in found]


REWRITES = {
    "straight from the module": (
        """
        with lm.trace("a"):
            g = lm.transformer.h[1].output.grad.save()
            lm.lm_head.output.sum().backward()
        """,
        """
        with lm.trace("a"):
            h_output = lm.transformer.h[1].output
            with lm.lm_head.output.sum().backward():
                g = h_output.grad.save()
        """,
    ),
    "in the order of the modules": (
        """
        with lm.trace("a"):
            a = lm.transformer.h[0].output
            b = lm.transformer.h[1].output
            ga = a.grad.save()
            gb = b.grad.save()
            lm.lm_head.output.sum().backward()
        """,
        """
        with lm.trace("a"):
            a = lm.transformer.h[0].output
            b = lm.transformer.h[1].output
            with lm.lm_head.output.sum().backward():
                gb = b.grad.save()
                ga = a.grad.save()
        """,
    ),
    "what uses it comes behind": (
        """
        with lm.trace("a"):
            h = lm.transformer.h[1].output
            g = h.grad
            product = g * h
            score = product.sum().save()
            loss = lm.lm_head.output.sum()
            loss.backward()
        """,
        """
        with lm.trace("a"):
            h = lm.transformer.h[1].output
            loss = lm.lm_head.output.sum()
            with loss.backward():
                h_grad = h.grad
            g = h_grad
            product = g * h
            score = product.sum().save()
        """,
    ),
    "one that is set": (
        """
        with lm.trace("a"):
            h = lm.transformer.h[1].output
            g = h.grad.clone()
            g[:] = 0
            h.grad = g
            e = lm.transformer.h[0].output.grad.save()
            lm.lm_head.output.sum().backward()
        """,
        """
        with lm.trace("a"):
            h_output = lm.transformer.h[0].output
            h = lm.transformer.h[1].output
            with lm.lm_head.output.sum().backward():
                g = h.grad.clone()
                g[:] = 0
                h.grad = g
                e = h_output.grad.save()
        """,
    ),
    "two passes": (
        """
        with lm.trace("a"):
            h = lm.transformer.h[1].output
            first = h.grad.save()
            logits = lm.lm_head.output
            logits.sum().backward(retain_graph=True)
            second = h.grad.save()
            (logits * 2).sum().backward()
        """,
        """
        with lm.trace("a"):
            h = lm.transformer.h[1].output
            logits = lm.lm_head.output
            with logits.sum().backward(retain_graph=True):
                first = h.grad.save()
            with (logits * 2).sum().backward():
                second = h.grad.save()
        """,
    ),
    "a loop over layers": (
        """
        grads, acts = {}, {}
        with lm.trace("a"):
            for i, layer in enumerate(lm.transformer.h):
                acts[i] = layer.output.save()
                grads[i] = layer.output.grad.save()
            lm.lm_head.output.sum().backward()
        """,
        """
        grads, acts = {}, {}
        with lm.trace("a"):
            values = []
            for i, layer in enumerate(lm.transformer.h):
                acts[i] = layer.output.save()
                values.append(layer.output)
            with lm.lm_head.output.sum().backward():
                gradients = [value.grad for value in reversed(values)][::-1]
            for (i, layer), gradient in zip(enumerate(lm.transformer.h), gradients):
                grads[i] = gradient.save()
        """,
    ),
    "a list of values that is there": (
        """
        with lm.trace("a"):
            hs = [layer.output for layer in lm.transformer.h]
            gs = [h.grad.sum() for h in hs].save()
            lm.lm_head.output.sum().backward()
        """,
        """
        with lm.trace("a"):
            hs = [layer.output for layer in lm.transformer.h]
            with lm.lm_head.output.sum().backward():
                gradients = [value.grad for value in reversed(hs)][::-1]
            gs = [gradient.sum() for h, gradient in zip(hs, gradients)].save()
        """,
    ),
    "a name that the document has": (
        """
        with lm.trace("a"):
            hs = [layer.output for layer in lm.transformer.h]
            value = lm.lm_head.output.sum()
            gs = [h.grad.sum() for h in hs].save()
            value.backward()
        """,
        """
        with lm.trace("a"):
            hs = [layer.output for layer in lm.transformer.h]
            value = lm.lm_head.output.sum()
            with value.backward():
                gradients = [value_2.grad for value_2 in reversed(hs)][::-1]
            gs = [gradient.sum() for h, gradient in zip(hs, gradients)].save()
        """,
    ),
    "in a loop around the pass": (
        """
        with lm.trace("a"):
            h = lm.transformer.h[1].output
            logits = lm.lm_head.output
            kept = list().save()
            for token in range(2):
                g = h.grad
                logits[0, -1, token].backward(retain_graph=True)
                kept.append(1)
        """,
        """
        with lm.trace("a"):
            h = lm.transformer.h[1].output
            logits = lm.lm_head.output
            kept = list().save()
            for token in range(2):
                with logits[0, -1, token].backward(retain_graph=True):
                    g = h.grad
                kept.append(1)
        """,
    ),
}


@pytest.mark.parametrize("name", REWRITES)
def test_rewritten(name: str) -> None:
    before, after = map(program, REWRITES[name])
    done = fix(before)
    assert done.failures == ()
    assert done.code == after
    assert not [finding for finding in done.remaining if finding.code == "NNS501"]
    assert fix(after).code == after


def test_a_comprehension_within_a_call() -> None:
    before = program(
        """
        with lm.trace("a"):
            gs = sum([layer.output.grad for layer in lm.transformer.h]).save()
            lm.lm_head.output.sum().backward()
        """
    )
    after = program(
        """
        with lm.trace("a"):
            values = [layer.output for layer in lm.transformer.h]
            with lm.lm_head.output.sum().backward():
                gradients = [value.grad for value in reversed(values)][::-1]
            gs = sum([gradient for layer, gradient in zip(lm.transformer.h, gradients)]).save()
        """
    )
    assert fix(before).code == after
    assert fix(after).code == after


def test_an_order_that_was_not_recorded_is_an_assumption() -> None:
    code = """
        with net.trace(x):
            a = net.first.output.grad.save()
            b = net.second.output.grad.save()
            net.output.sum().backward()
        """
    assert own(code) == [Applicability.UNSAFE] * 2
    done = fix(program(code), unsafe=True).code
    assert done.index("b = second_output.grad") < done.index("a = first_output.grad")


ELSEWHERE = {
    "layers": (
        Applicability.UNSAFE,
        """
        def grads_of(layers):
            with lm.trace("a"):
                for layer in layers:
                    gs.append(layer.output[0].grad.save())
                lm.lm_head.output.sum().backward()
        """,
        """
        def grads_of(layers):
            with lm.trace("a"):
                values = [layer.output[0] for layer in layers]
                with lm.lm_head.output.sum().backward():
                    gradients = [value.grad for value in reversed(values)][::-1]
                for layer, gradient in zip(layers, gradients):
                    gs.append(gradient.save())
        """,
    ),
    "a layer": (
        Applicability.SAFE,
        """
        def grads_of(layer):
            with lm.trace("a"):
                h = layer.output[0]
                g = h.grad.save()
                lm.lm_head.output.sum().backward()
        """,
        """
        def grads_of(layer):
            with lm.trace("a"):
                h = layer.output[0]
                with lm.lm_head.output.sum().backward():
                    g = h.grad.save()
        """,
    ),
    "a layer whose gradient is set": (
        Applicability.SAFE,
        """
        def without(layer):
            with lm.trace("a"):
                layer.output.grad = 0
                lm.lm_head.output.sum().backward()
        """,
        """
        def without(layer):
            with lm.trace("a"):
                output = layer.output
                with lm.lm_head.output.sum().backward():
                    output.grad = 0
        """,
    ),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_only_the_order_of_modules_from_elsewhere_is_an_assumption(name: str) -> None:
    applicability, before, after = ELSEWHERE[name]
    assert own(before) == [applicability]
    assert fix(program(before), unsafe=True).code == program(after)


TOLD = {
    "under a condition": """
        with lm.trace("a"):
            h = lm.transformer.h[1].output
            if wanted:
                g = h.grad.save()
            lm.lm_head.output.sum().backward()
        """,
    "the pass starts from one": """
        with lm.trace("a"):
            h = lm.transformer.h[1].output
            g = h.grad
            loss = lm.lm_head.output.sum() * g.sum()
            loss.backward()
        """,
    "a loop with a condition": """
        with lm.trace("a"):
            for layer in lm.transformer.h:
                if wanted:
                    gs.append(layer.output.grad.save())
            lm.lm_head.output.sum().backward()
        """,
    "from the last layer on": """
        with lm.trace("a"):
            gs = [layer.output.grad.save() for layer in lm.transformer.h[::-1]]
            lm.lm_head.output.sum().backward()
        """,
    "a comprehension with a condition": """
        with lm.trace("a"):
            gs = [layer.output.grad.save() for layer in lm.transformer.h if wanted(layer)]
            lm.lm_head.output.sum().backward()
        """,
    "two comprehensions": """
        with lm.trace("a"):
            n = sum(x.output.grad for x in lm.transformer.h) - sum(
                y.mlp.output.grad for y in lm.transformer.h
            ).save()
            lm.lm_head.output.sum().backward()
        """,
    "one in a comprehension and one beside it": """
        with lm.trace("a"):
            n = (sum(x.output.grad for x in lm.transformer.h) - lm.lm_head.output.grad).save()
            lm.lm_head.output.sum().backward()
        """,
    "a gradient that is set from a later one": """
        with lm.trace("a"):
            a = lm.transformer.h[0].output
            b = lm.transformer.h[1].output
            b.grad = a.grad
            lm.lm_head.output.sum().backward()
        """,
}


@pytest.mark.parametrize("name", TOLD)
def test_told_and_not_changed(name: str) -> None:
    found = own(TOLD[name])
    assert found
    assert set(found) == {None}


LEFT_ALONE = {
    "another's output": "with lm.trace('a'):\n    n = run.output.size\n"
    "    lm.lm_head.output.sum().backward()\n",
    "layers from elsewhere in the pass": "def f(layer):\n    with lm.trace('a'):\n"
    "        h = layer.output\n        with lm.lm_head.output.sum().backward():\n"
    "            g = h.grad.save()\n",
    "layers from elsewhere and no pass": "def f(layer):\n    with lm.trace('a'):\n"
    "        h = layer.output.save()\n    return h.grad\n",
    "parameters": "with lm.trace('a'):\n    lm.lm_head.output.sum().backward()\n"
    "print(lm.lm_head.weight.grad)\n",
    "a leaf outside": "x = torch.ones(1, requires_grad=True)\nx.sum().backward()\nprint(x.grad)\n",
    "a retained gradient": "with lm.trace('a'):\n    h = lm.transformer.h[1].output.save()\n"
    "    h.retain_grad()\n    lm.lm_head.output.sum().backward()\nprint(h.grad)\n",
    "in the pass": "with lm.trace('a'):\n    h = lm.transformer.h[1].output\n"
    "    with lm.lm_head.output.sum().backward():\n        g = h.grad.save()\n",
    "another with of that name": "with loss.backward():\n    print(h.grad)\n",
    "behind the pass": "with lm.trace('a'):\n    h = lm.transformer.h[1].output\n"
    "    h.retain_grad()\n    lm.lm_head.output.sum().backward()\n    g = h.grad.save()\n",
    "a training loop": "for x in data:\n    loss = net2(x).sum()\n    loss.backward()\n"
    "    p.grad.zero_()\n",
    "no pass": "with lm.trace('a'):\n    h = lm.transformer.h[1].output.save()\nprint(h.grad)\n",
    "autograd": "with lm.trace('a'):\n    h = lm.transformer.h[1].output\n"
    "    g = torch.autograd.grad(lm.lm_head.output.sum(), h)[0].save()\n",
}


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    assert own(LEFT_ALONE[name]) == []
