"""Functions, contexts and stops that nnsight 0.5 no longer has: NNS403, NNS404, NNS405."""

from __future__ import annotations

import textwrap

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.findings import Applicability, Severity
from nnmigrate.program import Options

HEAD = """
import enum
import logging
import math

import nnsight
import numpy as np
import torch
from nnsight import LanguageModel

KEPT = enum, logging, math, nnsight.PATH, np, torch
lm = LanguageModel("gpt2")
"""
OURS = {"NNS403", "NNS404", "NNS405"}


def program(code: str) -> str:
    return HEAD + textwrap.dedent(code)


def codes(code: str) -> set[str]:
    return {finding.code for finding in check(program(code)).findings} & OURS


REWRITES = {
    "a function over lines": (
        """
        with lm.trace("a") as tracer:
            y = tracer.apply(
                torch.add,
                lm.lm_head.output,
                alpha=2,
            ).save()
        """,
        """
        with lm.trace("a") as tracer:
            y = torch.add(
                lm.lm_head.output,
                alpha=2,
            ).save()
        """,
    ),
    "a lambda": (
        """
        with lm.trace("a") as tracer:
            y = tracer.apply(lambda x: x + 1, lm.lm_head.output, validate=None).save()
        """,
        """
        with lm.trace("a") as tracer:
            y = (lambda x: x + 1)(lm.lm_head.output, ).save()
        """,
    ),
    "one in another": (
        """
        with lm.trace("a"):
            nnsight.log("size", nnsight.apply(len, lm.lm_head.output))
        """,
        """
        with lm.trace("a"):
            print("size", len(lm.lm_head.output))
        """,
    ),
    "imported names": (
        """
        from nnsight import list, save
        from nnsight import dict as table
        with lm.trace("a"):
            kept = list().save()
            kept.append(table(a=lm.lm_head.output))
        print(save)
        """,
        """
        from nnsight import save
        with lm.trace("a"):
            kept = list().save()
            kept.append(dict(a=lm.lm_head.output))
        print(save)
        """,
    ),
    "a decorator": (
        """
        @nnsight.trace
        def double(x):
            return x * 2

        with lm.trace("a"):
            y = double(lm.lm_head.output).save()
        """,
        """
        def double(x):
            return x * 2

        with lm.trace("a"):
            y = double(lm.lm_head.output).save()
        """,
    ),
    "a condition with three branches": (
        """
        with lm.trace("a") as tracer:
            out = lm.lm_head.output.sum()
            kept = nnsight.list().save()
            # first
            with tracer.cond(out > 9) as first:
                kept.append(1)
            # second
            with first.else_(out > 8) as second:
                kept.append(2)
            with second.else_():
                kept.append(3)
        """,
        """
        with lm.trace("a") as tracer:
            out = lm.lm_head.output.sum()
            kept = list().save()
            # first
            if out > 9:
                kept.append(1)
            # second
            elif out > 8:
                kept.append(2)
            else:
                kept.append(3)
        """,
    ),
    "two chains of one name": (
        """
        with lm.trace("a") as tracer:
            out = lm.lm_head.output
            with tracer.cond(out.sum() > 0) as c:
                out[:] = 0
            with c.else_():
                out[:] = 1
            with tracer.cond(out.sum() > 1) as c:
                out[:] = 2
        """,
        """
        with lm.trace("a") as tracer:
            out = lm.lm_head.output
            if out.sum() > 0:
                out[:] = 0
            else:
                out[:] = 1
            if out.sum() > 1:
                out[:] = 2
        """,
    ),
    "a condition over lines": (
        """
        with lm.trace("a") as tracer:
            out = lm.lm_head.output
            with tracer.cond(
                out.sum()
                > 0
            ):
                out[:] = 0
        """,
        """
        with lm.trace("a") as tracer:
            out = lm.lm_head.output
            if (out.sum()
                > 0):
                out[:] = 0
        """,
    ),
    "pairs, and a session that stops its loop": (
        """
        with lm.session() as session:
            kept = nnsight.list().save()
            with session.iter([("a", 1), ("b", 2)]) as (prompt, number):
                with session.cond(number == 2):
                    session.stop()
                kept.append(number)
        """,
        """
        with lm.session() as session:
            kept = list().save()
            for (prompt, number) in [("a", 1), ("b", 2)]:
                if number == 2:
                    break
                kept.append(number)
        """,
    ),
    "the context itself": (
        """
        with lm.session() as session:
            with session.iter([0, 1], return_context=True) as (i, it):
                it.log("it", i)
        """,
        """
        with lm.session() as session:
            for i in [0, 1]:
                print("it", i)
        """,
    ),
    "locally": (
        """
        with lm.trace("a"):
            with nnsight.local():
                nnsight.log("hi")
                a = 1
            y = lm.lm_head.output.save()
        """,
        """
        with lm.trace("a"):
            print("hi")
            a = 1
            y = lm.lm_head.output.save()
        """,
    ),
    "a stop by a value that was not read": (
        """
        with lm.trace("a") as run:
            y = lm.transformer.h[0].output.save()
            lm.transformer.h[1].output.stop()
        """,
        """
        with lm.trace("a") as run:
            y = lm.transformer.h[0].output.save()
            lm.transformer.h[1].output
            run.stop()
        """,
    ),
    "a stop by what is given as a module": (
        """
        def hidden_of(submodule, inwards):
            with lm.trace("a"):
                if inwards:
                    hidden = submodule.input.save()
                else:
                    hidden = submodule.output.save()
                submodule.output.stop()
            return hidden
        """,
        """
        def hidden_of(submodule, inwards):
            with lm.trace("a") as tracer:
                if inwards:
                    hidden = submodule.input.save()
                else:
                    hidden = submodule.output.save()
                submodule.output
                tracer.stop()
            return hidden
        """,
    ),
    "a stop by what one branch has read": (
        """
        def hidden_of(early):
            hidden = None
            with lm.trace("a"):
                if early:
                    hidden = lm.transformer.h[0].output.save()
                else:
                    hidden = lm.transformer.h[1].output.save()
                lm.transformer.h[1].output.stop()
            return hidden
        """,
        """
        def hidden_of(early):
            hidden = None
            with lm.trace("a") as tracer:
                if early:
                    hidden = lm.transformer.h[0].output.save()
                else:
                    hidden = lm.transformer.h[1].output.save()
                lm.transformer.h[1].output
                tracer.stop()
            return hidden
        """,
    ),
    "a stop by the package": (
        """
        with lm.trace("a"):
            y = lm.transformer.h[0].output.save()
            nnsight.stop()
        """,
        """
        with lm.trace("a") as tracer:
            y = lm.transformer.h[0].output.save()
            tracer.stop()
        """,
    ),
    "a session that stops": (
        """
        with lm.session() as session:
            kept = nnsight.list().save()
            kept.append(1)
            session.stop()
            kept.append(2)
        """,
        """
        with lm.session() as session:
            kept = list().save()
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
    assert not {finding.code for finding in done.remaining} & OURS
    assert fix(after).code == after


# In each case something that 0.4 had stands in a form that only its writer can take across.
TOLD = {
    "a name of a condition that is used": """
        with lm.trace("a") as tracer:
            with tracer.cond(lm.lm_head.output.sum() > 0) as c:
                lm.lm_head.output[:] = 0
            print(c)
        """,
    "a condition among other contexts": """
        with lm.trace("a") as tracer:
            with tracer.cond(lm.lm_head.output.sum() > 0), torch.no_grad():
                lm.lm_head.output[:] = 0
        """,
    "arguments out of view": """
        with lm.trace("a") as tracer:
            y = tracer.apply(*job).save()
        """,
    "a session that stops sometimes": """
        with lm.session() as session:
            if late:
                session.stop()
            with lm.trace("a"):
                y = lm.lm_head.output.save()
        """,
    "a builtin's name that is taken": """
        list = 3
        with lm.trace("a"):
            kept = nnsight.list().save()
        """,
}


@pytest.mark.parametrize("name", TOLD)
def test_told_and_not_changed(name: str) -> None:
    found = [f for f in check(program(TOLD[name])).findings if f.code in OURS]
    assert found
    assert all(f.fix is None for f in found)


def test_what_happened_once_is_for_a_person() -> None:
    code = """
        with lm.session() as session:
            total = 0
            with session.iter([1, 2]) as n:
                total = total + n
            kept = nnsight.list().save()
        """
    (found,) = [f for f in check(program(code)).findings if f.code == "NNS404"]
    assert found.fix is not None
    assert found.fix.applicability is Applicability.UNSAFE
    assert "`total`" in found.message


def test_deprecated_until_it_is_gone() -> None:
    code = program('with lm.trace("a"):\n    kept = nnsight.list().save()\n')
    for target, severity in (((0, 5, 15), Severity.WARNING), ((0, 6), Severity.ERROR)):
        (found,) = [f for f in check(code, Options(target=target)).findings if f.code == "NNS403"]
        assert found.severity is severity


LEFT_ALONE = {
    "logarithms": "with lm.trace('a'):\n    y = torch.log(lm.lm_head.output).save()\n"
    "z = math.log(2), np.log(3)\n",
    "a logger": "logger = logging.getLogger()\nlogger.log(10, 'x')\n",
    "apply of a module": "lm.apply(lambda m: m.requires_grad_(False))\n"
    "torch.nn.Linear(1, 1).apply(torch.nn.init.zeros_)\n",
    "apply of a frame": "import pandas as pd\nframe = pd.DataFrame()\nframe.apply(len)\n",
    "Python's builtins": "with lm.trace('a'):\n    kept = list().save()\n    d = dict(a=1)\n",
    "a stop of the tracer": "with lm.trace('a') as tracer:\n"
    "    y = lm.lm_head.output.save()\n    tracer.stop()\n",
    "stops of other things": "import threading\nevent = threading.Event()\n"
    "with lm.trace('a'):\n    y = lm.lm_head.output.save()\nprofiler.stop()\nproc.stop()\n"
    "process.output.stop()\n",
    "a session of requests": "import requests\nwith requests.Session() as session:\n"
    "    with session.iter([1]) as x:\n        print(x)\n    session.log('a')\n",
    "steps of a generation": "with lm.generate('a', max_new_tokens=3) as tracer:\n"
    "    with tracer.iter[:]:\n        y = lm.lm_head.output.save()\n",
    "a decorator of torch": "@torch.jit.trace\ndef f(x):\n    return x\n",
    "a condition of another": "with other.cond(1) as c:\n    pass\nwith c.else_():\n    pass\n",
    "an enumeration": "class Kind(enum.Enum):\n    A = 1\nprint(Kind.A.value)\n",
    "a local name": "def f(apply, log):\n    log(apply(len, []))\n",
    "saved by the package": "with lm.trace('a'):\n    y = nnsight.save(lm.lm_head.output)\n",
    "locally in a remote trace": "with lm.trace('a', remote=True) as tracer:\n"
    "    with tracer.local():\n        print(1)\n    y = lm.lm_head.output.save()\n",
    "Python's iter and next": "it = iter([1])\nprint(next(it))\n",
    "apply of autograd": "with lm.trace('a'):\n    y = Scale.apply(lm.lm_head.output).save()\n",
}


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    assert codes(LEFT_ALONE[name]) == set()
    assert fix(program(LEFT_ALONE[name])).code == program(LEFT_ALONE[name])
