"""Which modules may hand out one tensor."""

from __future__ import annotations

import pytest

from nnmigrate.rules.common.handing import may_be_one
from nnmigrate.schedule.values import Index, Path, Point, Provider

LAYERS = ("transformer", "h")
UNKNOWN = Index("n")


def layer(number: int, *inside: str) -> Path:
    return (*LAYERS, Index(str(number), number), *inside)


def given(path: Path) -> Provider:
    return Provider(path, Point.INPUT)


def made(path: Path) -> Provider:
    return Provider(path, Point.OUTPUT)


ONE = {
    "a module's input and its first part's": (given(layer(1)), given(layer(1, "ln_1"))),
    "the output of a module and that of its last part": (
        made(layer(1, "mlp")),
        made(layer(1, "mlp", "dropout")),
    ),
    "the whole model's and one of a module": (given(()), made(("lm_head",))),
    "a layer's output and the next one's input": (made(layer(1)), given(layer(2))),
    "the embeddings' output and the first layer's input": (
        made(("transformer", "wte")),
        given(layer(0)),
    ),
    "the last layer's output and the norm's input": (
        made(layer(11)),
        given(("transformer", "ln_f")),
    ),
    "modules of one part": (made(layer(1, "mlp", "c_fc")), given(layer(1, "mlp", "act"))),
    "modules outside the layers": (made(("transformer", "ln_f")), given(("lm_head",))),
    "a layer that is not known and a part of it": (
        made((*LAYERS, UNKNOWN)),
        given((*LAYERS, UNKNOWN, "ln_1")),
    ),
    "layers that are not known": (
        made((*LAYERS, UNKNOWN)),
        given((*LAYERS, Index("m"))),
    ),
}

TWO = {
    "a layer's output and a part's": (made(layer(1)), made(layer(1, "mlp"))),
    "outputs of modules beside each other": (made(layer(1, "attn")), made(layer(1, "mlp"))),
    "layers with one between them": (made(layer(1)), given(layer(3))),
    "a part of a layer and another layer": (made(layer(1, "mlp")), given(layer(2))),
    "modules of two layers": (made(layer(1, "mlp")), given(layer(2, "mlp"))),
}


@pytest.mark.parametrize("pair", ONE.values(), ids=ONE)
def test_they_may_be_one(pair: tuple[Provider, Provider]) -> None:
    assert may_be_one(*pair)
    assert may_be_one(*reversed(pair))


@pytest.mark.parametrize("pair", TWO.values(), ids=TWO)
def test_they_are_two(pair: tuple[Provider, Provider]) -> None:
    assert not may_be_one(*pair)
    assert not may_be_one(*reversed(pair))
