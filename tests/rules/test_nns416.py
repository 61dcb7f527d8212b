"""What classes that derive from nnsight's models override."""

from __future__ import annotations

import textwrap

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.program import Dialect, Options

HEAD = "import torch\nfrom nnsight import LanguageModel, NNsight\n\n"


def found(code: str) -> list[str]:
    findings = check(HEAD + textwrap.dedent(code)).findings
    return [finding.message for finding in findings if finding.code == "NNS416"]


BATCHED = """
class Batched(NNsight):
    def _prepare_input(self, x):
        if x is None:
            return ((), {}), 0
        return ((x,), {}), SIZE

    def _batch(self, batched, x):
        return ((batched, x), {})
"""


_GUARD = "        if x is None:\n            return ((), {}), 0\n"


def test_from_06_on_the_size_is_given_with_the_input() -> None:
    code = HEAD + BATCHED.replace("SIZE", "len(x)")
    after = fix(code, Options(target=(0, 6, 3)), unsafe=True).code
    assert "return (), {}, 0" in after
    assert "return (x,), {}, len(x)" in after
    assert "return ((batched, x), {})\n" in after


@pytest.mark.parametrize(
    "code",
    [
        # Two sizes, one that `_batch` cannot count, a name that it binds anew.
        BATCHED.replace("SIZE", "len(x)"),
        BATCHED.replace("SIZE", "self.count(y)").replace(_GUARD, ""),
        BATCHED.replace("SIZE", "len(x)")
        .replace(_GUARD, "")
        .replace("        return ((batched", "        x = x[0]\n        return ((batched"),
    ],
)
def test_a_size_that_is_not_known_there_is_not_guessed(code: str) -> None:
    assert found(code)
    assert fix(HEAD + code, unsafe=True).code == HEAD + code


@pytest.mark.parametrize("name", ["_execute", "__methods__"])
def test_what_is_not_called_any_more_is_told(name: str) -> None:
    line = "def _execute(self, x): pass" if name == "_execute" else '__methods__ = {"run": "_run"}'
    (message,) = found(f"class Own(NNsight):\n    {line}\n")
    assert f"`{name}`" in message


@pytest.mark.parametrize(
    "code",
    [
        "class Own(torch.nn.Module):\n    def _execute(self, x): pass\n",
        "class Own(NNsight):\n    def execute(self, x): return ((x,), {}), 1\n",
        "class Own(NNsight):\n    def _prepare_input(self, x): return (x,), {}\n",
        "class Own(NNsight):\n    def _prepare_input(self, x): return super()._prepare_input(x)\n",
        "class Own(LanguageModel):\n    def _batch(self, b, x): return super()._batch(b, x)\n",
        "class Own(NNsight):\n    def _prepare_input(self, x):\n        return self.pack(x), 1\n",
        "def _prepare_input(x): return ((x,), {}), 1\n\nm = NNsight(torch.nn.Linear(2, 2))\n",
    ],
)
def test_other_classes_and_methods_are_left_alone(code: str) -> None:
    assert found(code) == []


def test_a_method_that_was_a_trace_is_no_context_of_the_module() -> None:
    code = """
    class Own(NNsight):
        __methods__ = {"run": "_run"}

    m = Own(torch.nn.Linear(2, 2))
    with m.run(torch.ones(2)):
        out = m.output.save()
    """
    assert "_module.run" not in fix(HEAD + textwrap.dedent(code), unsafe=True).code


def test_inputs_of_a_wrapped_module_are_no_tokens() -> None:
    code = """
    class Own(NNsight):
        def _batch(self, batched, x): return (x,), {}

    x = torch.ones(2, 3)
    m = Own(torch.nn.Linear(3, 3))
    with m.trace() as tracer:
        with tracer.invoke(x):
            a = m.output.save()
        with tracer.invoke(x):
            b = m.output.save()
    """
    assert "tolist" not in fix(HEAD + textwrap.dedent(code), unsafe=True).code


def test_inputs_of_a_class_behind_a_language_model_are_tokens() -> None:
    code = """
    class Base(LanguageModel):
        def own(self): return 1

    class Own(Base):
        def own(self): return 2

    m = Own("gpt2")
    with m.trace() as tracer:
        with tracer.invoke(torch.tensor([1, 2])):
            a = m.output.save()
        with tracer.invoke(torch.tensor([3])):
            b = m.output.save()
    """
    assert "torch.tensor([1, 2]).tolist()" in fix(HEAD + textwrap.dedent(code), unsafe=True).code


@pytest.mark.parametrize(("source", "told"), [(Dialect.OLD, True), (Dialect.NEW, False)])
def test_code_born_on_05_overrides_what_is_there(source: Dialect, told: bool) -> None:
    code = HEAD + BATCHED.replace("SIZE", "len(x)") + "    def _execute(self):\n        pass\n"

    codes = {finding.code for finding in check(code, Options(source=source)).findings}

    assert ("NNS416" in codes) is told
