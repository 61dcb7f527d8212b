"""What the body of a trace may not be: on one line, left, or begun with `try`."""

from __future__ import annotations

import textwrap

import pytest

from nnmigrate.engine import check, fix

HEAD = 'from nnsight import LanguageModel\n\nlm = LanguageModel("openai-community/gpt2")\n'


def program(code: str) -> str:
    return HEAD + textwrap.dedent(code)


def codes(code: str) -> set[str]:
    return {finding.code for finding in check(program(code)).findings}


REWRITES = {
    "one line": (
        "NNS301",
        """
        with lm.trace("a"): h = lm.lm_head.output.save(); print(h)
        """,
        """
        with lm.trace("a"):
            h = lm.lm_head.output.save(); print(h)
        """,
    ),
    "an invoke on one line": (
        "NNS301",
        """
        with lm.trace() as tracer:
        \twith tracer.invoke("a"): h = lm.lm_head.output.save()  # here
        """,
        """
        with lm.trace() as tracer:
        \twith tracer.invoke("a"):
        \t\th = lm.lm_head.output.save()  # here
        """,
    ),
    "asked first": (
        "NNS302",
        """
        for prompt in prompts:
            with lm.trace(prompt):
                if not prompt:  # nothing to see
                    skipped = 1
                    continue
                h = lm.lm_head.output.save()
            print(h)
        """,
        """
        for prompt in prompts:
            if not prompt:  # nothing to see
                skipped = 1
                continue
            with lm.trace(prompt):
                h = lm.lm_head.output.save()
            print(h)
        """,
    ),
    "a returned name": (
        "NNS302",
        """
        def f():
            with lm.trace("a"):
                h = lm.lm_head.output.save()
                return h
        """,
        """
        def f():
            with lm.trace("a"):
                h = lm.lm_head.output.save()
            return h
        """,
    ),
    "a returned value": (
        "NNS302",
        """
        def f():
            with lm.trace("a"):
                return lm.lm_head.output.save(), 1
        """,
        """
        def f():
            with lm.trace("a"):
                _returned = (lm.lm_head.output.save(), 1).save()
            return _returned
        """,
    ),
    "returned out of an invoke": (
        "NNS302",
        """
        def f():
            with lm.trace() as tracer:
                with tracer.invoke("a"):
                    h = lm.lm_head.output.save()
                    return h
        """,
        """
        def f():
            with lm.trace() as tracer:
                with tracer.invoke("a"):
                    h = lm.lm_head.output.save()
            return h
        """,
    ),
    "a break": (
        "NNS302",
        """
        for p in "ab":
            with lm.trace(p):
                h = lm.lm_head.output.save()
                break
        """,
        """
        for p in "ab":
            with lm.trace(p):
                h = lm.lm_head.output.save()
            break
        """,
    ),
    "a continue under a condition": (
        "NNS302",
        """
        for p in "ab":
            with lm.trace(p):
                h = lm.lm_head.output.save()
                if p == "a":
                    continue
            print(h)
        """,
        """
        for p in "ab":
            with lm.trace(p):
                h = lm.lm_head.output.save()
            if p == "a":
                continue
            print(h)
        """,
    ),
    "a yield": (
        "NNS302",
        """
        def f():
            for p in "ab":
                with lm.trace(p):
                    h = lm.lm_head.output.save()
                    yield h
        """,
        """
        def f():
            for p in "ab":
                with lm.trace(p):
                    h = lm.lm_head.output.save()
                yield h
        """,
    ),
    "a list that is returned is saved": (
        "NNS302",
        """
        def f():
            with lm.trace("a"):
                hs = []
                hs.append(lm.lm_head.output.save())
                return hs
        """,
        """
        def f():
            with lm.trace("a"):
                hs = list().save()
                hs.append(lm.lm_head.output.save())
            return hs
        """,
    ),
    "what else moves stands before the leaving statement": (
        "NNS302",
        """
        seen = []
        for p in "abc":
            with lm.trace(p, remote=True):
                h = lm.lm_head.output.save()
                seen.append(p)
                if len(seen) == 2:
                    break
        """,
        """
        seen = []
        for p in "abc":
            with lm.trace(p, remote=True):
                h = lm.lm_head.output.save()
            seen.append(p)
            if len(seen) == 2:
                break
        """,
    ),
    "a try": (
        "NNS303",
        """
        with lm.trace("a"):
            try:
                h = lm.lm_head.output.save()
            except ValueError:
                h = None
        """,
        """
        with lm.trace("a"):
            ...  # since nnsight 0.5 a trace cannot begin with `try`
            try:
                h = lm.lm_head.output.save()
            except ValueError:
                h = None
        """,
    ),
}


@pytest.mark.parametrize(("code", "before", "after"), REWRITES.values(), ids=REWRITES)
def test_rewrite(code: str, before: str, after: str) -> None:
    assert code in codes(before)
    done = fix(program(before))
    assert done.code.removeprefix(HEAD) == textwrap.dedent(after)
    assert code not in codes(after)


NOT_FIXED = {
    "in the middle": """
        def f(flag):
            with lm.trace("a"):
                x = lm.lm_head.input
                if flag:
                    return
                h = lm.lm_head.output.save()
        """,
    "under a condition of the model": """
        for p in "ab":
            with lm.trace(p):
                h = lm.lm_head.output.sum().save()
                if h > 0:
                    break
        """,
    "nothing else": """
        def f():
            with lm.trace("a") as tracer:
                yield tracer
        """,
}


@pytest.mark.parametrize("code", NOT_FIXED.values(), ids=NOT_FIXED)
def test_not_fixed(code: str) -> None:
    found = [f for f in check(program(code)).findings if f.code == "NNS302"]
    assert [finding.fix for finding in found] == [None]
    assert fix(program(code)).code == program(code)


LEFT_ALONE = {
    "another with on one line": 'with open("f") as f: print(f)\n',
    "a loop on one line": 'with lm.trace("a"):\n    for i in range(2): print(i)\n',
    "a break out of the trace's own loop": (
        'with lm.trace("a"):\n    for i in range(2):\n        break\n'
    ),
    "a return of the trace's own function": (
        'with lm.trace("a"):\n    def f():\n        return 1\n    h = lm.lm_head.output.save()\n'
    ),
    "a return behind the trace": (
        'def f():\n    with lm.trace("a"):\n        h = lm.lm_head.output.save()\n    return h\n'
    ),
    "a try around the trace": (
        'try:\n    with lm.trace("a"):\n        h = lm.lm_head.output.save()\n'
        "except ValueError:\n    pass\n"
    ),
    "a try behind something": (
        'with lm.trace("a"):\n    h = lm.lm_head.output.save()\n'
        "    try:\n        print(h)\n    except ValueError:\n        pass\n"
    ),
}


@pytest.mark.parametrize("code", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_left_alone(code: str) -> None:
    assert not {code for code in codes(code) if code.startswith("NNS3")}
    assert fix(program(code)).code == program(code)
