"""Names that blocks of steps would lose, and the form of the blocks that suits the target.

Each program was run on 0.4.11 before and on 0.5.15 after: the values are the same.
"""

from __future__ import annotations

import textwrap

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.findings import Severity
from nnmigrate.program import Options

HEAD = 'import nnsight\nfrom nnsight import LanguageModel\n\nm = LanguageModel("gpt2")\n'


def fixed(code: str, options: Options | None = None) -> str:
    result = fix(HEAD + textwrap.dedent(code), options, unsafe=True)
    again = fix(result.code, options, unsafe=True)
    assert again.code == result.code
    assert check(result.code, options).findings == ()
    return result.code.partition('("gpt2")\n')[2]


REWRITES = {
    "a name of two steps": (
        """
        def run():
            with m.generate("a", max_new_tokens=2):
                h = m.lm_head.output
                a = h.sum().save()
                h = m.lm_head.next().output
                b = h.sum().save()
            return a, b
        """,
        """
        def run():
            with m.generate("a", max_new_tokens=2) as tracer:
                h_step = m.lm_head.output
                a = h_step.sum().save()
                with tracer.iter[1]:
                    h = m.lm_head.output
                b = h.sum().save()
            return a, b
        """,
    ),
    "a sum, of which 0.4 kept the last step's": (
        """
        def run():
            with m.generate("a", max_new_tokens=2):
                total = 0
                with m.lm_head.all():
                    total += m.lm_head.output.sum()
                total = total.save()
            return total
        """,
        """
        def run():
            with m.generate("a", max_new_tokens=2) as tracer:
                total_step = 0
                with tracer.all():
                    total_step_2 = total_step + m.lm_head.output.sum()
                total = total_step_2.save()
            return total
        """,
    ),
    "what is added needs parentheses": (
        """
        def run():
            with m.generate("a", max_new_tokens=2):
                left = 9
                with m.lm_head.all():
                    left *= m.lm_head.output.sum() + 1
                left = left.save()
            return left
        """,
        """
        def run():
            with m.generate("a", max_new_tokens=2) as tracer:
                left_step = 9
                with tracer.all():
                    left_step_2 = left_step * (m.lm_head.output.sum() + 1)
                left = left_step_2.save()
            return left
        """,
    ),
    "a list of every turn of a loop over prompts": (
        """
        found = []
        for prompt in ("a", "b"):
            with m.generate(prompt, max_new_tokens=2):
                outs = nnsight.list().save()
                with m.lm_head.all():
                    outs.append(m.lm_head.output.sum())
            found.append(outs)
        """,
        """
        found = []
        for prompt in ("a", "b"):
            outs = list()
            with m.generate(prompt, max_new_tokens=2) as tracer:
                with tracer.all():
                    outs.append(m.lm_head.output.sum())
            found.append(outs)
        """,
    ),
    "the counter of an earlier loop": (
        """
        for i in range(2):
            print(i)
        acts = {}
        with m.generate("a", max_new_tokens=2):
            for i in range(2):
                acts[i] = m.lm_head.output.sum().save()
                m.lm_head.next()
        """,
        """
        for i in range(2):
            print(i)
        acts = {}
        with m.generate("a", max_new_tokens=2) as tracer:
            for i_step in range(2):
                with tracer.iter[i_step]:
                    acts[i_step] = m.lm_head.output.sum().save()
        """,
    ),
}


@pytest.mark.parametrize("name", REWRITES)
def test_every_name_is_bound_once(name: str) -> None:
    before, after = REWRITES[name]
    assert fixed(before).strip() == textwrap.dedent(after).strip()


LOST = {
    "a sum over the turns of a loop": """
        def run():
            with m.generate("a", max_new_tokens=3):
                total = 0
                for i in range(3):
                    total = total + m.lm_head.output.sum()
                    m.lm_head.next()
                total = total.save()
            return total
        """,
    "what the last turn binds": """
        def run():
            with m.generate("a", max_new_tokens=3):
                for i in range(3):
                    h = m.lm_head.output
                    m.lm_head.next()
                r = h.sum().save()
            return r
        """,
    "the turn before's value": """
        def run(diffs):
            with m.generate("a", max_new_tokens=3):
                prev = m.lm_head.output
                for i in range(2):
                    now = m.lm_head.next().output
                    diffs.append((now - prev).norm().save())
                    prev = now
        """,
    "a name that a lambda reads": """
        def run():
            with m.generate("a", max_new_tokens=2):
                h = m.lm_head.output
                f = lambda: h.sum()
                a = f().save()
                h = m.lm_head.next().output
                b = f().save()
            return a, b
        """,
}


@pytest.mark.parametrize("name", LOST)
def test_a_name_that_would_be_lost_is_told(name: str) -> None:
    code = HEAD + textwrap.dedent(LOST[name])
    assert fix(code, unsafe=True).code == code
    messages = [f.message for f in check(code).findings if f.code == "NNS601"]
    assert messages
    assert all("is bound more than once" in message for message in messages)


KEPT = {
    "names of one step each": """
        with m.generate("a", max_new_tokens=2):
            a = m.lm_head.output.sum().save()
            b = m.lm_head.next().output.sum().save()
        """,
    "a name that is read in its block alone": """
        def run(found):
            with m.generate("a", max_new_tokens=3):
                for i in range(3):
                    h = m.lm_head.output
                    found.append(h.sum().save())
                    m.lm_head.next()
        """,
    "a name that only the block binds": """
        def run():
            with m.generate("a", max_new_tokens=3):
                with m.lm_head.all():
                    h = m.lm_head.output
                r = h.sum().save()
            return r
        """,
    "a list of one trace": """
        with m.generate("a", max_new_tokens=3):
            outs = nnsight.list().save()
            with m.lm_head.all():
                outs.append(m.lm_head.output.sum())
        """,
    "two traces of two functions": """
        def one():
            with m.generate("a", max_new_tokens=3):
                outs = nnsight.list().save()
                with m.lm_head.all():
                    outs.append(m.lm_head.output.sum())
            return outs

        def other():
            with m.generate("b", max_new_tokens=3):
                outs = nnsight.list().save()
                with m.lm_head.all():
                    outs.append(m.lm_head.output.sum())
            return outs
        """,
    "a name that is saved in two traces and read behind each": """
        with m.generate("a", max_new_tokens=3):
            last = m.lm_head.next().output.sum().save()
        print(last)
        with m.generate("b", max_new_tokens=3):
            last = m.lm_head.next().output.sum().save()
        print(last)
        """,
}


@pytest.mark.parametrize("name", KEPT)
def test_names_that_nothing_happens_to_stay(name: str) -> None:
    assert "_step" not in fixed(KEPT[name])


def test_a_list_of_a_remote_trace_stays_in_it() -> None:
    code = """
        for prompt in ("a", "b"):
            with m.generate(prompt, max_new_tokens=2, remote=True):
                outs = nnsight.list().save()
                with m.lm_head.all():
                    outs.append(m.lm_head.output.sum())
            print(outs)
        """
    result = fix(HEAD + textwrap.dedent(code), unsafe=True)
    assert "        outs = list().save()\n" in result.code
    assert any(
        "`outs` is bound before the trace" in finding.message
        for finding in check(result.code).findings
    )


def test_steps_are_a_loop_from_06_on() -> None:
    code = """
        with m.generate("a", max_new_tokens=3):
            with m.lm_head.all():
                m.lm_head.output[:] = 0
        with m.generate("b", max_new_tokens=3):
            a = m.lm_head.output.sum().save()
            b = m.lm_head.next().output.sum().save()
        """
    after = """
        with m.generate("a", max_new_tokens=3) as tracer:
            for step in tracer.all():
                m.lm_head.output[:] = 0
        with m.generate("b", max_new_tokens=3) as tracer:
            for step_2 in tracer.iter[0]:
                a = m.lm_head.output.sum().save()
            for step_2 in tracer.iter[1]:
                b = m.lm_head.output.sum().save()
        """
    result = fixed(code, Options(target=(0, 6, 3)))
    assert result.replace("step_2", "step") == textwrap.dedent(after).replace("step_2", "step")


def test_a_loop_over_steps_that_are_never_made_is_cut() -> None:
    code = """
        with m.generate("a", max_new_tokens=2):
            res = nnsight.list().save()
            with m.lm_head.iter[0:5]:
                res.append(m.lm_head.output.sum())
        """
    assert "in tracer.iter[0:2]:" in fixed(code, Options(target=(0, 6, 3)))


def test_an_invoke_behind_steps_is_told() -> None:
    code = """
        with m.generate(max_new_tokens=3) as tracer:
            with tracer.invoke("a"):
                with m.lm_head.{block}:
                    m.lm_head.output[:] = 0
            with tracer.invoke("b"):
                first = m.lm_head.output.save()
        """

    def told(block: str) -> list[Severity]:
        findings = check(HEAD + textwrap.dedent(code.format(block=block))).findings
        return [finding.severity for finding in findings if finding.code == "NNS605"]

    assert told("all()") == [Severity.NOTE]
    assert told("iter[0:2]") == [Severity.NOTE]
    assert told("iter[1]") == []


def test_a_step_that_is_never_made_is_not_asked_for() -> None:
    code = HEAD + textwrap.dedent(
        """
        with m.generate("a", max_new_tokens=2):
            a = m.lm_head.output.save()
            b = m.lm_head.next().output.save()
            c = m.lm_head.next().output.save()
        """
    )
    assert fix(code, unsafe=True).code == code
    (message,) = {f.message.split(": ")[1] for f in check(code).findings if f.code == "NNS601"}
    assert message == "there are 2 steps, and step 2 counted from 0 is asked for"
