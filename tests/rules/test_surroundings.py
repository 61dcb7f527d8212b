"""Modules of the file's own under no_grad, changed parameters, kinds, seeds and branches."""

from __future__ import annotations

import textwrap

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.findings import Severity
from nnmigrate.program import Dialect, Options

HEAD = """
import random

import torch
from torch.nn import init
from nnsight import LanguageModel

lm = LanguageModel("gpt2")


class SAE(torch.nn.Module):
    def encode(self, x):
        return x


class Scale:
    def __call__(self, x):
        return 2 * x


sae, scale = SAE(), Scale()
loaded = SAE.from_pretrained("sae")
tokenizer = AutoTokenizer.from_pretrained("gpt2")
probe = SAE()
doubled = Scale()
direction = torch.ones(768, requires_grad=True)
plain = torch.ones(768)


def norm(x):
    if isinstance(x, torch.Tensor):
        return x.norm()
    return x


def first(x):
    return x[0] if isinstance(x, tuple) else x
"""
OURS = {"NNS701", "NNS703", "NNS705", "NNS706", "NNS707"}
OLD = Options(source=Dialect.OLD)


def own(code: str, options: Options = OLD) -> list[str]:
    findings = check(HEAD + textwrap.dedent(code), options).findings
    return [finding.code for finding in findings if finding.code in OURS]


def under_no_grad(line: str) -> list[str]:
    return own(
        f"""
        with torch.no_grad():
            with lm.trace("a"):
                h = lm.transformer.h[1].output
                y = {line}.save()
        """
    )


@pytest.mark.parametrize(
    "line", ["probe(h)", "probe.encode(h)", "loaded.encode(h)", "(h * direction)"]
)
def test_what_has_weights_is_found_under_no_grad(line: str) -> None:
    assert under_no_grad(line) == ["NNS701"]


@pytest.mark.parametrize(
    "line",
    ["doubled(h)", "(h * plain)", "(h * tokenizer.encode(t))", "torch.relu(h)", "(h * probe.size)"],
)
def test_what_has_none_is_left_alone(line: str) -> None:
    assert under_no_grad(line) == []


def in_trace(*lines: str) -> list[str]:
    body = "\n".join(f"    {line}" for line in lines)
    return own(f'with lm.trace("a"):\n{body}\n    y = lm.output.save()\n')


WEIGHT = "lm.transformer.h[0].mlp.c_fc.weight"


@pytest.mark.parametrize(
    "lines",
    [
        (f"w = {WEIGHT}", "w[:] = 0"),
        (f"w = {WEIGHT}", "w.data.mul_(2)"),
        (f"w = {WEIGHT}", "w *= 2"),
        (f"w = {WEIGHT}", "with torch.no_grad():", "    w.zero_()"),
        (f"torch.nn.init.zeros_({WEIGHT})",),
        (f"w = {WEIGHT}", "init.normal_(w, std=0.02)"),
        ("for layer in lm.transformer.h:", "    layer.mlp.c_fc.weight.data.zero_()"),
    ],
)
def test_a_parameter_that_is_changed_in_a_trace_is_found(lines: tuple[str, ...]) -> None:
    assert in_trace(*lines) == ["NNS703"]


@pytest.mark.parametrize(
    "lines",
    [
        (f"w = {WEIGHT}", "w = w * 2"),
        (f"w = {WEIGHT}.clone()", "w[:] = 0"),
        (f"w = {WEIGHT}", "same = w == 0"),
        (f"w = {WEIGHT}", "n = w.norm()"),
        ("w = torch.ones(3)", "w[:] = 0"),
        ("w = torch.ones(3)", "init.zeros_(w)"),
        ("h = lm.transformer.h[0].output", "h[:] = 0"),
    ],
)
def test_copies_and_values_may_be_changed(lines: tuple[str, ...]) -> None:
    assert "NNS703" not in in_trace(*lines)


def test_a_helper_that_asks_for_tensors_is_told_at_its_call() -> None:
    assert in_trace("n = norm(lm.transformer.h[1].output)") == ["NNS705"]
    assert in_trace("n = first(lm.transformer.h[1].output)") == []
    assert in_trace("n = norm(3)") == []


SEED = "torch.manual_seed(0)"
DRAW = "n = lm.transformer.h[0].output + torch.randn(768)"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ((SEED, DRAW, SEED, DRAW), ["NNS706"]),
        ((DRAW, SEED), ["NNS706"]),
        ((SEED, DRAW, DRAW), []),
        ((SEED, SEED, DRAW), []),
        ((DRAW, "random.seed(0)"), []),
        ((DRAW, "# torch.manual_seed(0)"), []),
        (("n = random.random()", SEED), []),
    ],
)
def test_seeds_behind_draws(lines: tuple[str, ...], found: list[str]) -> None:
    assert in_trace(*lines) == found


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (("s = lm.transformer.h[0].output.sum()", "if s > 1:", "    k = 2"), ["NNS707"]),
        (("if lm.transformer.h[0].output.sum() > 1:", "    k = 'a'"), ["NNS707"]),
        (("s = lm.transformer.h[0].output.sum()", "if s > 1:", "    s = s * 2"), []),
        (("if plain is None:", "    k = 2"), []),
        (("for i in range(3):", "    if i > 1:", "        k = 2"), []),
    ],
)
def test_branches_of_values(lines: tuple[str, ...], found: list[str]) -> None:
    assert in_trace(*lines) == found


def test_what_is_written_for_05_is_left_alone() -> None:
    code = f"""
    with lm.trace("a") as tracer:
        {DRAW}
        {SEED}
        if n.sum() > 1:
            k = 2
    """
    assert own(code, Options(source=Dialect.NEW)) == []


def test_a_probe_goes_under_no_grad_again() -> None:
    code = HEAD + textwrap.dedent(
        """
        @torch.no_grad()
        def run(p):
            with lm.trace(p):
                out = probe(lm.transformer.h[1].output).save()
            return out
        """
    )
    result = fix(code, OLD)
    assert [f.severity for f in result.applied if f.code == "NNS701"] == [Severity.SILENT]
    assert "        with torch.no_grad():\n            out = probe(" in result.code


def test_a_copy_that_is_read_again_is_not_left_unchanged() -> None:
    code = HEAD + textwrap.dedent(
        f"""
        with lm.trace("a"):
            w = {WEIGHT}
            w.data[:] = 0
            y = (lm.transformer.h[0].output @ w).save()
        """
    )
    assert "w.data[:] = 0" in fix(code, OLD, unsafe=True).code
    assert "NNS703" in [f.code for f in check(code, OLD).findings]
