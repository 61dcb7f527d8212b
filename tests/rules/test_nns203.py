"""Names that a trace binds and that lose their values behind it."""

from __future__ import annotations

import textwrap

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.findings import Applicability, Finding, Severity
from nnmigrate.program import Dialect, Options

HEAD = 'from nnsight import LanguageModel\n\nlm = LanguageModel("openai-community/gpt2")\n'


def program(code: str) -> str:
    return HEAD + textwrap.dedent(code)


def own(code: str) -> list[Finding]:
    return [found for found in check(program(code)).findings if found.code == "NNS203"]


NOTHING_LOST = {
    "what is deleted in the trace": """
        def run(prompts):
            for prompt in prompts:
                with lm.trace() as tracer:
                    with tracer.invoke(prompt):
                        for layer in range(len(prompts)):
                            part = lm.transformer.h[layer].output * 2
                            lm.transformer.h[layer].output = part
                        logits = lm.lm_head.output.save()
                        del part
                print(logits)
    """,
    "what every turn binds, unless it raises": """
        def run(prompts, kinds):
            for prompt in prompts:
                with lm.trace(prompt):
                    for layer in range(3):
                        if kinds[layer] == "mlp":
                            module = kinds[0]
                        elif kinds[layer] == "attn":
                            module = kinds[1]
                        else:
                            raise ValueError(layer)
                        print(module)
                    logits = lm.lm_head.output.save()
                print(logits)
    """,
}


@pytest.mark.parametrize("code", NOTHING_LOST.values(), ids=NOTHING_LOST)
def test_nothing_is_lost(code: str) -> None:
    assert own(code) == []


REWRITES = {
    "a list": (
        """
        with lm.trace("a"):
            acts = []
            acts.append(lm.lm_head.output.save())
        print(acts)
        """,
        """
        with lm.trace("a"):
            acts = list().save()
            acts.append(lm.lm_head.output.save())
        print(acts)
        """,
    ),
    "what is only returned": (
        """
        def read(prompt):
            with lm.trace(prompt):
                clean = lm.transformer.h[3].mlp.output
                out = lm.lm_head.output.save()
            return clean, out
        """,
        """
        def read(prompt):
            with lm.trace(prompt):
                clean = lm.transformer.h[3].mlp.output.save()
                out = lm.lm_head.output.save()
            return clean, out
        """,
    ),
    "what may be None": (
        """
        def read(wanted):
            with lm.trace("a"):
                mask = lm.lm_head.output.save() if wanted else None
            return mask
        """,
        """
        def read(wanted):
            with lm.trace("a"):
                _mask = [None].save()
                _mask[0] = lm.lm_head.output.save() if wanted else None
            mask = _mask[0]
            return mask
        """,
    ),
    "None on one way": (
        """
        def read(wanted):
            with lm.trace("a"):
                if wanted:
                    mask = lm.lm_head.output.save()
                else:
                    mask = None
            return mask
        """,
        """
        def read(wanted):
            with lm.trace("a"):
                _mask = [None].save()
                if wanted:
                    _mask[0] = lm.lm_head.output.save()
                else:
                    _mask[0] = None
            mask = _mask[0]
            return mask
        """,
    ),
    "a length": (
        """
        with lm.trace(prompt):
            count = len(prompt)
            out = lm.lm_head.output.save()
        print(count, out)
        """,
        """
        with lm.trace(prompt):
            out = lm.lm_head.output.save()
        count = len(prompt)
        print(count, out)
        """,
    ),
    "an annotated name": (
        """
        with lm.trace("a"):
            words: list[str] = "b a".split()
            out = lm.lm_head.output.save()
        print(words, out)
        """,
        """
        with lm.trace("a"):
            words: list[str] = "b a".split()
            out = lm.lm_head.output.save()
            words.save()
        print(words, out)
        """,
    ),
    "a state that an error handler asks for": (
        """
        tried = 0
        for prompt in ("a", "b"):
            try:
                with lm.trace(prompt):
                    tried += 1
                    out = lm.lm_head.output.save()
            except RuntimeError:
                continue
        print(tried, out)
        """,
        """
        tried = 0
        for prompt in ("a", "b"):
            try:
                tried += 1
                with lm.trace(prompt):
                    out = lm.lm_head.output.save()
            except RuntimeError:
                continue
        print(tried, out)
        """,
    ),
    "several names of one import": (
        """
        with lm.trace("a"):
            from math import pi, e as base
            out = (lm.lm_head.output * pi).save()
        print(out, pi, base)
        """,
        """
        from math import pi, e as base
        with lm.trace("a"):
            out = (lm.lm_head.output * pi).save()
        print(out, pi, base)
        """,
    ),
    "an object with a save of its own": (
        """
        class Record:
            def save(self, path):
                self.path = path
        with lm.trace("a"):
            record = Record()
            record.save("p")
            out = lm.lm_head.output.save()
        print(out, record)
        """,
        """
        class Record:
            def save(self, path):
                self.path = path
        with lm.trace("a"):
            _record = [None].save()
            _record[0] = Record()
            _record[0].save("p")
            out = lm.lm_head.output.save()
        record = _record[0]
        print(out, record)
        """,
    ),
    "a name that goes": (
        """
        k = 5
        with lm.trace("a"):
            out = lm.transformer.h[k].output.save()
            del k
        print(out, "k" in globals(), k)
        """,
        """
        k = 5
        with lm.trace("a"):
            out = lm.transformer.h[k].output.save()
        del k
        print(out, "k" in globals(), k)
        """,
    ),
    "displays, comprehensions and constructors": (
        """
        with lm.trace("a"):
            a = {}
            a["x"] = lm.transformer.wte.output.save()
            b = [lm.transformer.h[i].output.save() for i in range(2)]
            c = lm.transformer.h[2].output.save(), 1
            d = dict(x=lm.transformer.h[3].output.save())
        print(a, b, c, d)
        """,
        """
        with lm.trace("a"):
            a = dict().save()
            a["x"] = lm.transformer.wte.output.save()
            b = [lm.transformer.h[i].output.save() for i in range(2)].save()
            c = (lm.transformer.h[2].output.save(), 1).save()
            d = dict(x=lm.transformer.h[3].output.save()).save()
        print(a, b, c, d)
        """,
    ),
    "either of two": (
        """
        def run(flag):
            with lm.trace("a"):
                if flag:
                    out = [lm.lm_head.output.save()]
                else:
                    out = []
            return out
        """,
        """
        def run(flag):
            with lm.trace("a"):
                if flag:
                    out = [lm.lm_head.output.save()].save()
                else:
                    out = list().save()
            return out
        """,
    ),
    "a list that grows by +=": (
        """
        with lm.trace("a"):
            acts = []
            for i in range(2):
                acts += [lm.transformer.h[i].output.save()]
        print(acts)
        """,
        """
        with lm.trace("a"):
            acts = list().save()
            for i in range(2):
                acts += [lm.transformer.h[i].output.save()]
        print(acts)
        """,
    ),
    "a list filled in invokes": (
        """
        with lm.trace() as tracer:
            outs = []
            for p in "ab":
                with tracer.invoke(p):
                    outs.append(lm.lm_head.output.save())
        print(outs)
        """,
        """
        with lm.trace() as tracer:
            outs = list().save()
            for p in "ab":
                with tracer.invoke(p):
                    outs.append(lm.lm_head.output.save())
        print(outs)
        """,
    ),
    "a session's list and counter": (
        """
        with lm.session():
            n = 0
            outs = []
            for p in "ab":
                with lm.trace(p):
                    outs.append(lm.lm_head.output.save())
                n += 1
        print(outs, n)
        """,
        """
        with lm.session():
            n = 0
            outs = list().save()
            for p in "ab":
                with lm.trace(p):
                    outs.append(lm.lm_head.output.save())
                n += 1
            n.save()
        print(outs, n)
        """,
    ),
    "a counter moves behind the trace": (
        """
        n = 0
        for p in "ab":
            with lm.trace(p):
                out = lm.lm_head.output.save()
                n += 1  # one more
        print(n, out)
        """,
        """
        n = 0
        for p in "ab":
            with lm.trace(p):
                out = lm.lm_head.output.save()
            n += 1  # one more
        print(n, out)
        """,
    ),
    "a constant that the trace reads moves before it": (
        """
        with lm.trace("a"):
            layer = 2
            out = lm.transformer.h[layer].output.save()
        print(layer, out)
        """,
        """
        layer = 2
        with lm.trace("a"):
            out = lm.transformer.h[layer].output.save()
        print(layer, out)
        """,
    ),
    "an import and a function too": (
        """
        with lm.trace("a"):
            import math
            def scaled(t):
                return t * math.pi
            out = scaled(lm.lm_head.output * math.e).save()
        print(math.pi, scaled(1), out)
        """,
        """
        import math
        def scaled(t):
            return t * math.pi
        with lm.trace("a"):
            out = scaled(lm.lm_head.output * math.e).save()
        print(math.pi, scaled(1), out)
        """,
    ),
    "a loop's variable": (
        """
        with lm.trace("a"):
            for layer in range(3):
                out = lm.transformer.h[layer].output.save()
        print(layer, out)
        """,
        """
        with lm.trace("a"):
            for layer in range(3):
                out = lm.transformer.h[layer].output.save()
            layer.save()
        print(layer, out)
        """,
    ),
    "a walrus": (
        """
        with lm.trace("a"):
            out = lm.transformer.h[(k := 1)].output.save()
        print(k, out)
        """,
        """
        with lm.trace("a"):
            out = lm.transformer.h[(k := 1)].output.save()
            k.save()
        print(k, out)
        """,
    ),
    "a counter in the trace's own loop, remotely": (
        """
        n = 0
        with lm.trace("a", remote=True):
            for i in range(2):
                out = lm.transformer.h[i].output.save()
                n += 1
        print(n, out)
        """,
        """
        n = 0
        with lm.trace("a", remote=True):
            _n = n
            for i in range(2):
                out = lm.transformer.h[i].output.save()
                _n += 1
            _n.save()
        n = _n
        print(n, out)
        """,
    ),
    "a flag under a condition": (
        """
        def run(flag):
            mode = "off"
            with lm.trace("a"):
                if flag:
                    mode = "on"
                out = lm.lm_head.output.save()
            return mode, out
        """,
        """
        def run(flag):
            mode = "off"
            with lm.trace("a"):
                _mode = mode
                if flag:
                    _mode = "on"
                out = lm.lm_head.output.save()
                _mode.save()
            mode = _mode
            return mode, out
        """,
    ),
    "what may stay None is kept in a list": (
        """
        def run(flag):
            mode = None
            with lm.trace("a"):
                if flag:
                    mode = "on"
                out = lm.lm_head.output.save()
            return mode, out
        """,
        """
        def run(flag):
            mode = None
            with lm.trace("a"):
                _mode = [mode].save()
                if flag:
                    _mode[0] = "on"
                out = lm.lm_head.output.save()
            mode = _mode[0]
            return mode, out
        """,
    ),
    "a flag that is bound either way": (
        """
        def run(flag):
            with lm.trace("a"):
                if flag:
                    mode = "on"
                else:
                    mode = "off"
                out = lm.lm_head.output.save()
            return mode, out
        """,
        """
        def run(flag):
            with lm.trace("a"):
                if flag:
                    mode = "on"
                    mode.save()
                else:
                    mode = "off"
                    mode.save()
                out = lm.lm_head.output.save()
            return mode, out
        """,
    ),
    "a list bound anew locally": (
        """
        acts = []
        with lm.trace("a"):
            acts = acts + [lm.lm_head.output.save()]
        print(acts)
        """,
        """
        acts = []
        with lm.trace("a"):
            acts = (acts + [lm.lm_head.output.save()]).save()
        print(acts)
        """,
    ),
    "a list bound anew remotely": (
        """
        acts = []
        with lm.trace("a", remote=True):
            acts = acts + [lm.lm_head.output.save()]
        print(acts)
        """,
        """
        acts = []
        with lm.trace("a", remote=True):
            _acts = (acts + [lm.lm_head.output.save()]).save()
        acts = _acts
        print(acts)
        """,
    ),
    "a list bound anew in a loop": (
        """
        acts = []
        with lm.trace("a", remote=True):
            for i in range(2):
                acts = acts + [lm.transformer.h[i].output.save()]
        print(acts)
        """,
        """
        acts = []
        with lm.trace("a", remote=True):
            _acts = acts
            for i in range(2):
                _acts = _acts + [lm.transformer.h[i].output.save()]
            _acts.save()
        acts = _acts
        print(acts)
        """,
    ),
    "a global": (
        """
        G = 0
        def run():
            global G
            with lm.trace("a"):
                G = lm.lm_head.output.save()
        run()
        print(G)
        """,
        """
        G = 0
        def run():
            global G
            with lm.trace("a"):
                _G = lm.lm_head.output.save()
            G = _G
        run()
        print(G)
        """,
    ),
    "a counter of the invokes is bumped beside them": (
        """
        outs = {}
        n = 0
        with lm.trace() as tracer:
            for p in "ab":
                with tracer.invoke(p):
                    print(n, lm.lm_head.output.save())
                    n += 1
        """,
        """
        outs = {}
        n = 0
        with lm.trace() as tracer:
            for p in "ab":
                with tracer.invoke(p):
                    print(n, lm.lm_head.output.save())
                n += 1
        """,
    ),
    "a sum that is saved, read first on a server": (
        """
        total = 0
        with lm.trace("a", remote=True):
            for i in range(2):
                total = total + lm.transformer.h[i].output.sum()
            total = total.save()
        print(total)
        """,
        """
        total = 0
        with lm.trace("a", remote=True):
            _total = total
            for i in range(2):
                _total = _total + lm.transformer.h[i].output.sum()
            _total = _total.save()
        total = _total
        print(total)
        """,
    ),
}


@pytest.mark.parametrize(("before", "after"), REWRITES.values(), ids=REWRITES)
def test_rewrite(before: str, after: str) -> None:
    done = fix(program(before))
    assert done.code.removeprefix(HEAD) == textwrap.dedent(after)
    assert not done.remaining
    assert fix(done.code).code == done.code


def test_what_0_4_never_computed_is_fixed_on_request() -> None:
    code = program(
        """
        total = 0
        for p in "ab":
            with lm.trace(p):
                total += lm.lm_head.output.sum().save()
        print(total)
        """
    )
    assert fix(code).code == code
    (finding,) = check(code).findings
    assert finding.severity is Severity.SILENT
    assert finding.fix is not None
    assert finding.fix.applicability is Applicability.UNSAFE
    done = fix(code, unsafe=True)
    assert "        _total = lm.lm_head.output.sum().save()\n    total += _total\n" in done.code
    assert not done.remaining


def test_an_unsaved_value_is_only_noted() -> None:
    (finding,) = own('with lm.trace("a"):\n    h = lm.lm_head.output\nprint(h)\n')
    assert (finding.severity, finding.fix) == (Severity.NOTE, None)


def test_a_session_saves_by_function_where_the_target_has_it() -> None:
    code = (
        "import nnsight\nwith lm.session():\n    outs = []\n"
        '    with lm.trace("a"):\n        outs.append(lm.lm_head.output.save())\nprint(outs)\n'
    )
    done = fix(program(code), Options(target=(0, 5, 13)))
    assert "    outs = nnsight.save([])\n" in done.code
    assert "    outs = list().save()\n" in fix(program(code)).code


@pytest.mark.parametrize(
    ("code", "severity", "consequence"),
    [
        (
            'with lm.trace("a"):\n    k = 1\n    h = lm.lm_head.output.save()\nprint(k)\n',
            Severity.ERROR,
            "NameError",
        ),
        (
            'def f():\n    with lm.trace("a"):\n        k = 1\n'
            "        h = lm.lm_head.output.save()\n    return k\n",
            Severity.ERROR,
            "UnboundLocalError",
        ),
        (
            'k = 0\nwith lm.trace("a"):\n    k = 1\n    h = lm.lm_head.output.save()\nprint(k)\n',
            Severity.SILENT,
            "silently",
        ),
        (
            'k = 0\nwith lm.trace("a", remote=True):\n    k += 1\n'
            "    h = lm.lm_head.output.save()\nprint(k)\n",
            Severity.ERROR,
            "UnboundLocalError",
        ),
        (
            'def f(k, remote):\n    with lm.trace("a", remote=remote):\n        k += 1\n'
            "        h = lm.lm_head.output.save()\n    return h\n",
            Severity.WARNING,
            "UnboundLocalError",
        ),
    ],
)
def test_severity(code: str, severity: Severity, consequence: str) -> None:
    (finding,) = own(code)
    assert finding.severity is severity
    assert consequence in finding.consequence
    assert "`k`" in finding.message


def test_a_counter_between_two_accesses_of_an_invoke_is_left_to_a_person() -> None:
    code = (
        "outs = {}\nn = 0\nwith lm.trace() as tracer:\n    for p in 'ab':\n"
        "        with tracer.invoke(p):\n"
        "            outs[n] = lm.transformer.h[0].output.save()\n            n += 1\n"
        "            outs[n] = lm.lm_head.output.save()\n            n += 1\n"
    )
    (finding,) = own(code)
    assert (finding.severity, finding.fix) == (Severity.SILENT, None)


LEFT_ALONE = {
    "never read": 'with lm.trace("a"):\n    k = 1\n    h = lm.transformer.h[k].output.save()\n',
    "bound anew": (
        'with lm.trace("a"):\n    k = 1\n    h = lm.lm_head.output.save()\nk = 2\nprint(k, h)\n'
    ),
    "saved": 'with lm.trace("a"):\n    h = lm.lm_head.output.save()\nprint(h)\n',
    "saved afterwards": (
        'with lm.trace("a"):\n    h = lm.lm_head.output\n    h.save()\nprint(h)\n'
    ),
    "saved by function": (
        'import nnsight\nwith lm.trace("a"):\n    h = nnsight.save([lm.lm_head.output])\nprint(h)\n'
    ),
    "saved under another name": (
        'with lm.trace("a"):\n    x = lm.lm_head.output\n    y = x\n    y.save()\nprint(x, y)\n'
    ),
    "another name of a saved one": (
        'with lm.trace("a"):\n    y = lm.lm_head.output.save()\n    x = y\nprint(x, y)\n'
    ),
    "a saved list that grows": (
        'with lm.trace("a"):\n    xs = list().save()\n    xs += [lm.lm_head.output]\nprint(xs)\n'
    ),
    "nonlocal": (
        "def f():\n    k = 0\n    def g():\n        nonlocal k\n"
        '        with lm.trace("a"):\n            k = lm.lm_head.output.save()\n'
        "    g()\n    return k\n"
    ),
    "the tracer": (
        'with lm.trace("a") as tracer:\n    h = lm.lm_head.output.save()\nprint(tracer)\n'
    ),
    "an invoker": (
        "with lm.trace() as tracer:\n"
        '    with tracer.invoke("a") as invoker:\n        h = lm.lm_head.output.save()\n'
        "print(invoker)\n"
    ),
    "between the traces of a session": (
        'with lm.session():\n    with lm.trace("a"):\n        h = lm.transformer.h[0].output\n'
        '    with lm.trace("b"):\n        lm.transformer.h[0].output[:] = h\n'
        "        out = lm.lm_head.output.save()\nprint(out)\n"
    ),
    "the caller's own list, locally": (
        'acts = []\nwith lm.trace("a"):\n    acts += [lm.lm_head.output.save()]\nprint(acts)\n'
    ),
    "saved on some turns only": (
        "for k in range(2):\n"
        '    with lm.trace("a"):\n'
        "        h = lm.lm_head.output\n"
        "        if k == 0:\n            first = h.sum().save()\n"
        "        s = h.sum().save()\n"
        "print(first, s)\n"
    ),
    "a comprehension's variable": (
        "i = 3\n"
        'with lm.trace("a"):\n    xs = [lm.transformer.h[i].output for i in range(2)].save()\n'
        "print(i, xs)\n"
    ),
    "a yield behind the trace": (
        'def f():\n    for p in "ab":\n        with lm.trace(p):\n'
        "            s = lm.lm_head.output.save()\n        yield s\n"
    ),
}


@pytest.mark.parametrize("code", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_left_alone(code: str) -> None:
    assert own(code) == []
    assert fix(program(code), unsafe=True).code == program(code)


def test_code_born_on_0_5_is_not_told_about_what_it_does_not_save() -> None:
    code = (
        "with lm.trace() as tracer:\n    barrier = tracer.barrier(2)\n"
        '    with tracer.invoke("a"):\n        h = lm.transformer.h[0].output\n'
        "        barrier()\n"
        '    with tracer.invoke("b"):\n        barrier()\n        g = h + 1\nprint(g)\n'
    )
    assert own(code) == []


def test_a_name_that_is_used_before_it_is_returned_is_noted() -> None:
    [found] = own(
        """
        def read(prompt):
            with lm.trace(prompt):
                clean = lm.transformer.h[3].mlp.output
            print(clean)
            return clean
        """
    )

    assert (found.severity, found.fix) == (Severity.NOTE, None)


@pytest.mark.parametrize(("saved", "lost"), [(".save()", True), ("", False)])
def test_code_born_on_05_loses_a_list_of_which_an_item_is_saved(saved: str, lost: bool) -> None:
    code = f"""
        with lm.trace("a"):
            acts = [lm.transformer.h[0].output{saved}, lm.lm_head.output]
        print(acts)
    """

    codes = [each.code for each in check(program(code), Options(source=Dialect.NEW)).findings]

    assert ("NNS203" in codes) is lost
