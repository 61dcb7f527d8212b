"""`.value` is taken away from saved values, and from nothing else."""

from __future__ import annotations

import textwrap

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.findings import Finding, Severity

HEAD = 'import torch\nfrom nnsight import LanguageModel\n\nlm = LanguageModel("gpt2")\n'


def program(code: str) -> str:
    return HEAD + textwrap.dedent(code)


def own(code: str) -> list[Finding]:
    return [found for found in check(code).findings if found.code == "NNS204"]


TRACE = """
acts = {}
with lm.trace("a"):
    for layer in range(2):
        acts[layer] = lm.transformer.h[layer].output.save()
"""

# What is read behind the trace above, and what is left of it.
READS = {
    "an item": ("acts[0].value", "acts[0]"),
    "more of an item": ("acts[0].value[:, -1].sum()", "acts[0][:, -1].sum()"),
    "got": ('acts.get("x").value', 'acts.get("x")'),
    "taken out": ("acts.pop(0).value", "acts.pop(0)"),
    "by a comprehension": (
        "{k: v.value for k, v in acts.items()}",
        "{k: v for k, v in acts.items()}",
    ),
    "stacked": (
        "torch.stack([v.value for v in acts.values()])",
        "torch.stack([v for v in acts.values()])",
    ),
    "of a copy": ("list(acts.copy().values())[0].value", "list(acts.copy().values())[0]"),
    "by a lambda": (
        "sorted(acts, key=lambda k: acts[k].value)",
        "sorted(acts, key=lambda k: acts[k])",
    ),
    "by a lambda for each": (
        "list(map(lambda v: v.value, list(acts.values())))",
        "list(map(lambda v: v, list(acts.values())))",
    ),
    "in a string": ('f"{acts[0].value:.2f}"', 'f"{acts[0]:.2f}"'),
    "over lines": ("(\n    acts[0]\n    .value\n    .sum()\n)", "(\n    acts[0]\n    .sum()\n)"),
    "several": (
        "[a.value - b.value for a, b in zip(acts.values(), acts.values())]",
        "[a - b for a, b in zip(acts.values(), acts.values())]",
    ),
    "asked for first": ('acts[0].value if hasattr(acts[0], "value") else acts[0]', "acts[0]"),
}


@pytest.mark.parametrize(("before", "after"), READS.values(), ids=READS)
def test_read_behind_a_trace(before: str, after: str) -> None:
    code = program(TRACE)
    assert fix(f"{code}print({before})\n").code == f"{code}print({after})\n"


# Each with the line that changes.
PROGRAMS = {
    "what another method is given": (
        """
        class Cache:
            def flat(self, hidden):
                return hidden.value.flatten()

            def run(self, prompt):
                with lm.trace(prompt):
                    hidden = lm.lm_head.output.save()
                return self.flat(hidden)
        """,
        "return hidden.value.flatten()",
        "return hidden.flatten()",
    ),
    "what a try was to bind anew": (
        """
        def logits_of(prompt, tuples):
            with lm.trace(prompt):
                logits = lm.output.save()
            try:
                logits = logits.logits[:, -1]
            except AttributeError:
                logits = logits.value[:, -1]
            return logits
        """,
        "logits.value[:, -1]",
        "logits[:, -1]",
    ),
    "either of two values of a module that is given": (
        """
        def hidden_of(submodule, inwards):
            with lm.trace("a"):
                if inwards:
                    hidden = submodule.inputs[0].save()
                else:
                    hidden = submodule.output.save()
            hidden = hidden.value
            return hidden
        """,
        "hidden = hidden.value",
        "hidden = hidden",
    ),
    "an attribute": (
        """
        class Cache:
            def run(self, prompt):
                with lm.trace(prompt):
                    self.hidden = lm.lm_head.output.save()

            def show(self):
                return self.hidden.value
        """,
        "return self.hidden.value",
        "return self.hidden",
    ),
    "a collection in an attribute that a method before reads": (
        """
        class Cache:
            def __init__(self):
                self.acts = {}

            def show(self):
                return [act.value for act in self.acts.values()]

            def run(self, prompt):
                with lm.trace(prompt):
                    self.acts[prompt] = lm.lm_head.output.save()
        """,
        "[act.value for act in self.acts.values()]",
        "[act for act in self.acts.values()]",
    ),
    "an attribute of another object": (
        """
        from types import SimpleNamespace
        kept = SimpleNamespace()
        with lm.trace("a"):
            kept.hidden = lm.lm_head.output.save()
        print(kept.hidden.value)
        """,
        "print(kept.hidden.value)",
        "print(kept.hidden)",
    ),
    "what a function returns": (
        """
        def run(prompt):
            kept = {}
            with lm.trace(prompt):
                kept["x"] = lm.lm_head.output.save()
            return kept
        print(run("a")["x"].value)
        """,
        'print(run("a")["x"].value)',
        'print(run("a")["x"])',
    ),
    "what a function fills": (
        """
        def run(prompt, into):
            with lm.trace(prompt):
                into[prompt] = lm.lm_head.output.save()
        kept = {}
        run("a", kept)
        print(kept["a"].value)
        """,
        'print(kept["a"].value)',
        'print(kept["a"])',
    ),
    "what a function fills that is not its own": (
        """
        kept = []
        def run(prompt):
            with lm.trace(prompt):
                kept.append(lm.lm_head.output.save())
        run("a")
        print(kept[0].value)
        """,
        "print(kept[0].value)",
        "print(kept[0])",
    ),
    "what a function is given": (
        """
        def show(values):
            for value in values:
                print(value.value)
        kept = []
        with lm.trace("a"):
            kept.append(lm.lm_head.output.save())
        show(kept)
        """,
        "print(value.value)",
        "print(value)",
    ),
    "collections in a collection": (
        """
        from collections import defaultdict
        kept = defaultdict(list)
        with lm.trace("a"):
            kept["x"].append(lm.lm_head.output.save())
        print([value.value for value in kept["x"]])
        """,
        'print([value.value for value in kept["x"]])',
        'print([value for value in kept["x"]])',
    ),
    "one of several keys": (
        """
        kept = {"name": config}
        with lm.trace("a"):
            kept["x"] = lm.lm_head.output.save()
        print(kept["x"].value, kept["name"].value)
        """,
        'print(kept["x"].value, ',
        'print(kept["x"], ',
    ),
    "one of what stands beside numbers and texts": (
        """
        rows = []
        for i, prompt in enumerate(("a", "b")):
            with lm.trace(prompt):
                rows.append({"i": i, "of": "x", "x": lm.lm_head.output.save()})
        print([{k: v if k == "i" else v.value for k, v in row.items()} for row in rows])
        """,
        "else v.value for",
        "else v for",
    ),
    "keywords of an update": (
        """
        kept = {"layers": 2}
        with lm.trace("a"):
            kept.update(x=lm.lm_head.output.save())
        print(kept["x"].value)
        """,
        'print(kept["x"].value)',
        'print(kept["x"])',
    ),
    "a collection that is added to another": (
        """
        kept = {}
        with lm.trace("a"):
            kept |= {"x": lm.lm_head.output.save()}
        print([value.value for value in kept.values()])
        """,
        "[value.value for",
        "[value for",
    ),
    "what a helper puts into what it is given": (
        """
        def keep(into, key, value):
            into[key] = value.save()
        kept = {}
        with lm.trace("a"):
            for i in range(2):
                keep(kept, i, lm.transformer.h[i].output)
        print([value.value for value in kept.values()])
        """,
        "[value.value for",
        "[value for",
    ),
    "a name of which only the program's text speaks": (
        """
        kept = {}
        with lm.trace("a"):
            for name, module in lm.named_children():
                kept[name] = module.output.save()
        print(kept["x"].value)
        """,
        'print(kept["x"].value)',
        'print(kept["x"])',
    ),
}


@pytest.mark.parametrize(("code", "old", "new"), PROGRAMS.values(), ids=PROGRAMS)
def test_program(code: str, old: str, new: str) -> None:
    before = program(code)
    assert old in before
    assert fix(before).code == before.replace(old, new)


# Behind the trace at the top of each: nothing is said of these.
LEFT_ALONE = {
    "members of an enumeration that are keys": """
        import enum
        class Layer(enum.Enum):
            LAST = 1
        acts = {}
        with lm.trace("a"):
            acts[Layer.LAST] = lm.transformer.h[Layer.LAST.value].output.save()
        for layer in acts:
            print(layer.value)
        for layer, act in acts.items():
            print(layer.value, act)
        print([layer.value for layer in acts.keys()])
    """,
    "ctypes": "import ctypes\nn = ctypes.c_int(3)\nprint(n.value)\n",
    "a field": """
        from dataclasses import dataclass
        @dataclass
        class Option:
            value: int = 1
        option = Option()
        print(option.value)
    """,
    "a parameter": "def show(act):\n    print(act.value)\n",
    "an imported object": "from config import layer\nprint(layer.value)\n",
    "an argument parser's": """
        import argparse
        arguments = argparse.ArgumentParser().parse_args()
        print(arguments.value)
    """,
    "one item among others": """
        kept = [config]
        with lm.trace("a"):
            kept.append(lm.lm_head.output.save())
        print(kept[0].value)
    """,
    "an item of a collection that a helper fills with other things": """
        def keep(into, value):
            into.append(value)
            into.append(config)
        kept = []
        with lm.trace("a"):
            keep(kept, lm.lm_head.output.save())
        print(kept[0].value)
    """,
    "another item of a collection that is added to": """
        kept = [config]
        with lm.trace("a"):
            kept += [lm.lm_head.output.save()]
        print(kept[0].value)
    """,
    "another item under a key of its own": """
        kept = {}
        kept["layer"] = config
        with lm.trace("a"):
            kept["x"] = lm.lm_head.output.save()
        print(kept["layer"].value)
    """,
    "either one or the other": """
        kept = config
        if config:
            with lm.trace("a"):
                kept = lm.lm_head.output.save()
        print(kept.value)
    """,
    "a condition on what is not known": 'print(x.value if hasattr(x, "value") else x)\n',
    "a condition around": """
        acts = []
        with lm.trace("a"):
            acts.append(lm.lm_head.output.save())
        if hasattr(acts[0], "value"):
            acts[0] = acts[0].value
    """,
    "a condition around that gets it": """
        with lm.trace("a"):
            kept = [lm.lm_head.output.save()].save()
        if getattr(kept[0], "value", None) is not None:
            kept[0] = kept[0].value
    """,
    "a condition that asks for more": """
        acts = []
        with lm.trace("a"):
            acts.append(lm.lm_head.output.save())
        if verbose and hasattr(acts[0], "value"):
            print(acts[0].value)
        elif getattr(acts[0], "value", None):
            print(acts[0].value)
    """,
    "what was never saved": """
        kept = []
        kept.append(variable)
        print(kept[0].value)
    """,
    "a lambda over other things": """
        with lm.trace("a"):
            out = lm.lm_head.output.save()
        print(sorted(layers, key=lambda layer: layer.value), out)
    """,
    "an attribute of the same name in another class": """
        class Cache:
            def run(self, prompt):
                with lm.trace(prompt):
                    self.hidden = lm.lm_head.output.save()
        class Option:
            def __init__(self, hidden):
                self.hidden = hidden
            def show(self):
                return self.hidden.value
    """,
}


@pytest.mark.parametrize("code", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_left_alone(code: str) -> None:
    assert not own(program(code))


def test_a_condition_that_is_never_true_is_only_noted() -> None:
    guard = 'acts[0].value if hasattr(acts[0], "value") else acts[0]'
    (found,) = own(f"{program(TRACE)}print({guard})\n")
    assert found.severity is Severity.NOTE


@pytest.mark.parametrize(
    "test",
    [
        'getattr(acts[0], "values", None)',
        'getattr(acts[0], "value", acts[0])',
        'getattr(acts[0], "value", None) is None',
        'hasattr(acts[1], "value")',
        'hasattr(acts[0], "value") or verbose',
    ],
)
def test_a_condition_that_asks_for_something_else_is_none(test: str) -> None:
    (found,) = own(f"{program(TRACE)}if {test}:\n    print(acts[0].value)\n")
    assert found.severity is Severity.ERROR


def test_nodes_are_reported_and_kept() -> None:
    code = f"{program(TRACE)}print(acts[0].node)\n"
    (found,) = own(code)
    assert (found.severity, found.fix) == (Severity.ERROR, None)
    assert "no attribute 'node'" in found.consequence
    assert fix(code).code == code
