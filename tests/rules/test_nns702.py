"""Autocast and devices around a trace."""

from __future__ import annotations

import textwrap

import pytest

from nnmigrate.engine import check, fix

HEAD = (
    "import torch\nfrom nnsight import LanguageModel\n\n"
    'lm = LanguageModel("openai-community/gpt2")\n'
)
H = "lm.transformer.h[0].output"


def program(code: str) -> str:
    return HEAD + textwrap.dedent(code).replace("HIDDEN", H)


WRAPPED = {
    "a device": (
        """
        with torch.device("cuda"), lm.trace("a"):
            HIDDEN[:] = torch.zeros(3)
        """,
        """
        with torch.device("cuda"), lm.trace("a"):
            with torch.device("cuda"):
                HIDDEN[:] = torch.zeros(3)
        """,
    ),
    "a decorator": (
        """
        @torch.amp.autocast("cuda")
        def f(w):
            with lm.trace("a"):
                y = (HIDDEN @ w).save()
            return y
        """,
        """
        @torch.amp.autocast("cuda")
        def f(w):
            with lm.trace("a"):
                with torch.amp.autocast("cuda"):
                    y = (HIDDEN @ w).save()
            return y
        """,
    ),
    "the default device": (
        """
        torch.set_default_device("cuda")
        with lm.trace("a"):
            HIDDEN[:] = torch.zeros(3)
        """,
        """
        torch.set_default_device("cuda")
        with lm.trace("a"):
            with torch.device("cuda"):
                HIDDEN[:] = torch.zeros(3)
        """,
    ),
    "two modes": (
        """
        with torch.no_grad(), torch.autocast("cpu"):
            with lm.trace("a"):
                y = lm.lm_head(HIDDEN).save()
        """,
        """
        with torch.no_grad(), torch.autocast("cpu"):
            with lm.trace("a"):
                with torch.autocast("cpu"):
                    with torch.no_grad():
                        y = lm.lm_head(HIDDEN).save()
        """,
    ),
}

LEFT_ALONE = {
    "only taken": 'with torch.autocast("cpu"), lm.trace("a"):\n    y = HIDDEN[:, -1].save()\n',
    "no tensor made": 'with torch.device("cuda"), lm.trace("a"):\n    y = HIDDEN.sum().save()\n',
    "of another device": """
        with torch.device("cuda"), lm.trace("a"):
            y = (HIDDEN + torch.ones(3, device="cpu")).save()
        """,
    "inside already": """
        with torch.autocast("cpu"), lm.trace("a"):
            with torch.autocast("cpu"):
                y = HIDDEN.sum().save()
        """,
    "entered behind the trace": """
        with lm.trace("a"), torch.autocast("cpu"):
            y = HIDDEN.sum().save()
        """,
    "not torch's": """
        from mine import autocast
        with autocast("cpu"), lm.trace("a"):
            y = HIDDEN.sum().save()
        """,
    "made before": """
        with torch.device("cuda"):
            z = torch.zeros(3)
            with lm.trace("a"):
                HIDDEN[:] = z
        """,
}


def found(code: str) -> list[str]:
    return [one.code for one in check(program(code)).findings if one.code == "NNS702"]


@pytest.mark.parametrize("name", WRAPPED)
def test_it_is_wrapped(name: str) -> None:
    before, after = map(program, WRAPPED[name])

    assert fix(before).code == after
    assert fix(after).code == after
    assert found(WRAPPED[name][1]) == []


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_it_is_left_alone(name: str) -> None:
    assert found(LEFT_ALONE[name]) == []
