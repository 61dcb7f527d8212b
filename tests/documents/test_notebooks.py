from __future__ import annotations

import ast
import codecs
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nnmigrate.documents import DocumentProblem, document_of
from nnmigrate.documents.notebooks import NotebookDocument
from nnmigrate.spans import Edit, Span, apply_edits, moved, touches

SHIPPED = Path("n.ipynb")


def cell(source: str | list[str], kind: str = "code", **more: Any) -> dict[str, Any]:
    return {"cell_type": kind, "metadata": {}, "source": source, **more}


def notebook(*sources: str | list[str], indent: int | None = None, **metadata: Any) -> bytes:
    cells = [cell("import nothing", "markdown"), *map(cell, sources)]
    whole = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=indent).encode()


def document(raw: bytes, **how: Any) -> NotebookDocument:
    return NotebookDocument.from_bytes(raw, SHIPPED, **how)


def replaced(raw: bytes, old: str, new: str) -> bytes:
    """The notebook with one place in its code replaced."""
    found = document(raw)
    at = found.code.index(old)
    edits = [Edit(Span(at, at + len(old)), new)]
    assert not touches(edits, found.rigid)
    return found.with_code(apply_edits(found.code, edits), moved(found.rigid, edits))


class TestTheProgram:
    def test_code_cells_in_order(self) -> None:
        found = document(notebook("a = 1\nb = 2", ["c = a\n", "d = b\n"], ""))

        assert found.code == "# %%\na = 1\nb = 2\n# %%\nc = a\nd = b\n# %%\n"

    def test_a_line_is_that_of_its_cell_and_of_the_file(self) -> None:
        found = document(notebook("a = 1", ["c = a\n", "d = b"], indent=1))
        row = found.code.splitlines().index("d = b")
        origin = found.origins[row]

        assert (origin.cell, origin.row) == (3, 2)
        assert b'"d = b"' in found.raw.splitlines()[origin.line - 1]

    @pytest.mark.parametrize(
        ("source", "python"),
        [
            (
                "%matplotlib inline\nx = 1",
                "get_ipython().run_line_magic('matplotlib', 'inline')\nx = 1",
            ),
            (
                "if x:\n    !pip install nnsight\ny = 2",
                "if x:\n    get_ipython().system('pip install nnsight')\ny = 2",
            ),
            ("!!ls", "get_ipython().getoutput('ls')"),
            ("x?", "pass"),
            ("?x", "pass"),
            ("lm.trace??", "pass"),
            ("%time y = f(x)", "y = f(x)"),
            ("%timeit y = f(x)", "get_ipython().run_line_magic('timeit', 'y = f(x)')"),
            ("files = !ls *.py", "files = get_ipython().getoutput('ls *.py')"),
            ("x = %pwd", "x = get_ipython().run_line_magic('pwd', '')"),
            ("%%time\nx = 1", "get_ipython().run_cell_magic('time', '', ...)\nx = 1"),
            ("%%capture out\nx = 1", "get_ipython().run_cell_magic('capture', 'out', ...)\nx = 1"),
            (
                "!pip install \\\n   nnsight\nx = 1",
                "get_ipython().system('pip install nnsight')\n\nx = 1",
            ),
            ("!echo 'don''t' (\nx = 1", "get_ipython().system(\"echo 'don''t' (\")\nx = 1"),
            ("  x = 1\n  y = 2", "x = 1\ny = 2"),
        ],
    )
    def test_what_only_ipython_understands(self, source: str, python: str) -> None:
        assert document(notebook(source)).code == f"# %%\n{python}\n"

    @pytest.mark.parametrize(
        "source",
        [
            "x = (a\n% b)",
            "s = '''\n%matplotlib inline\n!ls\n'''",
            "x = a %b",
            "assert x != 1",
            "print('really?')",
            "await f()",
        ],
    )
    def test_what_is_python_stays(self, source: str) -> None:
        assert document(notebook(source)).code == f"# %%\n{source}\n"

    @pytest.mark.parametrize("source", ["%%bash\nls\n", "%%html\n<b>", "%%writefile x.py\nx = 1"])
    def test_cells_of_other_languages_are_left_alone(self, source: str) -> None:
        assert document(notebook("a = 1", source)).code == "# %%\na = 1\n"

    def test_which_cell_magics_are_python_can_be_said(self) -> None:
        raw = notebook("%%wandb\nx = 1")

        assert document(raw).code == ""
        assert document(raw, transparent=("wandb",)).code.endswith("x = 1\n")

    def test_a_magic_keeps_the_lines_of_a_cell(self) -> None:
        source = "%load_ext autoreload\n%autoreload 2\ns = '%s' % 1\n!ls\nx = 5\n"
        tree = ast.parse(document(notebook(source)).code)

        assert [node.lineno for node in tree.body] == [2, 3, 4, 5, 6]

    def test_notebooks_of_other_languages_hold_nothing(self) -> None:
        assert document(notebook("x <- 1", kernelspec={"language": "R"})).code == ""
        assert document(notebook("x = 1", language_info={"name": "python"})).code != ""

    def test_a_cell_of_another_language_holds_nothing(self) -> None:
        other = cell("x <- 1")
        other["metadata"] = {"vscode": {"languageId": "r"}}
        raw = json.dumps({"cells": [cell("a = 1"), other]}).encode()

        assert document(raw).code == "# %%\na = 1\n"


class TestWriting:
    LAYOUTS = (
        {"indent": 1},
        {"indent": 4},
        {"indent": None},
        {"indent": 2, "sort_keys": True},
        {"separators": (",", ":")},
        {"indent": "\t", "ensure_ascii": False},
    )

    @pytest.mark.parametrize("layout", LAYOUTS)
    @pytest.mark.parametrize("whole", [True, False])
    def test_only_the_edit_changes(self, layout: dict[str, Any], whole: bool) -> None:
        code = 'h = "é\\n\\t😀"\nold = h\n!ls\nx = "/"'
        source = code if whole else code.splitlines(keepends=True)
        outputs = [{"data": {"text/plain": ["old = \\u00e9"]}}]
        cells = [cell(source, outputs=outputs, execution_count=7), cell("old", "raw")]
        text = json.dumps({"nbformat": 4, "cells": cells, "metadata": {"z": 1, "a": 2}}, **layout)
        raw = (text + "\n").encode()

        after = replaced(raw, "old = h", "new = g")

        assert after == raw.replace(b"old = h", b"new = g", 1)

    def test_a_line_more_is_an_item_more(self) -> None:
        raw = notebook(["with a:\n", "    b"], indent=1)

        after = replaced(raw, "    b\n", "    x\n    b\n")

        assert after == raw.replace(b'    "    b"', b'    "    x\\n",\n    "    b"', 1)

    def test_a_line_behind_the_last_one(self) -> None:
        raw = notebook(["with a:\n", "    b"], indent=1)

        after = replaced(raw, "    b\n", "    b\nc\n")

        assert after == raw.replace(b'"    b"', b'"    b\\n",\n    "c"', 1)

    def test_a_line_less_is_an_item_less(self) -> None:
        raw = notebook(["a\n", "b\n", "c"], indent=1)

        assert replaced(raw, "b\n", "") == raw.replace(b'\n    "b\\n",', b"", 1)
        assert json.loads(replaced(raw, "c\n", ""))["cells"][1]["source"] == ["a\n", "b"]

    def test_items_that_are_no_lines_stay_what_they_are(self) -> None:
        raw = notebook(["a = ", "old\nb", "\n"], indent=1)

        assert replaced(raw, "old", "new") == raw.replace(b"old", b"new")

    def test_escapes_stay_as_they_are_written(self) -> None:
        raw = rb'{"cells": [{"cell_type": "code", "source": "a\u0020= \"\/\ud83d\ude00\"; old"}]}'

        assert replaced(raw, "old", "new") == raw.replace(b"old", b"new")

    def test_new_characters_are_written_as_the_file_writes_them(self) -> None:
        escaped, plain = (
            json.dumps({"cells": [cell("x = 'ä'")]}, ensure_ascii=flag).encode()
            for flag in (True, False)
        )

        assert b"\\u00f6" in replaced(escaped, "ä", "ö")
        assert "ö".encode() in replaced(plain, "ä", "ö")

    def test_a_byte_order_mark_and_line_ends_stay(self) -> None:
        raw = codecs.BOM_UTF8 + notebook(["old\r\n", "x\r\n"], indent=1).replace(b"\n", b"\r\n")

        assert replaced(raw, "old", "new") == raw.replace(b"old", b"new")

    @pytest.mark.parametrize("source", ["old\n", ["old\n"], ["old"]])
    def test_a_cell_may_become_empty(self, source: str | list[str]) -> None:
        raw = notebook(source, "x")

        after = replaced(raw, "old\n", "")

        assert json.loads(after)["cells"][1]["source"] == type(source)()
        assert document(after).code == "# %%\n# %%\nx\n"

    @pytest.mark.parametrize("source", ["", []])
    def test_a_cell_that_was_empty(self, source: str | list[str]) -> None:
        raw = notebook(source)
        found = document(raw)
        edits = [Edit(Span(len(found.code), len(found.code)), "x\ny\n")]

        after = found.with_code(apply_edits(found.code, edits), moved(found.rigid, edits))

        assert "".join(json.loads(after)["cells"][1]["source"]) == "x\ny\n"

    def test_an_indented_cell_stays_indented(self) -> None:
        raw = notebook("  old\n  b\n")

        after = replaced(raw, "old\n", "new\nc\n")

        assert json.loads(after)["cells"][1]["source"] == "  new\n  c\n  b\n"

    def test_nothing_may_come_before_the_magic_of_a_cell(self) -> None:
        found = document(notebook("%%time\nx = 1"))
        start = found.code.index("get_ipython")

        assert touches([Edit(Span(start, start), "import a\n")], found.rigid)

    def test_the_magic_of_a_cell_can_be_taken_off(self) -> None:
        raw = notebook(["%%time\n", "%%capture out\n", "x = 1"], indent=1)
        found = document(raw)
        rows = found.code.splitlines(keepends=True)
        edits = [Edit(Span(len(rows[0]), len(rows[0] + rows[1])), "")]
        assert not touches(edits, found.rigid)

        after = found.with_code(apply_edits(found.code, edits), moved(found.rigid, edits))

        assert after == raw.replace(b'    "%%time\\n",\n', b"", 1)

    def test_what_is_put_behind_a_magic_stands_there(self) -> None:
        raw = notebook("x = 1\n!ls")
        found = document(raw)
        edits = [Edit(Span(len(found.code), len(found.code)), "y = 2\n")]

        after = found.with_code(apply_edits(found.code, edits), moved(found.rigid, edits))

        assert json.loads(after)["cells"][1]["source"] == "x = 1\n!ls\ny = 2"


lines = st.sampled_from(
    ["a = 1", "!ls", "b = 'é\\\\ \"'", "%time c = 3", "", "if a:\n    b = 2\n    c", "d?"]
)
sources = st.lists(lines, min_size=1, max_size=5).map("\n".join)


def _parses(code: str) -> bool:
    try:
        ast.parse(code)
    except SyntaxError:
        return False
    return True


@given(
    st.lists(st.tuples(sources, st.booleans(), st.booleans()), min_size=1, max_size=4),
    st.sampled_from(TestWriting.LAYOUTS),
    st.data(),
)
def test_any_edits_reach_their_cells_and_nothing_else(
    cells: list[tuple[str, bool, bool]], layout: dict[str, Any], data: st.DataObject
) -> None:
    whole = [
        cell(text + "\n" * ends if as_text else (text + "\n" * ends).splitlines(keepends=True))
        for text, as_text, ends in cells
    ]
    raw = json.dumps({"cells": whole, "metadata": {}, "nbformat": 4}, **layout).encode()
    found = document(raw)
    assert found.with_code(found.code, found.rigid) == raw

    rows = found.code.splitlines(keepends=True)
    starts = [sum(map(len, rows[:number])) for number in range(len(rows) + 1)]
    wished = [
        Edit(Span(start, start), data.draw(st.sampled_from(["new()\n", "'ö'\n"])))
        for start in data.draw(st.sets(st.sampled_from(starts), max_size=3))
    ]
    edits = [edit for edit in wished if not touches([edit], found.rigid)]
    code = apply_edits(found.code, edits)
    assume(_parses(code))
    after = found.with_code(code, moved(found.rigid, edits))

    assert document(after).code == code
    for new, old in zip(json.loads(after)["cells"], json.loads(raw)["cells"], strict=True):
        assert {**new, "source": 0} == {**old, "source": 0}


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b"", "n.ipynb:1:1"),
        (b'{"cells": [\n}', "n.ipynb:2:1"),
        (b"[]", "n.ipynb:1:1"),
        (b'{"worksheets": []}', "n.ipynb:1:1"),
        (b'{"cells": 5}', "n.ipynb:1:1"),
        (b'{"cells": [{"cell_type": "code", "source": [1]}]}', "n.ipynb:1:1"),
        (b'{"cells": [{"cell_type": "code", "source": 1}]}', "n.ipynb:1:1"),
        (b'{"cells": [5]}', "n.ipynb:1:1"),
        (b"\xff\xfe", "n.ipynb:1:1"),
        (b"[" * 100_000, "n.ipynb:1:1"),
    ],
)
def test_what_is_no_notebook(raw: bytes, place: str) -> None:
    with pytest.raises(DocumentProblem, match="not a notebook") as raised:
        document_of(raw, "n.ipynb")
    assert str(raised.value).startswith(f"{place}: ")


def test_a_cell_that_is_no_python_is_passed_over_with_a_note() -> None:
    raw = notebook("a = 1", "x = 1\ndef (", "old")
    [note] = document(raw).notes

    assert document(raw).code == "# %%\na = 1\n# %%\nold\n"
    assert str(note).startswith("n.ipynb:cell 3:2:1: cell passed over, it is no Python: ")
    assert replaced(raw, "old", "new") == raw.replace(b"old", b"new")


def test_half_a_character() -> None:
    with pytest.raises(DocumentProblem, match=r"cell 3:2:1: cannot read: .*half a character"):
        document(notebook("a = 1", "a\nb = '\ud800'"))
