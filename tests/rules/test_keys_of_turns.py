"""Items that a loop puts in, under its counter, a text with it, or one after the other."""

from __future__ import annotations

import pytest

from nnmigrate.engine import check, fix

HEAD = """from nnsight import LanguageModel
lm = LanguageModel("gpt2")
"""
ALL = "for i, layer in enumerate(lm.transformer.h):"
FOUR = "for i in range(4):"


def program(loop: str, fill: str, use: str, made: str = "acts = {}") -> str:
    return f"""{HEAD}with lm.trace() as tracer:
    {made}
    with tracer.invoke("a b c"):
        {loop}
            {fill}
    with tracer.invoke("d e f"):
        lm.lm_head.input[:, -1] = {use}[:, -1]
        logits = lm.lm_head.output.save()
"""


def found(code: str) -> list[str]:
    return [one.code for one in check(code).findings if one.code.startswith("NNS1")]


NEEDED = {
    "a later item of a list": (ALL, "acts.append(layer.output)", "acts[7]", "acts = []"),
    "one counted from the end": (ALL, "acts.append(layer.output)", "acts[-7]", "acts = []"),
    "a later item by its number": (ALL, "acts[i] = layer.output", "acts[7]"),
    "a later item by its text": (ALL, 'acts[f"h{i}"] = layer.output', 'acts["h7"]'),
    "a text with an end": (ALL, 'acts[f"h{i}.mlp"] = layer.output', 'acts["h7.mlp"]'),
    "an early item by its text": (ALL, 'acts[f"h{i}"] = layer.output', 'acts["h0"]'),
    "a text in another form": (ALL, 'acts[f"h{i:02}"] = layer.output', 'acts["h07"]'),
    "a text of two numbers": (ALL, 'acts[f"{i}{i}"] = layer.output', 'acts["77"]'),
    "a text with braces": (ALL, 'acts[f"{{{i}}}"] = layer.output', 'acts["{7}"]'),
    "a text with a line end": (ALL, 'acts[f"{i}\\n"] = layer.output', 'acts["7\\n"]'),
    "a text of a next number": (ALL, 'acts[f"h{i + 1}"] = layer.output', 'acts["h7"]'),
    "a number of turns that is not known": (
        "for i in range(n):",
        'acts[f"h{i}"] = lm.transformer.h[i].output',
        'acts["h7"]',
    ),
    "a known number of turns": (
        FOUR,
        'acts[f"h{i}"] = lm.transformer.h[i].output',
        'acts["h3"]',
    ),
}


@pytest.mark.parametrize("given", NEEDED.values(), ids=NEEDED)
def test_an_item_that_a_loop_puts_in_is_waited_for(given: tuple[str, ...]) -> None:
    code = program(*given)
    assert "NNS101" in found(code)
    fixed = fix(code, unsafe=True).code
    assert found(fixed) == []
    assert fix(fixed, unsafe=True).code == fixed


def test_the_items_of_a_comprehension_are_waited_for() -> None:
    for made in (
        '{f"h{i}": layer.output for i, layer in enumerate(lm.transformer.h)}',
        "{i: layer.output for i, layer in enumerate(lm.transformer.h)}",
        "[layer.output for layer in lm.transformer.h]",
    ):
        use = 'acts["h7"]' if "f" in made.partition(":")[0] else "acts[7]"
        assert "NNS101" in found(program("if True:", f"acts = {made}", use, "pass")), made


NOT_NEEDED = {
    "another text": (ALL, 'acts[f"h{i}"] = layer.output', 'acts["x"]', 'acts = {"x": x}'),
    "a text without a number": (
        ALL,
        'acts[f"h{i}"] = layer.output',
        'acts["h"]',
        'acts = {"h": x}',
    ),
    "a text of a word": (ALL, 'acts[f"h{i}"] = layer.output', 'acts["hx"]', 'acts = {"hx": x}'),
    "another end": (ALL, 'acts[f"h{i}.a"] = layer.output', 'acts["h7.b"]', 'acts = {"h7.b": x}'),
    "a number, of texts": (ALL, 'acts[f"h{i}"] = layer.output', "acts[7]", "acts = {7: x}"),
    "a text, of numbers": (ALL, "acts[i] = layer.output", 'acts["x"]', 'acts = {"x": x}'),
    "one that no turn has": (
        FOUR,
        'acts[f"h{i}"] = lm.transformer.h[i].output',
        'acts["h7"]',
        'acts = {"h7": x}',
    ),
}


@pytest.mark.parametrize("given", NOT_NEEDED.values(), ids=NOT_NEEDED)
def test_an_item_that_no_turn_puts_in_is_not_waited_for(given: tuple[str, ...]) -> None:
    assert "NNS101" not in found(program(*given))


def test_a_value_in_a_text_is_read_as_ever() -> None:
    code = program(FOUR, 'acts[f"{lm.lm_head.output}"] = i', "acts", "acts = {}")
    assert "NNS101" in found(code)


# What a loop puts in; what is set to it; whether 0.4 ignored that.
CAME = {
    "an item of a later layer": ("acts[i] = layer.output", "h[0].output", "acts[2]", True),
    "an item of an earlier layer": ("acts[i] = layer.output", "h[2].output", "acts[0]", False),
    "an item of the same layer": ("acts[i] = layer.output", "h[1].output", "acts[1]", False),
    "a part of it, behind the loop": (
        "acts[i] = layer.output",
        "h[1].output[:, -1]",
        "acts[1][:, -1]",
        True,
    ),
    "a text of a later layer": (
        'acts[f"h{i:02}"] = layer.output',
        "h[0].output",
        'acts["h02"]',
        True,
    ),
    "a text of an earlier layer": (
        'acts[f"h{i:02}"] = layer.output',
        "h[2].output",
        'acts["h00"]',
        False,
    ),
    "any item": ('acts[f"h{i:>9}"] = layer.output', "h[2].output", 'acts["h00"]', False),
    "any item of another number": ("acts[i] = layer.output", "h[2].output", "acts[n - 1]", False),
    "all items": ("acts[i] = layer.output", "h[2].output", "sum(acts.values())", True),
}


@pytest.mark.parametrize(("fill", "target", "value", "late"), CAME.values(), ids=CAME)
def test_what_came_too_late_on_04_out_of_a_loop(
    fill: str, target: str, value: str, late: bool
) -> None:
    code = f"""{HEAD}with lm.trace() as tracer:
    acts = {{}}
    with tracer.invoke("a b c"):
        {ALL}
            {fill}
    with tracer.invoke("d e f"):
        lm.transformer.{target} = {value}
        logits = lm.lm_head.output.save()
"""
    assert found(code) == (["NNS105", "NNS101"] if late else ["NNS101"])
