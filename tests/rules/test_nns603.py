"""What stands behind a block of unknown length."""

from __future__ import annotations

import textwrap

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.program import Dialect, Options

HEAD = "import nnsight\nfrom nnsight import LanguageModel\nprint(nnsight.PATH)\n\n"
HEAD += "lm = LanguageModel('gpt2')\n"
OPEN = "max_new_tokens=None, max_length=6"
BLOCK = "with lm.lm_head.all():\n        lm.lm_head.output[:] = 0\n"


def program(code: str) -> str:
    return HEAD + textwrap.dedent(code).replace("OPEN", OPEN)


REWRITES = {
    "in a function, with comments": (
        """
        def f(prompt):
            # go
            with lm.generate(
                prompt,
                OPEN,
            ) as gen:
                r = nnsight.list().save()
                with lm.lm_head.iter[1:]:
                    r.append(lm.lm_head.output)  # each
                # the text
                out = lm.generator.output.save()
            return r, out
        """,
        """
        def f(prompt):
            # go
            with lm.generate(OPEN) as gen:
                with gen.invoke(prompt):
                    r = list().save()
                    with gen.iter[1:]:
                        r.append(lm.lm_head.output)  # each
                with gen.invoke():
                    # the text
                    out = lm.generator.output.save()
            return r, out
        """,
    ),
    "an invoke": (
        """
        with lm.generate(OPEN) as tracer:
            with tracer.invoke("a"):
                with lm.lm_head.all():
                    lm.lm_head.output[:] = 0
                out = lm.generator.output.save()
        print(out)
        """,
        """
        with lm.generate(OPEN) as tracer:
            with tracer.invoke("a"):
                with tracer.all():
                    lm.lm_head.output[:] = 0
            with tracer.invoke():
                out = lm.generator.output.save()
        print(out)
        """,
    ),
    "a name that an earlier turn has bound": (
        """
        for prompt in prompts:
            with lm.generate(prompt, OPEN):
                r = nnsight.list().save()
                with lm.lm_head.all():
                    r.append(lm.lm_head.output)
                out = lm.generator.output.save()
            print(r, out)
        """,
        """
        for prompt in prompts:
            with lm.generate(OPEN) as tracer:
                r = list().save()
                with tracer.invoke(prompt):
                    with tracer.all():
                        r.append(lm.lm_head.output)
                with tracer.invoke():
                    out = lm.generator.output.save()
            print(r, out)
        """,
    ),
    "a string of several lines": (
        '''
        with lm.generate("a", OPEN):
            with lm.lm_head.all():
                lm.lm_head.output[:] = 0
            note = """one
            two"""
            out = lm.generator.output.save()
        print(out)
        ''',
        '''
        _text = """one
            two"""
        with lm.generate(OPEN) as tracer:
            with tracer.invoke("a"):
                with tracer.all():
                    lm.lm_head.output[:] = 0
            with tracer.invoke():
                note = _text
                out = lm.generator.output.save()
        print(out)
        ''',
    ),
}


@pytest.mark.parametrize("name", REWRITES)
def test_rewritten(name: str) -> None:
    before, after = map(program, REWRITES[name])
    assert fix(before).code == after
    assert fix(after).code == after
    assert not [one for one in check(after).findings if one.code == "NNS603"]


TAIL = "    out = lm.generator.output.save()\n"
ONLY_REPORTED = {
    "nothing is said of the length": f"with lm.generate('a'):\n    {BLOCK}{TAIL}",
    "it reads what the block fills": (
        "with lm.generate('a', OPEN):\n    r = nnsight.list().save()\n"
        "    with lm.lm_head.all():\n        r.append(lm.lm_head.output)\n    n = len(r)\n"
    ),
    "it reads what the block fills from outside": (
        "r = []\nwith lm.generate('a', OPEN):\n"
        "    with lm.lm_head.all():\n        r.append(lm.lm_head.output)\n    n = sum(r).save()\n"
    ),
    "it binds what the block reads": (
        f"k = 1\nwith lm.generate('a', OPEN):\n    {BLOCK.replace('0', 'k')}    k = 2\n{TAIL}"
    ),
    "two blocks": f"with lm.generate('a', OPEN):\n    {BLOCK}    {BLOCK}",
    "a module behind the output": (
        f"with lm.generate('a', OPEN):\n    {BLOCK}{TAIL}    h = lm.lm_head.output.save()\n"
    ),
    "two prompts": (
        "with lm.generate(OPEN) as t:\n"
        "    with t.invoke('a'):\n        x = lm.lm_head.output.save()\n"
        "    with t.invoke('b'):\n"
        "        with lm.lm_head.all():\n            lm.lm_head.output[:] = 0\n"
        "        out = lm.generator.output.save()\n"
    ),
    "a name that an earlier turn has": (
        "for p in 'ab':\n    with lm.generate(p, OPEN):\n        r = lm.lm_head.input * 2\n"
        "        with lm.lm_head.all():\n            lm.lm_head.output[:] = r\n"
        "        out = lm.generator.output.save()\n"
    ),
    "a prompt that the body binds anew": (
        "for p in 'ab':\n    with lm.generate(p, OPEN):\n        p = 2\n"
        "        with lm.lm_head.all():\n            lm.lm_head.output[:] = p\n"
        "        out = lm.generator.output.save()\n"
    ),
    "prompts by keyword": f"with lm.generate(input_ids=ids, OPEN):\n    {BLOCK}{TAIL}",
    "prompts with a star": f"with lm.generate(*prompts, OPEN):\n    {BLOCK}{TAIL}",
    "under a condition": (
        "with lm.generate('a', OPEN):\n    if steer:\n        with lm.lm_head.all():\n"
        f"            lm.lm_head.output[:] = 0\n{TAIL}"
    ),
    "in a loop": (
        "with lm.generate('a', OPEN):\n    for h in lm.transformer.h:\n        with h.all():\n"
        "            h.output[0][:] = 0\n"
    ),
}


@pytest.mark.parametrize("name", ONLY_REPORTED)
def test_only_reported(name: str) -> None:
    found = check(program(ONLY_REPORTED[name])).findings
    assert [one.fix for one in found if one.code == "NNS603"] == [None]


LEFT_ALONE = {
    "counted": f"with lm.generate('a', max_new_tokens=3):\n    {BLOCK}{TAIL}",
    "counted by a name": f"with lm.generate('a', max_new_tokens=n):\n    {BLOCK}{TAIL}",
    "counted somewhere else": f"with lm.generate('a', **options):\n    {BLOCK}{TAIL}",
    "nothing behind": f"with lm.generate('a', OPEN):\n    out = 1\n    {BLOCK}",
    "bounded": f"with lm.generate('a', OPEN):\n    {BLOCK.replace('all()', 'iter[:3]')}{TAIL}",
    "one step": f"with lm.generate('a', OPEN):\n    {BLOCK.replace('all()', 'iter[2]')}{TAIL}",
    "no generation": f"with lm.trace('a'):\n    {BLOCK}    out = lm.output.save()\n",
    "apart": (
        "with lm.generate(OPEN) as t:\n    with t.invoke('a'):\n        with lm.lm_head.all():\n"
        "            lm.lm_head.output[:] = 0\n    with t.invoke():\n    " + TAIL
    ),
    "counted by a pipeline": (
        "lm = nnsight.DiffusionModel('sd')\n"
        f"with lm.generate('a', num_inference_steps=5):\n    {BLOCK}{TAIL}"
    ),
    "no model": "with net.generate('a', OPEN):\n    with net.all():\n        f()\n    g()\n",
}


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    found = check(program(LEFT_ALONE[name])).findings
    assert not [one for one in found if one.code == "NNS603"]


EIGHT = Options(source=Dialect.OLD, target=(0, 8, 1))
COUNTED = """
with lm.generate('a', max_new_tokens=3) as tracer:
    LOOP:
        lm.lm_head.output[:] = 0
    out = lm.generator.output.save()
"""
APART = """
with lm.generate(max_new_tokens=3) as tracer:
    with tracer.invoke('a'):
        LOOP:
            lm.lm_head.output[:] = 0
    with tracer.invoke():
        out = lm.generator.output.save()
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("with lm.lm_head.all()", "for step in tracer.all()"),
        ("with lm.lm_head.iter[1:]", "for step in tracer.iter[1:]"),
        ("for step in tracer.iter[:]", "for step in tracer.iter[:]"),
        ("for step in tracer.all()", "for step in tracer.all()"),
    ],
)
def test_0_8_drops_what_stands_behind_counted_steps_as_well(old: str, new: str) -> None:
    before, after = program(COUNTED.replace("LOOP", old)), program(APART.replace("LOOP", new))
    assert fix(before, EIGHT).code == after
    assert fix(after, EIGHT).code == after
    seven = Options(source=Dialect.OLD, target=(0, 7))
    assert not [one for one in check(before, seven).findings if one.code == "NNS603"]


@pytest.mark.parametrize("name", [name for name in LEFT_ALONE if "counted" not in name])
def test_left_alone_for_0_8(name: str) -> None:
    found = check(program(LEFT_ALONE[name]), EIGHT).findings
    assert not [one for one in found if one.code == "NNS603"]


def test_options_from_elsewhere_may_say_the_length() -> None:
    code = program(f"with lm.generate('a', **options):\n    {BLOCK}{TAIL}")
    (found,) = [one for one in check(code, EIGHT).findings if one.code == "NNS603"]
    assert found.fix is None
    assert "max_new_tokens" not in found.message


def test_code_for_the_new_version_is_left_alone() -> None:
    code = program(f"with lm.generate('a', OPEN):\n    {BLOCK}{TAIL}")
    found = check(code, Options(source=Dialect.NEW)).findings
    assert not [one for one in found if one.code == "NNS603"]


@pytest.mark.parametrize("opened", ["tracer.all()", "tracer.iter[:]", "tracer.iter[1:]"])
def test_0_8_drops_what_0_5_does_not(opened: str) -> None:
    code = program(f"""
        with lm.generate('a', max_new_tokens=3) as tracer:
            with {opened}:
                h = lm.lm_head.output.save()
            out = lm.generator.output.save()
        """)
    assert check(code).findings == ()
    eight = Options(target=(0, 8, 1))
    (found,) = (one for one in check(code, eight).findings if one.code == "NNS603")
    assert found.message.startswith(f"`{opened}` waits for one more step")
    fixed = fix(code, eight)
    assert "with tracer.invoke():\n        out = lm.generator.output.save()" in fixed.code
    assert not [one for one in fixed.remaining if one.code == "NNS603"]
    counted = code.replace(opened, "tracer.iter[:3]")
    assert not [one for one in check(counted, eight).findings if one.code == "NNS603"]
