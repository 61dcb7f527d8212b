"""Steps of a generation: cursors that 0.4 moved, modules that 0.4 iterated over."""

from __future__ import annotations

import textwrap

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.findings import Severity
from nnmigrate.program import Dialect, Options

HEAD = (
    "import nnsight\nfrom nnsight import LanguageModel\n\n"
    'm = LanguageModel("openai-community/gpt2")\n'
)


def program(code: str) -> str:
    return HEAD + textwrap.dedent(code)


def found(code: str, options: Options | None = None) -> list[tuple[str, Severity, str]]:
    findings = check(program(code), options).findings
    return [(f.code, f.severity, f.message) for f in findings if f.code.startswith("NNS60")]


REWRITES = {
    "a named increment": (
        """
        with m.generate("a", max_new_tokens=3):
            c = m.lm_head.next(increment=2).output.sum().save()
        """,
        """
        with m.generate("a", max_new_tokens=3) as tracer:
            with tracer.iter[2]:
                c = m.lm_head.output.sum().save()
        """,
    ),
    "steps in a row, with comments": (
        """
        with m.generate("a", max_new_tokens=3) as gen:
            a = m.lm_head.output.save()  # the first

            # the second
            b = m.lm_head.next().output.save()
            m.lm_head.next()
            c = m.lm_head.output.save()
            d = (a + b + c).save()
        """,
        """
        with m.generate("a", max_new_tokens=3) as gen:
            a = m.lm_head.output.save()  # the first

            # the second
            with gen.iter[1]:
                b = m.lm_head.output.save()
            with gen.iter[2]:
                c = m.lm_head.output.save()
            d = (a + b + c).save()
        """,
    ),
    "a parent puts its children where it is itself": (
        """
        with m.generate("a", max_new_tokens=3) as t:
            m.transformer.h[0].next()
            m.transformer.next()
            a = m.transformer.h[0].output.save()
        """,
        """
        with m.generate("a", max_new_tokens=3) as t:
            with t.iter[1]:
                a = m.transformer.h[0].output.save()
        """,
    ),
    "an earlier step behind a later one": (
        """
        with m.generate("a", max_new_tokens=3) as t:
            b = m.lm_head.next().output.save()
            h = m.transformer.h[0].next().output.save()
            a = m.transformer.h[2].output.save()
        """,
        """
        with m.generate("a", max_new_tokens=3) as t:
            a = m.transformer.h[2].output.save()
            with t.iter[1]:
                h = m.transformer.h[0].output.save()
                b = m.lm_head.output.save()
        """,
    ),
    "a loop": (
        """
        def run(n, outs):
            with m.generate("a", max_new_tokens=n):
                for _ in range(n):
                    outs.append(m.lm_head.output.save())  # one
                    m.lm_head.next()
                out = m.generator.output.save()
        """,
        """
        def run(n, outs):
            with m.generate("a", max_new_tokens=n) as tracer:
                for step in range(n):
                    with tracer.iter[step]:
                        outs.append(m.lm_head.output.save())  # one
                out = m.generator.output.save()
        """,
    ),
    "a loop that moves first": (
        """
        with m.generate("a", max_new_tokens=5) as t:
            first = m.lm_head.output.save()
            for i in range(3):
                h = m.lm_head.next().output.save()
            last = m.lm_head.next().output.save()
        """,
        """
        with m.generate("a", max_new_tokens=5) as t:
            first = m.lm_head.output.save()
            for i in range(3):
                with t.iter[i + 1]:
                    h = m.lm_head.output.save()
            with t.iter[4]:
                last = m.lm_head.output.save()
        """,
    ),
    "invokes begin anew": (
        """
        with m.generate(max_new_tokens=3) as t:
            with t.invoke("a"):
                a = m.lm_head.next().output.save()
            with t.invoke("b"):
                b = m.lm_head.next().output.save()
        """,
        """
        with m.generate(max_new_tokens=3) as t:
            with t.invoke("a"):
                with t.iter[1]:
                    a = m.lm_head.output.save()
            with t.invoke("b"):
                with t.iter[1]:
                    b = m.lm_head.output.save()
        """,
    ),
    "a tracer that is something else": (
        """
        tracer = 1
        with m.generate("a", max_new_tokens=3):
            a = m.lm_head.next().output.save()
        """,
        """
        tracer = 1
        with m.generate("a", max_new_tokens=3) as tracer_2:
            with tracer_2.iter[1]:
                a = m.lm_head.output.save()
        """,
    ),
    "all steps of a module": (
        """
        with m.generate("a", max_new_tokens=3):
            with m.transformer.all():  # each
                # here
                m.transformer.h[0].output[:] = 0
        """,
        """
        with m.generate("a", max_new_tokens=3) as tracer:
            with tracer.all():  # each
                # here
                m.transformer.h[0].output[:] = 0
        """,
    ),
    "some steps, the module by another name": (
        """
        with m.generate("a", max_new_tokens=3) as t:
            with m.lm_head.iter[1:3] as head:
                o = (head.input.sum() + head.output).save()
        """,
        """
        with m.generate("a", max_new_tokens=3) as t:
            with t.iter[1:3]:
                o = (m.lm_head.input.sum() + m.lm_head.output).save()
        """,
    ),
    "a tuple of steps": (
        """
        with m.generate("a", max_new_tokens=3) as t:
            with m.lm_head.iter[0, 2]:
                o = m.lm_head.output.save()
        """,
        """
        with m.generate("a", max_new_tokens=3) as t:
            with t.iter[[0, 2]]:
                o = m.lm_head.output.save()
        """,
    ),
    "another module at the first step": (
        """
        with m.generate("a", max_new_tokens=3) as t:
            with m.lm_head.all():
                m.transformer.h[0].output[:] = 0
                o = m.lm_head.output.save()
        """,
        """
        with m.generate("a", max_new_tokens=3) as t:
            with t.all() as step:
                if step == 0:
                    m.transformer.h[0].output[:] = 0
                o = m.lm_head.output.save()
        """,
    ),
    "not entered": (
        """
        with m.generate("a", max_new_tokens=3) as t:
            m.transformer.h[0].all()
            m.transformer.h[0].output[:] = 0
            m.transformer.h[1].all().output[:] = 1
            out = m.generator.output.save()
        """,
        """
        with m.generate("a", max_new_tokens=3) as t:
            with t.all():
                m.transformer.h[0].output[:] = 0
                m.transformer.h[1].output[:] = 1
            out = m.generator.output.save()
        """,
    ),
    "the whole model, and the generator behind": (
        """
        with m.generate("a", max_new_tokens=3) as t:
            m.all()
            m.transformer.h[0].output[:] = 0
            out = m.generator.output.save()
        """,
        """
        with m.generate("a", max_new_tokens=3) as t:
            with t.all():
                m.transformer.h[0].output[:] = 0
            out = m.generator.output.save()
        """,
    ),
    "one step, not entered": (
        """
        with m.generate("a", max_new_tokens=3) as t:
            o = m.lm_head.iter[2].output.save()
        """,
        """
        with m.generate("a", max_new_tokens=3) as t:
            with t.iter[2]:
                o = m.lm_head.output.save()
        """,
    ),
    "neighbours": (
        """
        with m.generate("a", max_new_tokens=3) as t:
            with m.transformer.h[0].all():
                m.transformer.h[0].output[:] = 0
            with m.lm_head.all() as head:
                o = head.output.save()
        """,
        """
        with m.generate("a", max_new_tokens=3) as t:
            with t.all():
                m.transformer.h[0].output[:] = 0
                o = m.lm_head.output.save()
        """,
    ),
    "a loop over modules": (
        """
        with m.generate("a", max_new_tokens=3) as t:
            for layer in m.transformer.h:
                with layer.all():
                    layer.output[:] = 0
        """,
        """
        with m.generate("a", max_new_tokens=3) as t:
            with t.all():
                for layer in m.transformer.h:
                    layer.output[:] = 0
        """,
    ),
}


@pytest.mark.parametrize("name", REWRITES)
def test_is_rewritten(name: str) -> None:
    before, after = REWRITES[name]
    fixed = fix(program(before), unsafe=True)
    assert fixed.code == program(after)
    assert not [finding for finding in fixed.remaining if finding.code.startswith("NNS60")]
    assert fix(fixed.code, unsafe=True).code == fixed.code


# Reported, and left as it is.
REPORTED = {
    "in a condition": """
        with m.generate("a", max_new_tokens=3) as t:
            if flag:
                m.lm_head.next()
            a = m.lm_head.output.save()
        """,
    "in a loop over something else": """
        with m.generate("a", max_new_tokens=3) as t:
            for scale in scales:
                a = (m.lm_head.output * scale).save()
                m.lm_head.next()
        """,
    "in a while loop": """
        with m.generate("a", max_new_tokens=3) as t:
            while more():
                m.lm_head.next()
            a = m.lm_head.output.save()
        """,
    "in a comprehension": """
        with m.generate("a", max_new_tokens=3) as t:
            xs = [m.lm_head.next().output.save() for _ in range(2)]
        """,
    "kept": """
        with m.generate("a", max_new_tokens=3) as t:
            one = m.lm_head.next()
            a = one.output.save()
        """,
    "handed on": """
        with m.generate("a", max_new_tokens=3) as t:
            a = read(m.lm_head.next())
            b = m.lm_head.output.save()
        """,
    "by an unknown number": """
        with m.generate("a", max_new_tokens=3) as t:
            a = m.lm_head.next(n).output.save()
        """,
    "two steps in a statement": """
        with m.generate("a", max_new_tokens=3) as t:
            a = (m.lm_head.output - m.lm_head.next().output).save()
        """,
    "a module in the loop that is not moved": """
        with m.generate("a", max_new_tokens=3) as t:
            for i in range(3):
                h = m.transformer.h[0].output.save()
                o = m.lm_head.output.save()
                m.lm_head.next()
        """,
    "an earlier step needs a later one": """
        with m.generate("a", max_new_tokens=3) as t:
            b = m.lm_head.next().output
            a = (m.transformer.h[0].output.sum() + b).save()
        """,
    "moved after a loop of an unknown length": """
        with m.generate("a", max_new_tokens=3) as t:
            for i in range(n):
                o = m.lm_head.output.save()
                m.lm_head.next()
            a = m.lm_head.output.save()
        """,
    "a layer that may be another one": """
        with m.generate("a", max_new_tokens=3) as t:
            m.transformer.h[i].next()
            a = m.transformer.h[k].output.save()
        """,
    "left": """
        with m.generate("a", max_new_tokens=3) as t:
            for i in range(3):
                if m.lm_head.output.sum() > 0:
                    break
                m.lm_head.next()
        """,
    "beside an iteration": """
        with m.generate("a", max_new_tokens=3) as t:
            a = m.lm_head.next().output.save()
            with m.lm_head.all():
                b = m.lm_head.output.save()
        """,
    "another module's value is used": """
        with m.generate("a", max_new_tokens=3) as t:
            with m.lm_head.all():
                h = m.transformer.h[0].output
                o = (m.lm_head.output + h.sum()).save()
        """,
    "another module, not from the first step": """
        with m.generate("a", max_new_tokens=3) as t:
            with m.lm_head.iter[1:]:
                m.transformer.h[0].output[:] = 0
                o = m.lm_head.output.save()
        """,
    "read behind the block": """
        with m.generate("a", max_new_tokens=3) as t:
            with m.transformer.h[0].all():
                m.transformer.h[0].output[:] = 0
            o = m.lm_head.output.save()
        """,
    "read before the block": """
        with m.generate("a", max_new_tokens=3) as t:
            o = m.lm_head.output.save()
            with m.transformer.h[0].all():
                m.transformer.h[0].output[:] = 0
        """,
    "the generator in the block": """
        with m.generate("a", max_new_tokens=3) as t:
            with m.all():
                o = m.generator.output.save()
        """,
    "steps downwards": """
        with m.generate("a", max_new_tokens=3) as t:
            with m.lm_head.iter[2]:
                o = m.lm_head.output.save()
            with m.lm_head.iter[1]:
                p = m.lm_head.output.save()
        """,
}


@pytest.mark.parametrize("name", REPORTED)
def test_is_reported_and_left(name: str) -> None:
    code = program(REPORTED[name])
    assert found(REPORTED[name])
    assert fix(code, unsafe=True).code == code


LEFT_ALONE = {
    "the tracer's": """
        with m.generate("a", max_new_tokens=3) as t:
            with t.iter[1]:
                a = m.lm_head.output.save()
            with t.all() as step:
                b = m.lm_head.output.save()
        """,
    "the tracer's next": """
        with m.generate("a", max_new_tokens=3) as t:
            t.next()
            a = m.lm_head.output.save()
        """,
    "python's": """
        prompts = iter(["a"])
        with m.generate(next(prompts), max_new_tokens=3) as t:
            if all([True]):
                a = m.generator.output.save()
        """,
    "an iterator's method": """
        with m.generate(loader.next(), max_new_tokens=3) as t:
            a = m.generator.output.save()
        """,
    "a tensor's": """
        with m.generate("a", max_new_tokens=3) as t:
            a = (m.lm_head.output > 0).all().save()
            b = m.lm_head.output.all(dim=-1).save()
        """,
    "numpy's": """
        import numpy as np
        with m.generate("a", max_new_tokens=3) as t:
            a = m.generator.output.save()
        print(np.ones(3).all())
        """,
    "a queue's iter": """
        with m.generate("a", max_new_tokens=3) as t:
            a = m.generator.output.save()
        rows = table.iter[1:3]
        """,
    "outside of traces": """
        class Cursor:
            def next(self, increment=1):
                return self

        Cursor().next(increment=2)
        """,
}


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_is_left_alone(name: str) -> None:
    assert not found(LEFT_ALONE[name])


def test_says_nothing_of_code_for_05() -> None:
    code = """
        with m.generate("a", max_new_tokens=3) as t:
            with m.lm_head.all():
                m.transformer.h[0].output[:] = 0
            m.lm_head.next()
        """
    assert not found(code, Options(source=Dialect.NEW))


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ("a = m.lm_head.next(increment=2).output.save()", Severity.ERROR),
        ("a = m.lm_head.next().output.save()", Severity.WARNING),
        ("a = m.lm_head.next().output + m.transformer.h[0].output", Severity.SILENT),
        ("a = m.lm_head.iter[1].output.save()", Severity.ERROR),
    ],
)
def test_severity_is_what_happens(line: str, severity: Severity) -> None:
    findings = found(f'\nwith m.generate("a", max_new_tokens=3) as t:\n    {line}\n')
    assert [each[1] for each in findings] == [severity]


def test_what_grows_in_a_block_is_told() -> None:
    code = """
        outs = []
        with m.generate("a", max_new_tokens=3) as t:
            with m.lm_head.all():
                outs.append(m.lm_head.output.save())
        """
    ((_, severity, message),) = found(code)
    assert severity is Severity.SILENT
    assert "`outs`" in message
    assert "m.lm_head.all()" in fix(program(code)).code


def test_a_counter_from_before_the_trace_begins_anew_in_every_block() -> None:
    code = """from nnsight import LanguageModel

lm = LanguageModel("gpt2")
count = 0
with lm.generate("a", max_new_tokens=3) as tracer:
    for step in range(3):
        hidden = lm.lm_head.output.save()
        lm.lm_head.next()
        count += 1
"""
    findings = [found for found in check(code).findings if found.code == "NNS601"]
    assert [found.fix for found in findings] == [None]
    assert "`count` is bound before the trace, too" in findings[0].message


COLLECTING = """
def graph():
    with m.generate("a", max_new_tokens=3):
        tokens = {made}
        with m.lm_head.all():
            tokens.append(m.lm_head.output.argmax())

def plain():
    with m.generate("a", max_new_tokens=3):
        tokens = []
        with m.lm_head.all():
            tokens.append(m.lm_head.output.argmax())
"""


@pytest.mark.parametrize("made", ["nnsight.list().save()", "list().save()"])
def test_a_list_of_the_graph_grew_at_every_step_whatever_others_are_called_like_it(
    made: str,
) -> None:
    code = COLLECTING.format(made=made)
    blocks = [one for one in found(code, Options(source=Dialect.OLD)) if one[0] == "NNS602"]
    assert [severity for _, severity, _ in blocks] == [Severity.WARNING, Severity.SILENT]
    assert ["ran the block once" in message for *_, message in blocks] == [False, True]
