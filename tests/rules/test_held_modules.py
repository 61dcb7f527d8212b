"""Modules that are kept in collections, passed on, or reached in ways that are not in the text."""

from __future__ import annotations

import textwrap

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.findings import Applicability

HEAD = 'import torch\nfrom nnsight import LanguageModel\n\nlm = LanguageModel("gpt2")\n'


def program(code: str) -> str:
    return HEAD + textwrap.dedent(code)


def codes(code: str) -> list[str]:
    return sorted(found.code for found in check(program(code)).findings)


# In each a value goes from one invoke to the next, and is there too late.
CROSSING = """
    with lm.trace() as tracer:
        with tracer.invoke("a b c"):
            kept = {one}.output
        with tracer.invoke("d e f"):
            {other}.output = kept
            out = lm.lm_head.output.save()
    print(out)
"""

# What stands above the trace; what is read; what is set.
KNOWN = {
    "of a comprehension": (
        "layers = [lm.transformer.h[i] for i in range(4)]",
        "layers[1]",
        "layers[3]",
    ),
    "part of each of a list's": (
        "mlps = [layer.mlp for layer in lm.transformer.h]",
        "mlps[1]",
        "mlps[2]",
    ),
    "by a number": ("mlps = {i: lm.transformer.h[i].mlp for i in range(4)}", "mlps[1]", "mlps[3]"),
    "by a name": (
        'sites = {"early": lm.transformer.h[0], "late": lm.transformer.h[2].mlp}',
        'sites["early"]',
        'sites["late"]',
    ),
    "asked for by a way": (
        "",
        'lm.get("transformer.h.1.mlp")',
        'lm.get("transformer.h.2.mlp")',
    ),
    "of a function that is given a part before": (
        "from functools import partial\n"
        "def part(kind, layer):\n    return getattr(lm.transformer.h[layer], kind)\n"
        'mlp = partial(part, "mlp")',
        "mlp(1)",
        "mlp(2)",
    ),
    "of a lambda": ("mlp = lambda layer: lm.transformer.h[layer].mlp", "mlp(1)", "mlp(2)"),
}


@pytest.mark.parametrize(("above", "one", "other"), KNOWN.values(), ids=KNOWN)
def test_which_module_it_is_is_known(above: str, one: str, other: str) -> None:
    code = above + textwrap.dedent(CROSSING.format(one=one, other=other))
    (found,) = check(program(code)).findings
    assert found.code == "NNS101"
    assert found.fix is not None
    assert found.fix.applicability is Applicability.SAFE
    # The other way round 0.4 ignored what was set, and no barrier helps.
    back = above + textwrap.dedent(CROSSING.format(one=other, other=one))
    assert codes(back) == ["NNS101", "NNS105"]


# What is left of the loop's first line, and the module in it.
LOOPS = {
    "a list in the text": (
        "for site in [lm.transformer.h[0], lm.transformer.h[1].attn.c_proj]:",
        "site",
    ),
    "pairs in the text": (
        'for name, site in [("r", lm.transformer.h[0]), ("m", lm.transformer.h[1].mlp)]:',
        "site",
    ),
    "a dictionary in the text": (
        'for name, site in {"r": lm.transformer.h[0], "m": lm.transformer.h[1].mlp}.items():',
        "site",
    ),
    "counted": (
        "for n, site in enumerate([lm.transformer.h[0], lm.transformer.h[1].mlp]):",
        "site",
    ),
    "part of each of a list's": ("for site in [one.mlp for one in lm.transformer.h]:", "site"),
    "by their keys": ("for name in sites:", "sites[name]"),
}


@pytest.mark.parametrize(("loop", "site"), LOOPS.values(), ids=LOOPS)
def test_a_loop_over_modules_around_a_trace(loop: str, site: str) -> None:
    above = 'sites = {"r": lm.transformer.h[0], "m": lm.transformer.h[1].mlp}\n'
    body = textwrap.indent(textwrap.dedent(CROSSING.format(one=site, other=site)), "    ")
    code = above + loop + "\n" + body
    fixed = fix(program(code)).code
    assert fixed.count("barrier()") == 2
    assert 'shared["kept"] = kept' in fixed
    assert not check(fixed).findings


ORDERS = {
    "a comprehension's": ("layers = [lm.transformer.h[i] for i in range(4)]", "layers[{}].output"),
    "a lambda's": ("out = lambda layer: lm.transformer.h[layer].output", "out({})"),
}


@pytest.mark.parametrize(("above", "read"), ORDERS.values(), ids=ORDERS)
def test_modules_are_read_in_their_order(above: str, read: str) -> None:
    trace = '{}\nwith lm.trace("a"):\n    x = {}.save()\n    y = {}.save()\nprint(x, y)\n'
    assert not codes(trace.format(above, read.format(0), read.format(2)))
    assert codes(trace.format(above, read.format(2), read.format(0))) == ["NNS106"]


@pytest.mark.parametrize(
    "sites",
    [
        "[lm.transformer.h[2], lm.transformer.h[0].mlp]",
        '{"r": lm.transformer.h[2], "m": lm.transformer.h[0].mlp}.values()',
    ],
)
def test_a_loop_in_a_trace_goes_over_modules_in_their_order(sites: str) -> None:
    code = f"""
    acts = []
    with lm.trace("a"):
        for site in {sites}:
            acts.append(site.output.save())
    """
    ordered = code.replace("h[2]", "h[x]").replace("h[0].mlp", "h[2]").replace("h[x]", "h[0]")
    assert "NNS106" in codes(code)
    assert "NNS106" not in codes(ordered)


# Nothing in the file says which module it is.
OPEN = {
    "a parameter": "def patch(site):\n{}",
    "an attribute": (
        "class Patch:\n    def __init__(self, module):\n        self.module = module\n"
        "    def run(self):\n        site = self.module\n{}"
    ),
    "of another file": "from sites import find\nsite = find(lm)\nif site:\n{}",
}


@pytest.mark.parametrize("around", OPEN.values(), ids=OPEN)
def test_a_module_of_which_nothing_is_known(around: str) -> None:
    body = textwrap.dedent(CROSSING.format(one="site", other="site"))
    code = around.format(textwrap.indent(body, "        "))
    assert codes(code) == ["NNS101"]
    assert not check(fix(program(code), unsafe=True).code).findings


def test_what_a_partial_function_is_given_goes_to_its_own_parameters() -> None:
    code = """
    from functools import partial
    def keep(into, key, value):
        into[key] = value.save()
    acts, others = {}, {"x": config}
    put = partial(keep, acts)
    with lm.trace("a"):
        put("x", lm.lm_head.output)
    print(acts["x"].value, others["x"].value)
    """
    fixed = fix(program(code)).code
    assert 'print(acts["x"], others["x"].value)' in fixed


LEFT_ALONE = {
    "what a trace keeps in an object": """
        from types import SimpleNamespace
        kept = SimpleNamespace()
        with lm.trace() as tracer:
            with tracer.invoke("a"):
                kept.output = lm.lm_head.output.save()
            with tracer.invoke("b"):
                h = lm.transformer.h[0].output.save()
        print(kept.output, h)
    """,
    "the output of a package": """
        import settings
        with lm.trace("a"):
            x = lm.lm_head.output.save()
            print(settings.output, settings.input)
        print(x)
    """,
    "a part of a package": """
        import settings
        with lm.trace("a"):
            x = lm.lm_head.output.save()
            print(settings.paths().output)
        print(x)
    """,
    "modules of which it is not known which comes first": """
        def both(one, other):
            with lm.trace("a"):
                x = one.output.save()
                y = other.output.save()
            return x, y
    """,
}


@pytest.mark.parametrize("code", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_left_alone(code: str) -> None:
    assert not codes(code)
