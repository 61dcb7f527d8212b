from __future__ import annotations

import pytest

from nnmigrate.documents import mentions_nnsight

YES = {
    "the import": b"import nnsight",
    "in a string": b"import_module('nnsight')",
    "utf-16": "import nnsight".encode("utf-16"),
    "a trace of a parameter": b"def f(m):\n    with m.trace('a'):\n        pass\n",
    "generation": b"def f(m):\n  with m.generate('a', max_new_tokens=3) as t:\n    pass\n",
    "a session": b"def f(m):\n\twith m.session():\r\n\t\tpass",
    "an invoke": b"def f(t):\n    with t.invoke('a'): pass\n",
    "through an item": b"def f(m):\n    with m[0:1].trace('a'): pass\n",
    "second item of the with": b"with torch.no_grad(), m.trace('a'): pass\n",
    "behind a colon": b"if x: with_ = 1\nif x: with m.trace('a'): pass\n",
    "asynchronous": b"async def f(m):\n    async with m.trace('a'): pass\n",
    "broken over lines": b"with (\n    torch.no_grad(),\n    m.trace('a') as t,\n): pass\n",
    "carriage returns": b"x\rwith m.trace('a'):\r    pass\r",
    "call broken over lines": b"with m.trace(\n    'a'\n): pass\n",
}
NO = {
    "nothing": b"",
    "other code": b"import os\nwith open('a') as f:\n    pass\n",
    "a matrix's trace": b"with open('a') as f:\n    x = 1\ny = np.trace(m)\n",
    "generation without a with": b"def f(m):\n    return m.generate('a')\n",
    "the words alone": b"# with a trace, one may generate a session\n",
    "the word in a comment": b"x = 1  # go on with model.generate(y)\n",
    "binary": bytes(range(256)),
}


@pytest.mark.parametrize("raw", YES.values(), ids=YES)
def test_what_may_concern_nnsight_is_looked_at(raw: bytes) -> None:
    assert mentions_nnsight(raw)


@pytest.mark.parametrize("raw", NO.values(), ids=NO)
def test_what_cannot_is_not(raw: bytes) -> None:
    assert not mentions_nnsight(raw)


def test_the_time_is_proportional_to_the_length() -> None:
    # A filter that reads on from every `with`, or back from every call, would take hours.
    assert not mentions_nnsight(b"with a, " * 500_000 + b"x" * 3000 + b".trace(")
    assert not mentions_nnsight(b"with" + b"a.trace(), " * 200_000)
