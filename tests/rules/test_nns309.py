"""Strings over several lines in bodies that 0.5 cuts out."""

from __future__ import annotations

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.findings import Finding, Severity

HEAD = 'from nnsight import LanguageModel\n\nlm = LanguageModel("gpt2")\n'


def found(code: str) -> list[Finding]:
    return [each for each in check(HEAD + code).findings if each.code == "NNS309"]


REWRITES = {
    "a prompt": (
        'with lm.trace() as tracer:\n    with tracer.invoke("""a\n        b"""):  # here\n'
        "        out = lm.lm_head.output.save()\n",
        '_text = """a\n        b"""\nwith lm.trace() as tracer:\n'
        "    with tracer.invoke(_text):  # here\n        out = lm.lm_head.output.save()\n",
    ),
    "a bound string, in a function": (
        'def f():\n    with lm.trace("a"):\n        note = r"""a\n            \\b"""\n'
        "        out = lm.lm_head.output[len(note)].save()\n    return out\n",
        'def f():\n    _text = r"""a\n            \\b"""\n    with lm.trace("a"):\n'
        "        note = _text\n        out = lm.lm_head.output[len(note)].save()\n    return out\n",
    ),
    "a line that is continued": (
        'with lm.trace("a"):\n    note = "a\\\n    b"\n'
        "    out = lm.lm_head.output[len(note)].save()\n",
        '_text = "a\\\n    b"\nwith lm.trace("a"):\n    note = _text\n'
        "    out = lm.lm_head.output[len(note)].save()\n",
    ),
    "two of them": (
        'with lm.trace("a"):\n    keep("""a\n    b""", \'\'\'c\n    d\'\'\')\n',
        "_text = \"\"\"a\n    b\"\"\"\n_text_2 = '''c\n    d'''\n"
        'with lm.trace("a"):\n    keep(_text, _text_2)\n',
    ),
    "computed": (
        'with lm.trace("a"):\n    keep(f"""{lm}\n        b\\\\\n        c\\\n        d""")\n',
        'with lm.trace("a"):\n    keep(f"""{lm}\\n        b\\\\\\n        c        d""")\n',
    ),
    "beside another one": (
        'with lm.trace("a"):\n    keep("""a\n    b""" "c")\n',
        'with lm.trace("a"):\n    keep("""a\\n    b""" "c")\n',
    ),
    "in a session": (
        'with lm.session():\n    with lm.trace("""a\n      b"""):\n'
        "        out = lm.lm_head.output.save()\n",
        '_text = """a\n      b"""\nwith lm.session():\n    with lm.trace(_text):\n'
        "        out = lm.lm_head.output.save()\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), REWRITES.values(), ids=REWRITES)
def test_rewrite(before: str, after: str) -> None:
    fixed = fix(HEAD + before)
    assert fixed.code == HEAD + after
    assert not found(after)


def test_a_string_that_stands_further_left_does_not_parse() -> None:
    (finding,) = found('with lm.trace("a"):\n    keep("""a\nb""")\n')
    assert finding.severity is Severity.ERROR
    assert finding.consequence.startswith("SyntaxError")


REPORTED = {
    "computed over lines": 'with lm.trace("a"):\n    keep(f"""a {\n    lm}""")\n',
    "raw, beside another one": 'with lm.trace("a"):\n    keep(r"""a\n    b""" "c")\n',
}


@pytest.mark.parametrize("code", REPORTED.values(), ids=REPORTED)
def test_only_reported(code: str) -> None:
    (finding,) = found(code)
    assert finding.fix is None
    assert finding.severity is Severity.SILENT


LEFT_ALONE = {
    "the trace's own prompt": 'with lm.trace("""a\n    b"""):\n'
    "    out = lm.lm_head.output.save()\n",
    "on one line": 'with lm.trace("a"):\n    keep("""a""")\n',
    "beside the trace": 'note = """a\n  b"""\nwith lm.trace("a"):\n    keep(note)\n',
    "a comment": 'with lm.trace("a"):\n    """a\n    b"""\n    out = lm.lm_head.output.save()\n',
    "a docstring": 'with lm.trace("a"):\n    def k(h):\n        """a\n        b"""\n'
    "        return h\n    out = k(lm.lm_head.output).save()\n",
    "strings one below the other": 'with lm.trace("a"):\n    keep("a"\n         "b")\n',
    "another with statement": 'with open("a") as file:\n    file.write("""a\n    b""")\n',
}


@pytest.mark.parametrize("code", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_left_alone(code: str) -> None:
    assert not found(code)
