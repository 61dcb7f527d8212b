"""How many inputs a plain wrapped module may have."""

from __future__ import annotations

import pytest

from nnmigrate.engine import check

HEAD = "import torch\nfrom nnsight import NNsight\n\nmodel = NNsight(net)\n"
INVOKE = "    with tracer.invoke({}):\n        h = model.layer.output.save()\n"
COUNTED = {
    "one": (INVOKE.format("x"), 0),
    "one, and one that looks at all": (INVOKE.format("x") + INVOKE.format(""), 0),
    "two": (INVOKE.format("x") + INVOKE.format("y"), 1),
    "one at each turn": (
        "    for x in xs:\n        with tracer.invoke(x):\n            h = model.a.output.save()\n",
        1,
    ),
    "one under a condition": (
        "    if wanted:\n        with tracer.invoke(x):\n            h = model.a.output.save()\n",
        0,
    ),
}


@pytest.mark.parametrize(("invokes", "count"), COUNTED.values(), ids=COUNTED)
def test_several_inputs_are_found_where_nobody_says_how_to_batch_them(
    invokes: str, count: int
) -> None:
    found = check(f"{HEAD}with model.trace() as tracer:\n{invokes}").findings
    assert [each.code for each in found].count("NNS414") == count
