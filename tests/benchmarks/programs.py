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


def pairs(count: int) -> str:
    """One trace with that many invokes, every second of which is given something by the first."""
    code = _HEAD + "with model.trace() as tracer:\n"
    for number in range(count // 2):
        code += f'    with tracer.invoke("a{number}"):\n'
        code += f"        clean_{number} = model.transformer.h[3].output[0]\n"
        code += f'    with tracer.invoke("b{number}"):\n'
        code += f"        model.transformer.h[3].output[0][:] = clean_{number}\n"
    return code


def of_the_first(count: int) -> str:
    """One trace with that many invokes, all of which are given something by the first."""
    code = _HEAD + 'with model.trace() as tracer:\n    with tracer.invoke("a"):\n'
    code += "        clean = model.transformer.h[3].output[0]\n"
    for number in range(1, count):
        code += f'    with tracer.invoke("b{number}"):\n'
        code += "        model.transformer.h[3].output[0][:] = clean\n"
        code += f"        logits_{number} = model.lm_head.output.save()\n"
    return code


def from_layer_to_layer(count: int) -> str:
    """One trace with that many invokes, each of which is given the value of the layer below."""
    code = _HEAD + "with model.trace() as tracer:\n    value = 0\n"
    for number in range(count):
        code += f'    with tracer.invoke("prompt {number}"):\n'
        code += f"        value = model.transformer.h[{number % 12}].output[0] + value\n"
    return code


def beside(count: int) -> str:
    """That many traces with a statement beside the invoke."""
    code = _HEAD
    for number in range(count):
        code += 'with model.trace() as tracer:\n    with tracer.invoke("a"):\n'
        code += f"        logits_{number} = model.lm_head.output\n"
        code += f"    mean_{number} = logits_{number}.mean().save()\n"
    return code


def backward(count: int) -> str:
    """That many traces whose invokes have to run one after the other."""
    code = _HEAD
    for number in range(count):
        code += 'with model.trace() as tracer:\n    with tracer.invoke("a"):\n'
        code += f"        late_{number} = model.transformer.h[8].output[0]\n"
        code += '    with tracer.invoke("b"):\n'
        code += f"        model.transformer.h[3].output[0][:] = late_{number}\n"
        code += f"        logits_{number} = model.lm_head.output.save()\n"
    return code


def functions(count: int) -> str:
    """That many functions with a trace."""
    code = _HEAD
    for number in range(count):
        code += f"\n\ndef run_{number}(prompt):\n    with model.trace(prompt):\n"
        code += "        logits = model.lm_head.output.save()\n    return logits.value\n"
    return code


def calls(count: int) -> str:
    """That many calls of one function that makes a model, runs it and returns nothing of it."""
    code = "from nnsight import LanguageModel\n\n\ndef run(name):\n"
    code += '    model = LanguageModel(name)\n    with model.trace("a"):\n'
    for number in range(10):
        code += f"        out_{number} = model.transformer.h[{number}].output.save()\n"
    return code + "    print(out_0)\n\n\n" + "run(name)\n" * count


def methods(count: int) -> str:
    """That many methods with a private name in a trace."""
    code = _HEAD + "\nclass Probe:\n    def __init__(self):\n        self.__prompt = 'a'\n"
    for number in range(count):
        code += f"\n    def run_{number}(self):\n        with model.trace(self.__prompt):\n"
        code += "            logits = model.lm_head.output.save()\n"
        code += "            print(self.__prompt)\n        return logits\n"
    return code


def steps(count: int) -> str:
    """One trace with that many statements."""
    code = _HEAD + 'with model.trace("a"):\n    value = model.transformer.h[0].output[0]\n'
    for number in range(count):
        code += f"    value = value * {number} + 1\n    other_{number} = value.mean()\n"
    return code + "    value.save()\n"


def against_the_order(count: int) -> str:
    """One trace that reads that many values, each of a layer before the one above it."""
    code = _HEAD + 'with model.trace("a"):\n'
    for number in range(count):
        code += f"    out_{number} = model.transformer.h[{count - number}].output[0].save()\n"
    return code


def silenced(count: int) -> str:
    """That many comments that silence something."""
    return removed(count).replace("False):\n", "False):  # nnmigrate: ignore[NNS420]\n")


def needless(count: int) -> str:
    """That many comments that silence nothing."""
    return _HEAD + "".join(
        f'with model.trace("a"):  # nnmigrate: ignore[NNS420]\n'
        f"    out_{number} = model.lm_head.output.save()\n"
        for number in range(count)
    )


GROWING = (
    invokes,
    pairs,
    of_the_first,
    from_layer_to_layer,
    traces,
    beside,
    backward,
    functions,
    calls,
    methods,
    steps,
    against_the_order,
    removed,
    silenced,
    needless,
)
"""What is to take twice as long where there is twice as much of it."""
