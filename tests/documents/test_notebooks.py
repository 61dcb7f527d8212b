from __future__ import annotations

import ast
import json

import pytest

from nnmigrate.documents import DocumentProblem, program_of


def notebook(*sources: str | list[str]) -> bytes:
    cells = [{"cell_type": "code", "source": source, "outputs": []} for source in sources]
    text = {"cell_type": "markdown", "source": "import nothing"}
    return json.dumps({"cells": [text, *cells], "nbformat": 4}).encode()


def test_code_cells_in_order() -> None:
    program = program_of(notebook("a = 1\nb = 2", ["c = a\n", "d = b\n"], ""), "n.ipynb")
    assert program.code == "a = 1\nb = 2\nc = a\nd = b\n\n"
    assert program.starts == (1, 3, 5)


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("if x:\n    !pip install nnsight\ny = 2", "if x:\n    pass\ny = 2"),
        ("x?", "pass"),
        ("?x", "pass"),
        ("lm.trace??", "pass"),
        ("%time y = f(x)", "y = f(x)"),
        ("%timeit y = f(x)", "pass"),
        ("files = !ls *.py", "files = get_ipython().getoutput('ls *.py')"),
        ("x = %pwd", "x = get_ipython().run_line_magic('pwd')"),
        ("%%time\nx = 1", "pass\nx = 1"),
        ("%%capture out\nx = 1", "pass\nx = 1"),
        ("%%bash\nls\n", "# %%bash\n# ls"),
        ("%%html\n<b>", "# %%html\n# <b>"),
    ],
)
def test_what_only_ipython_understands(cell: str, python: str) -> None:
    assert program_of(notebook(cell), "n.ipynb").code == f"{python}\n"


@pytest.mark.parametrize(
    "cell",
    [
        "x = (a\n% b)",
        "s = '''\n%matplotlib inline\n!ls\n'''",
        "x = a %b",
        "assert x != 1",
        "print('really?')",
        "def (",
    ],
)
def test_what_is_python_stays(cell: str) -> None:
    assert program_of(notebook(cell), "n.ipynb").code == f"{cell}\n"


def test_a_magic_keeps_the_lines_of_a_cell() -> None:
    cell = "%load_ext autoreload\n%autoreload 2\ns = '%s' % 1\n!ls\nx = 5\n"
    program = program_of(notebook(cell), "n.ipynb")
    assert [node.lineno for node in ast.parse(program.code).body] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b"", "n.ipynb:1:1"),
        (b'{"cells": [\n}', "n.ipynb:2:1"),
        (b"[]", "n.ipynb:1:1"),
        (b'{"worksheets": []}', "n.ipynb:1:1"),
        (b'{"cells": [{"cell_type": "code", "source": [1]}]}', "n.ipynb:1:1"),
        (b"\xff\xfe", "n.ipynb:1:1"),
        (b"[" * 100_000, "n.ipynb:1:1"),
    ],
)
def test_what_is_no_notebook(raw: bytes, place: str) -> None:
    with pytest.raises(DocumentProblem, match="not a notebook") as raised:
        program_of(raw, "n.ipynb")
    assert str(raised.value).startswith(f"{place}: ")
