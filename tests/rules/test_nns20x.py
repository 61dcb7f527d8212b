"""What a remote trace names, what is saved only sometimes, and loops over rows."""

from __future__ import annotations

import textwrap

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.findings import Finding, Severity
from nnmigrate.program import Dialect, Options

HEAD = 'import nnsight\nfrom nnsight import LanguageModel\n\nlm = LanguageModel("gpt2")\n'


def program(code: str) -> str:
    return HEAD + textwrap.dedent(code)


def found(code: str, rule: str, source: Dialect | None = None) -> list[Finding]:
    findings = check(program(code), Options(source=source)).findings
    return [finding for finding in findings if finding.code == rule]


# --- NNS206 ---------------------------------------------------------------------------------------

READER = """
class Reader:
    def __init__(self, model: LanguageModel, layer):
        self.model, self.layer, self._scale = model, layer, 2.0

    def read(self, prompt):
        {before}with self.model.trace(prompt, remote=True):
            hidden = {hidden}
        return hidden
"""


def reader(hidden: str, before: str = "") -> str:
    lines = "".join(f"{line}\n        " for line in before.splitlines())
    return READER.format(hidden=hidden, before=lines)


READ = {
    "a number": (
        reader("lm.transformer.h[self.layer].output.save()"),
        reader("lm.transformer.h[layer].output.save()", "layer = self.layer"),
    ),
    "the model": (
        reader("self.model.lm_head.output.save()"),
        reader("model.lm_head.output.save()", "model = self.model"),
    ),
    "in a lambda": (
        reader("(lambda h: h * self._scale)(lm.lm_head.output).save()"),
        reader("(lambda h: h * scale)(lm.lm_head.output).save()", "scale = self._scale"),
    ),
    "a name that is taken": (
        reader("lm.transformer.h[self.layer](layer := self._scale).save()"),
        reader(
            "lm.transformer.h[_layer](layer := scale).save()",
            "_layer = self.layer\nscale = self._scale",
        ),
    ),
}


@pytest.mark.parametrize(("before", "after"), READ.values(), ids=READ)
def test_attributes_are_read_before_the_trace(before: str, after: str) -> None:
    assert fix(program(before)).code == program(after)


KEPT_WHOLE = {
    "a method": reader("self.pick(lm.lm_head.output).save()"),
    "the object itself": reader("pick(self, lm.lm_head.output).save()"),
}


@pytest.mark.parametrize("code", KEPT_WHOLE.values(), ids=KEPT_WHOLE)
def test_what_needs_the_object_is_only_told(code: str) -> None:
    (finding,) = found(code, "NNS206")
    assert "TypeError" in finding.consequence
    assert fix(program(code)).code == program(code)


def test_code_that_ran_on_0_4_is_warned() -> None:
    code = reader("lm.transformer.h[self.layer].output.save()")
    (finding,) = found(code, "NNS206", Dialect.OLD)
    assert finding.severity is Severity.WARNING


LEFT_WHOLE = {
    "a local trace": reader("self.model.lm_head.output.save()").replace(", remote=True", ""),
    "only the header names it": reader("lm.lm_head.output.save()"),
    "no method": """
        def read(config, prompt):
            with lm.trace(prompt, remote=True):
                hidden = lm.transformer.h[config.layer].output.save()
            return hidden
    """,
    "a static method": """
        class Reader:
            @staticmethod
            def read(config):
                with lm.trace("a", remote=True):
                    hidden = lm.transformer.h[config.layer].output.save()
                return hidden

            @staticmethod
            def nothing():
                with lm.trace("a", remote=True):
                    hidden = lm.lm_head.output.save()
                return hidden
    """,
}


@pytest.mark.parametrize("code", LEFT_WHOLE.values(), ids=LEFT_WHOLE)
def test_object_left_alone(code: str) -> None:
    assert not found(code, "NNS206", Dialect.OLD)


def test_code_born_on_0_5_ships_what_it_likes() -> None:
    assert not found(reader("self.model.lm_head.output.save()"), "NNS206", Dialect.NEW)


# --- NNS207 ---------------------------------------------------------------------------------------

SOMETIMES = """
for layer in range(3):
    with lm.trace("a"):
        hidden = lm.transformer.h[layer].output
        if layer > 0:
            hidden.save()
    {after}
"""


@pytest.mark.parametrize(("source", "told"), [(Dialect.OLD, True), (Dialect.NEW, False)])
def test_code_born_on_05_saves_what_it_means_to(source: Dialect, told: bool) -> None:
    assert bool(found(SOMETIMES.format(after="print(hidden)"), "NNS207", source)) is told


def test_saved_on_some_turns_only() -> None:
    (finding,) = found(SOMETIMES.format(after="print(hidden)"), "NNS207")
    assert finding.severity is Severity.NOTE
    assert finding.consequence == "silently `hidden` keeps the value that it had before the trace"


SURE = {
    "read under the same condition": SOMETIMES.format(after="if layer > 0: print(hidden)"),
    "not read": SOMETIMES.format(after="print(layer)"),
    "bound anew": SOMETIMES.format(after="hidden = None; print(hidden)"),
    "saved on both ways": """
        for layer in range(3):
            with lm.trace("a"):
                if layer > 0:
                    hidden = lm.transformer.h[layer].output.save()
                else:
                    hidden = lm.lm_head.output.save()
            print(hidden)
    """,
    "bound where it is saved": """
        hidden = None
        for layer in range(3):
            with lm.trace("a"):
                if layer > 0:
                    hidden = lm.transformer.h[layer].output.save()
            print(hidden)
    """,
    "saved again": """
        for layer in range(3):
            with lm.trace("a"):
                hidden = lm.transformer.h[layer].output
                if layer > 0:
                    hidden.save()
                hidden.save()
            print(hidden)
    """,
}


@pytest.mark.parametrize("code", SURE.values(), ids=SURE)
def test_surely_saved(code: str) -> None:
    assert not found(code, "NNS207")


# --- NNS208 ---------------------------------------------------------------------------------------

ROWS = {
    "a list": "rows.append(row.save())",
    "a dictionary": 'rows["x"] = row.save()',
    "a sum": "total = total + row.sum()",
    "a counter": "count += 1",
}


@pytest.mark.parametrize("statement", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize(
    "rows", ["lm.lm_head.output[0]", "hidden", "enumerate(hidden)", "zip(hidden, range(3))"]
)
def test_loop_over_rows(statement: str, rows: str) -> None:
    target = "row" if rows[0] in "lh" else "n, row" if rows[0] == "e" else "row, n"
    code = f"""
with lm.trace("a"):
    hidden = lm.lm_head.output[0]
    for {target} in {rows}:
        {statement}
"""
    assert [each.severity for each in found(code, "NNS208", Dialect.OLD)] == [Severity.SILENT]
    assert [each.severity for each in found(code, "NNS208")] == [Severity.NOTE]
    assert not found(code, "NNS208", Dialect.NEW)


NO_ROWS = {
    "nnsight's own list": """
        with lm.trace("a"):
            rows = nnsight.list().save()
            for row in lm.lm_head.output[0]:
                rows.append(row)
    """,
    "layers": """
        rows = []
        with lm.trace("a"):
            for layer in lm.transformer.h:
                rows.append(layer.output.save())
    """,
    "numbers": """
        rows = []
        with lm.trace("a"):
            hidden = lm.lm_head.output[0]
            for row in range(3):
                rows.append(hidden[row].save())
    """,
    "a list of values": """
        with lm.trace("a"):
            hidden = [layer.output for layer in lm.transformer.h]
            for value in hidden:
                total = total + value
    """,
    "behind the trace": """
        rows = []
        with lm.trace("a"):
            hidden = lm.lm_head.output[0].save()
        for row in hidden:
            rows.append(row)
    """,
    "what another trace gave": """
        rows = []
        with lm.trace("a"):
            hidden = lm.lm_head.output[0].save()
        with lm.trace("b"):
            for row in hidden:
                rows.append(row)
    """,
    "nothing that counts": """
        with lm.trace("a"):
            for row in lm.lm_head.output[0]:
                row.save()
    """,
}


@pytest.mark.parametrize("code", NO_ROWS.values(), ids=NO_ROWS)
def test_no_loop_over_rows(code: str) -> None:
    assert not found(code, "NNS208", Dialect.OLD)
