"""Programs to be timed with, of any length."""

from __future__ import annotations

import textwrap
from pathlib import Path

FIXTURES = Path(__file__).parents[2] / "fixtures"


def before() -> list[str]:
    """What the fixtures begin with."""
    return [path.read_text(encoding="utf-8") for path in sorted(FIXTURES.glob("*/before.py"))]


def of_fixtures(lines: int) -> str:
    """The fixtures one after the other, again and again, until there are that many lines."""
    programs, code, number = before(), "", 0
    while code.count("\n") < lines:
        code += programs[number % len(programs)].rstrip() + "\n\n"
        number += 1
    return code


def in_functions(lines: int) -> str:
    """The same as a person would keep them: each in a function of its own."""
    programs = [one for one in before() if "from __future__" not in one and "import *" not in one]
    code, number = "import nnsight\n", 0
    while code.count("\n") < lines:
        body = textwrap.indent(programs[number % len(programs)].rstrip(), "    ")
        code += f"\n\ndef experiment_{number}():\n{body}\n"
        number += 1
    return code


_HEAD = 'from nnsight import LanguageModel\n\nmodel = LanguageModel("gpt2")\n'


def invokes(count: int) -> str:
    """One trace with that many invokes, each of which reads what the one before has read."""
    code = _HEAD + "with model.trace() as tracer:\n    value = 0\n"
    for number in range(count):
        code += f'    with tracer.invoke("prompt {number}"):\n'
        code += "        value = model.transformer.h[3].output[0] + value\n"
    return code


def traces(count: int) -> str:
    """That many traces with two invokes."""
    code = _HEAD
    for number in range(count):
        code += 'with model.trace() as tracer:\n    with tracer.invoke("a"):\n'
        code += f"        clean_{number} = model.transformer.h[3].output[0]\n"
        code += '    with tracer.invoke("b"):\n'
        code += f"        model.transformer.h[3].output[0][:] = clean_{number}\n"
    return code


def removed(count: int) -> str:
    """That many findings with a fix, one a line."""
    return _HEAD + "".join(
        f'with model.trace("a", validate=False, scan=False):\n'
        f"    out_{number} = model.lm_head.output.save()\n"
        for number in range(count)
    )
