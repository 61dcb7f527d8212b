"""What 0.5 cuts out of a file: where it is made, and what it shares a `with` or a class with."""

from __future__ import annotations

import textwrap

import pytest

from nnmigrate.engine import check, fix

HEAD = """
import contextlib
from contextlib import ExitStack, contextmanager, nullcontext
import torch
from nnsight import LanguageModel

MANAGERS = contextlib, ExitStack, contextmanager, nullcontext
lm = LanguageModel("openai-community/gpt2")
"""
OURS = {"NNS304", "NNS305", "NNS306", "NNS307", "NNS308"}


def program(code: str) -> str:
    return HEAD + textwrap.dedent(code)


def codes(code: str) -> set[str]:
    return {finding.code for finding in check(program(code)).findings}


REWRITES = {
    "an invoke": (
        "NNS304",
        """
        with lm.trace() as t, t.invoke("a"):
            h = lm.lm_head.output.save()
        """,
        """
        with lm.trace() as t:
            with t.invoke("a"):
                h = lm.lm_head.output.save()
        """,
    ),
    "three, in parentheses, with comments and a string": (
        "NNS304",
        '''
        def f():
            with (
                lm.session() as s,  # the session
                torch.no_grad(),
                lm.trace() as t,
                t.invoke("a"),
            ):  # here
                # first
                h = lm.lm_head.output.save()
                text = """
          stays"""
                print(text)
                # last
            return h
        ''',
        '''
        def f():
            # the session
            _text = """
          stays"""
            with lm.session() as s, torch.no_grad():
                with lm.trace() as t:
                    with t.invoke("a"):  # here
                        # first
                        h = lm.lm_head.output.save()
                        text = _text
                        print(text)
                        # last
            return h
        ''',
    ),
    "a name before the trace": (
        "NNS304",
        """
        with nullcontext(2) as k, lm.trace("a"), torch.no_grad():
            h = (lm.lm_head.output * k).save()
        """,
        """
        with nullcontext(2) as k:
            with lm.trace("a"), torch.no_grad():
                h = (lm.lm_head.output * k).save()
        """,
    ),
    "a file that the body writes": (
        "NNS304",
        """
        with lm.trace("a"), open("f", "w") as file:
            h = lm.lm_head.output.save()
            file.write("a")
        """,
        """
        with lm.trace("a"):
            with open("f", "w") as file:
                h = lm.lm_head.output.save()
                file.write("a")
        """,
    ),
    "on one line": (
        "NNS304",
        """
        with lm.trace() as t, t.invoke("a"): h = lm.lm_head.output.save()
        """,
        """
        with lm.trace() as t:
            with t.invoke("a"):
                h = lm.lm_head.output.save()
        """,
    ),
    "made above": (
        "NNS305",
        """
        def f(p):
            tr = lm.trace(p)  # here
            with tr:
                h = lm.lm_head.output.save()
            return h
        """,
        """
        def f(p):
            # here
            with lm.trace(p):
                h = lm.lm_head.output.save()
            return h
        """,
    ),
    "made above, and used below": (
        "NNS305",
        """
        tr = lm.trace()
        n = 3
        with tr:
            with tr.invoke("a"):
                h = lm.lm_head.output.save()
        """,
        """
        n = 3
        with lm.trace() as tr:
            with tr.invoke("a"):
                h = lm.lm_head.output.save()
        """,
    ),
    "a stack": (
        "NNS305",
        """
        with ExitStack() as stack:
            file = stack.enter_context(open("f"))
            stack.enter_context(lm.trace("a"))
            h = lm.lm_head.output.save()
        """,
        """
        with open("f") as file:
            with lm.trace("a"):
                h = lm.lm_head.output.save()
        """,
    ),
    "a helper that returns it": (
        "NNS305",
        """
        def traced(p, scan=None):
            return lm.generate(p, max_new_tokens=2)

        def f(ps):
            for p in ps:
                with traced(p) as t:
                    h = lm.lm_head.output.save()
        """,
        """
        def f(ps):
            for p in ps:
                with lm.generate(p, max_new_tokens=2) as t:
                    h = lm.lm_head.output.save()
        """,
    ),
    "private names": (
        "NNS306",
        """
        class _Probe:
            def run(self, p):
                __k = 2
                with lm.trace(self.__p) as t:
                    with t.invoke(self.__p):
                        self.__h = (lm.lm_head.output * __k).save()
                        __own = 1
                        print(f"{self.__h} __k", __own, dict(__k=1), self.__class__)
        """,
        """
        class _Probe:
            def run(self, p):
                __k = 2
                with lm.trace(self.__p) as t:
                    with t.invoke(self._Probe__p):
                        self._Probe__h = (lm.lm_head.output * _Probe__k).save()
                        __own = 1
                        print(f"{self._Probe__h} __k", __own, dict(__k=1), self.__class__)
        """,
    ),
    "super": (
        "NNS306",
        """
        @print
        class Odd(dict):
            def run(me, p):
                with lm.trace(p):
                    h = (lm.lm_head.output * super().get("a")).save()

        class Plain(dict):
            def run(self, p):
                with lm.trace(p):
                    def get(other):
                        return super().get("a")
                    h = (lm.lm_head.output * super().get("a")).save()
        """,
        """
        @print
        class Odd(dict):
            def run(me, p):
                with lm.trace(p):
                    h = (lm.lm_head.output * super(__class__, me).get("a")).save()

        class Plain(dict):
            def run(self, p):
                with lm.trace(p):
                    def get(other):
                        return super(Plain, other).get("a")
                    h = (lm.lm_head.output * super(Plain, self).get("a")).save()
        """,
    ),
    "a context manager with a default and an index": (
        "NNS308",
        """
        @contextlib.contextmanager
        def traced(p, *, remote=False):
            '''Traces.'''
            with torch.no_grad():
                with lm.trace(p, remote=remote) as t:
                    yield t

        def f(ps):
            with traced(ps[0]) as tr:
                h = lm.lm_head.output.save()
        """,
        """
        def f(ps):
            with torch.no_grad(), lm.trace(ps[0], remote=False) as tr:
                h = lm.lm_head.output.save()
        """,
    ),
    "a context manager that others may use": (
        "NNS308",
        """
        __all__ = ["traced"]

        @contextmanager
        def traced(p):
            with lm.trace(p):
                yield

        with traced("a"):
            h = lm.lm_head.output.save()
        """,
        """
        __all__ = ["traced"]

        @contextmanager
        def traced(p):
            with lm.trace(p):
                yield

        with lm.trace("a"):
            h = lm.lm_head.output.save()
        """,
    ),
}


@pytest.mark.parametrize(("code", "before", "after"), REWRITES.values(), ids=REWRITES)
def test_rewrite(code: str, before: str, after: str) -> None:
    assert code in codes(before)
    done = fix(program(before))
    assert done.failures == ()
    assert done.code == program(after)
    assert code not in codes(after)
    assert fix(done.code).code == done.code


NOT_FIXED = {
    "a file between a trace and its invoke": (
        "NNS304",
        'with lm.trace() as t, open("f") as f, t.invoke("a"):\n    h = f.read()\n',
    ),
    "the argument is bound anew": (
        "NNS305",
        'p = "a"\ntr = lm.trace(p)\np = "b"\nwith tr:\n    h = lm.lm_head.output.save()\n',
    ),
    "the argument may be changed": (
        "NNS305",
        "p = []\ntr = lm.trace(p)\np.append(1)\nwith tr:\n    h = lm.lm_head.output.save()\n",
    ),
    "something that is called may change the argument": (
        "NNS305",
        "def f(p, g):\n    tr = lm.trace(p)\n    g()\n    with tr:\n"
        "        h = lm.lm_head.output.save()\n",
    ),
    "a trace or nothing": (
        "NNS305",
        "def f(flag):\n    c = lm.trace('a') if flag else nullcontext()\n    with c:\n"
        "        h = lm.lm_head.output.save()\n",
    ),
    "entered by hand": (
        "NNS305",
        "t = lm.trace('a')\nt.__enter__()\nh = lm.lm_head.output.save()\n",
    ),
    "a stack that is used again": (
        "NNS305",
        "with ExitStack() as s:\n    s.enter_context(lm.trace('a'))\n"
        "    h = lm.lm_head.output.save()\n    s.callback(print)\n",
    ),
    "returned to whoever calls": ("NNS305", "def f(p):\n    return lm.trace(p)\n"),
    "text": ("NNS307", "exec(\"with lm.trace('a'):\\n    h = lm.lm_head.output.save()\\n\")\n"),
    "an expression": (
        "NNS307",
        "with eval(\"lm.trace('a')\"):\n    h = lm.lm_head.output.save()\n",
    ),
    "a cell": (
        "NNS307",
        "get_ipython().run_cell_magic('time', '', \"with lm.trace('a'):\\n    pass\\n\")\n",
    ),
    "a context manager that does more": (
        "NNS302",
        "@contextmanager\ndef traced(p):\n    print(p)\n    with lm.trace(p):\n        yield\n\n"
        "with traced('a'):\n    h = lm.lm_head.output.save()\n",
    ),
    "a context manager that yields what it has read": (
        "NNS302",
        "@contextmanager\ndef traced(p):\n    with lm.trace(p):\n"
        "        h = lm.lm_head.output\n        yield h\n\n"
        "with traced('a') as h:\n    h = h.save()\n",
    ),
    "a context manager whose names are others at its use": (
        "NNS302",
        "@contextmanager\ndef traced(p):\n    with lm.trace(p):\n        yield\n\n"
        "def f(lm):\n    with traced('a'):\n        h = lm.lm_head.output.save()\n",
    ),
    "an argument that would be evaluated twice": (
        "NNS302",
        "@contextmanager\ndef traced(p):\n    with lm.trace(p, p):\n        yield\n\n"
        "with traced(input()):\n    h = lm.lm_head.output.save()\n",
    ),
}


@pytest.mark.parametrize(("code", "text"), NOT_FIXED.values(), ids=NOT_FIXED)
def test_not_fixed(code: str, text: str) -> None:
    found = [f for f in check(HEAD + text).findings if f.code in {code, *OURS}]
    assert code in {finding.code for finding in found}
    assert [finding for finding in found if finding.fix] == []


LEFT_ALONE = {
    "what binds nothing": "with torch.no_grad(), lm.trace('a') as t:\n    h = lm.lm_head.output\n",
    "behind the trace": "with lm.trace('a'), torch.no_grad():\n    h = lm.lm_head.output\n",
    "behind the trace, with a name": (
        "with lm.trace('a') as t, nullcontext(2) as k:\n    h = lm.lm_head.output * k\n"
    ),
    "a file that the body does not touch": (
        "with lm.trace('a') as t, open('f') as file:\n    h = lm.lm_head.output\n"
    ),
    "a name before a session": (
        "with open('f') as f, lm.session() as s:\n    with lm.trace('a'):\n"
        "        h = lm.lm_head.output\n"
    ),
    "a name before an invoke": (
        "with lm.trace() as t:\n    with nullcontext(2) as k, t.invoke('a'):\n"
        "        h = lm.lm_head.output * k\n"
    ),
    "a name before an edit": "with open('f') as f, lm.edit() as e:\n    e.lm_head.output[:] = 0\n",
    "a header on several lines": (
        "with (\n    torch.no_grad(),\n    lm.trace(\n        'a'\n    ) as t,\n):\n"
        "    h = lm.lm_head.output\n"
    ),
    "other contexts": "with open('f') as f, open('g') as g:\n    print(f, g)\n",
    "the method by another name": "tr = lm.trace\nwith tr('a'):\n    h = lm.lm_head.output\n",
    "a condition in the header": (
        "with lm.trace('a') if lm else nullcontext():\n    h = lm.lm_head.output.save()\n"
    ),
    "another thing's trace": "def f(other):\n    x = other.trace(2)\n    return x\n",
    "the trace of a matrix": "m = torch.eye(2)\nt = m.trace()\nprint(t)\n",
    "a generation without a with": "x = lm.generate('a')\n",
    "a stack without a trace": "with ExitStack() as s:\n    s.enter_context(open('f'))\n",
    "private names outside of the body": (
        "class C:\n    def f(self):\n        with lm.trace(self.__p):\n"
        "            h = lm.lm_head.output.save()\n        self.__h = super().g(h)\n"
    ),
    "private names outside of classes": (
        "def f(self):\n    with lm.trace('a'):\n        h = lm.lm_head.output * self.__k\n"
    ),
    "a class in the body": (
        "class C:\n    def f(self):\n        with lm.trace('a'):\n            class D:\n"
        "                def g(self):\n                    return self.__k, super().h()\n"
    ),
    "super with arguments": (
        "class C(dict):\n    def f(self):\n        with lm.trace('a'):\n"
        "            h = lm.lm_head.output * super(C, self).get(1)\n"
    ),
    "text without a trace": "exec('x = 1')\n",
    "text of something else": "exec('with other.trace(1):\\n    pass')\n",
    "a trace in a text that is printed": "print('with lm.trace(1):\\n    pass')\n",
    "code of a file": "exec(compile(open('f').read(), 'f', 'exec'))\n",
    "a context manager without a trace": (
        "@contextmanager\ndef f():\n    with torch.no_grad():\n        yield\n\n"
        "with f():\n    with lm.trace('a'):\n        h = lm.lm_head.output.save()\n"
    ),
    "a helper that invokes": (
        "def run(t, p):\n    with t.invoke(p):\n        h = lm.lm_head.output.save()\n"
        "    return h\n\n"
        "with lm.trace() as t:\n    h = run(t, 'a')\n"
    ),
    "a helper that is given the tracer": (
        "def f(t):\n    return t\n\nwith lm.trace('a') as t:\n    h = f(lm.lm_head.output)\n"
    ),
}


@pytest.mark.parametrize("text", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_left_alone(text: str) -> None:
    assert not {finding.code for finding in check(HEAD + text).findings} & OURS
    assert fix(HEAD + text).code == HEAD + text
