"""A function that makes a model is followed once for each way of calling it, and no less."""

from __future__ import annotations

from typing import Any

import pytest

from nnmigrate.program import build, functions
from nnmigrate.program.recalled import Followed
from nnmigrate.program.values import Envoy

HEAD = "from nnsight import LanguageModel\n\n\n"
MADE = HEAD + "def made(name):\n    return LanguageModel(name)\n\n\n"


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the functions whose calls are followed, one for each time."""
    names: list[str] = []
    follow = functions._followed

    def noted(walk: Any, node: Any, *rest: Any) -> Any:
        names.append(node.name.value)
        return follow(walk, node, *rest)

    monkeypatch.setattr(functions, "_followed", noted)
    return names


def models(code: str) -> list[str]:
    """The names of the module that are bound to a model."""
    (module, *_) = build(code).scopes
    return [name for name, (bind, *_) in module.bindings.items() if isinstance(bind.value, Envoy)]


def test_calls_alike_are_followed_once(followed: list[str]) -> None:
    names = [f"model_{number}" for number in range(10)]
    calls = "".join(f"{name} = made(path)\n" for name in names)
    assert models(MADE + calls) == names
    assert followed == ["made"]


def test_another_argument_is_followed(followed: list[str]) -> None:
    build(MADE + 'a = made("x")\nb = made("y")\nc = made("x")\n')
    assert followed == ["made"] * 2


def test_functions_that_call_one_another_twice_are_followed_once_each(followed: list[str]) -> None:
    code = HEAD + "def made_0():\n    return LanguageModel()\n\n\n"
    for number in range(1, 12):
        inner = f"    nnsight = made_{number - 1}()\n"
        code += f"def made_{number}():\n{inner}{inner}    return nnsight\n\n\n"
    assert models(code + "model = made_11()\n") == ["model"]
    assert len(followed) <= 2 * 12


def test_at_another_level_it_is_the_same_call(followed: list[str]) -> None:
    code = MADE + "def outer(path):\n    return made(path)\n\n\n"
    code += "a = made(path)\nb = outer(path)\nLanguageModel\n"
    build(code.replace("return made", "LanguageModel\n    return made"))
    assert followed == ["made", "outer"]


@pytest.mark.parametrize(
    ("between", "expected"),
    [
        ("", ["a", "b"]),
        ("Kind = dict\n", ["a"]),
        ("def inner():\n    return {}\n", ["a"]),
    ],
)
def test_what_it_asks_for_is_looked_at_again(between: str, expected: list[str]) -> None:
    code = HEAD + (
        "Kind = LanguageModel\n"
        "def inner():\n    return Kind('x')\n"
        "def made():\n    LanguageModel\n    return inner()\n"
    )
    assert models(f"{code}a = made()\n{between}b = made()\n") == expected


def test_within_its_own_call_a_function_comes_to_nothing_but_called_from_outside_it_does() -> None:
    code = HEAD + (
        "def even():\n    odd()\n    return LanguageModel()\n"
        "def odd():\n    LanguageModel\n    return even()\n"
        "a = even()\nb = odd()\n"
    )
    assert models(code) == ["a", "b"]


def test_a_function_that_binds_outer_names_is_followed_each_time(followed: list[str]) -> None:
    code = HEAD + "layer = 0\ndef made():\n    global layer\n    layer = layer + 1\n"
    build(code + "    return LanguageModel()\n" + "made()\n" * 3)
    assert followed == ["made"] * 3


def test_an_answer_rests_on_what_is_followed_around_it() -> None:
    answer = Followed(0, frozenset(), within={7: False}, deep={1: False})
    assert answer.holds(1, frozenset([8]))
    assert not answer.holds(1, frozenset([7]))
    assert not answer.holds(2, frozenset([8]))


def test_a_trace_in_what_is_followed_calls_helpers() -> None:
    code = HEAD + "def kept(value):\n    return value.save()\n\n\n"
    code += "def made(name):\n    model = LanguageModel(name)\n"
    code += "    with model.trace('a'):\n        kept(model.lm_head.output)\n    return model\n\n\n"
    assert models(code + "a = made('x')\nb = made('x')\n") == ["a", "b"]
