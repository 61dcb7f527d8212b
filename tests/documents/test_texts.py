from __future__ import annotations

from pathlib import Path

import pytest

from nnmigrate.documents import DocumentProblem
from nnmigrate.documents.blocks import is_python
from nnmigrate.documents.texts import TextDocument
from nnmigrate.spans import Edit, Span, apply_edits, moved, touches


def document(text: str, name: str = "a.md") -> TextDocument:
    path = Path(name)
    return TextDocument.from_bytes(text.encode(), path, path.suffix)


def replaced(text: str, old: str, new: str, name: str = "a.md") -> str:
    """The text with one place in its code replaced."""
    found = document(text, name)
    at = found.code.index(old)
    edits = [Edit(Span(at, at + len(old)), new)]
    assert not touches(edits, found.rigid)
    return found.with_code(apply_edits(found.code, edits), moved(found.rigid, edits)).decode()


class TestMarkdown:
    def test_fenced_blocks_are_one_program(self) -> None:
        text = "# T\n\n```python\na = 1\n```\n\n```bash\nls\n```\n\n~~~~ py\nb = a\n~~~\n~~~~\n"

        assert document(text).notes[0].line == 13
        assert document(text.replace("~~~\n~~~~", "~~~~")).code == "# %%\na = 1\n# %%\nb = a\n"

    @pytest.mark.parametrize(
        ("above", "title"),
        [
            ("### Wrong code\n\n", " wrong"),
            ("### Wrong code\n\nIt hangs, since\nnobody comes.\n\n", " wrong"),
            ("#### OutOfOrderError\n\nRaised in the wrong order.\n\n", " wrong"),
            ("### Right code\n\n", ""),
            ("### Wrong code\n\n```bash\n# Wrong\n```\n\nThen:\n\n", ""),
            ("# Wrong\n\nCorrect:\n\n", ""),
            ("# T\n\n\u274c **Wrong**\n", " wrong"),
            ("# Wrong\n\n## Then\n\n", ""),
            ("Wrong\n\nis what follows not\n\n", ""),
        ],
    )
    def test_a_block_below_a_heading_that_calls_it_wrong_says_so(
        self, above: str, title: str
    ) -> None:
        found = document(f"{above}```python\na = 1\n```\n")

        assert found.code == f"# %%{title}\na = 1\n"
        assert found.with_code(found.code, found.rigid) == found.raw

    def test_a_line_is_that_of_the_file(self) -> None:
        found = document("- x\n\n  ```python\n  a = 1\n  b = 2\n  ```\n")
        origin = found.origins[found.code.splitlines().index("b = 2")]

        assert (origin.row, origin.indent, origin.cell) == (5, 2, None)

    @pytest.mark.parametrize(
        "info",
        [
            "python",
            "Python",
            "py",
            "python3",
            "{python}",
            "{.python .numberLines}",
            "{python echo=FALSE}",
            "python title='x.py'",
            "python,ignore",
            "{code-cell} ipython3",
            "{code-block} python",
            "pycon",
        ],
    )
    def test_what_says_python(self, info: str) -> None:
        assert is_python(info)

    @pytest.mark.parametrize(
        "info",
        ["", "bash", "{code-cell} r", "{note}", "text", "python2", "diff", "{r}", "pythonic"],
    )
    def test_what_says_something_else(self, info: str) -> None:
        assert not is_python(info)

    @pytest.mark.parametrize(
        "text",
        [
            "````markdown\n```python\na = 1\n```\n````\n",
            "`` ```python `` \na = 1\n",
            "```text\n```python\na = 1\n```\n",
            "a = 1\n",
        ],
    )
    def test_what_is_no_block(self, text: str) -> None:
        assert document(text).code == ""

    def test_a_block_that_ends_with_the_file(self) -> None:
        text = "```python\nold\nb"

        assert replaced(text, "old", "new") == "```python\nnew\nb"
        assert replaced(text, "b\n", "b\nc\n") == "```python\nold\nb\nc"

    def test_options_are_no_code(self) -> None:
        colons = "```{code-cell} python\n:tags: [hide]\n\nold\n```\n"
        dashes = "```{code-cell} python\n---\na: b\n---\nx\n```\n"

        assert document(colons + dashes).code == "# %%\n\nold\n# %%\nx\n"

    @pytest.mark.parametrize("prefix", ["  ", "> ", "    ", "\t", ">   "])
    def test_what_stands_before_a_line_stays(self, prefix: str) -> None:
        text = f"{prefix}```python\n{prefix}with a:\n{prefix}    old\n{prefix}```\n"

        after = replaced(text, "    old\n", "    new\n    more\n")

        assert after == text.replace("old", f"new\n{prefix}    more")

    @pytest.mark.parametrize("prefix", ["", "  ", "> "])
    def test_a_block_may_become_empty(self, prefix: str) -> None:
        text = f"{prefix}```python\n{prefix}old\n{prefix}```\n"

        after = replaced(text, "old\n", "")

        assert after == f"{prefix}```python\n{prefix}```\n"
        assert document(after).code == "# %%\n"

    def test_an_empty_line_gets_no_blanks(self) -> None:
        text = "> ```python\n> old\n>\n> b\n> ```\n"

        assert replaced(text, "old\n", "new\n\nc\n") == text.replace("old", "new\n>\n> c")

    def test_line_ends_and_a_byte_order_mark_stay(self) -> None:
        text = "\ufeff```python\r\nold\r\n```\r\né"

        assert replaced(text, "old", "new") == text.replace("old", "new")

    def test_a_block_that_is_no_python_is_passed_over_with_a_note(self) -> None:
        found = document("```python\na = 1\n```\n\n```python\nx = ...\nmodel.trace(\n```\n")

        assert found.code == "# %%\na = 1\n"
        assert [note.line for note in found.notes] == [7]

    def test_magics_of_a_notebook_written_as_text(self) -> None:
        text = "```{python}\n!pip install nnsight\nold\n```\n"

        assert replaced(text, "old", "new") == text.replace("old", "new")


class TestConsoles:
    TEXT = "```pycon\n>>> with a:\n...     old\n...\n>>> b\n1\n\n2\n>>> c\n```\n"

    def test_prompts_and_output_stay(self) -> None:
        assert document(self.TEXT).code == "# %%\nwith a:\n    old\n\nb\n\n\n\nc\n"
        assert replaced(self.TEXT, "old", "new") == self.TEXT.replace("old", "new")

    def test_a_new_line_gets_the_prompt_that_it_needs(self) -> None:
        after = replaced(self.TEXT, "    old\n", "    old\n    more\n")
        assert after == self.TEXT.replace("old\n", "old\n...     more\n")

        after = replaced(self.TEXT, "b\n", "x = 1\nb\n")
        assert after == self.TEXT.replace(">>> b\n", ">>> x = 1\n>>> b\n")

    def test_output_cannot_be_changed(self) -> None:
        found = document(self.TEXT)
        at = found.code.index("b\n\n") + 2

        assert touches([Edit(Span(at, at + 1), "")], found.rigid)


class TestReStructuredText:
    TEXT = """\
Title
=====

.. code-block:: python
   :linenos:

   with a:
       old

   b

Words.

.. code-block:: bash

   ls

>>> c
3

..  code:: py

  d
"""

    def test_directives_and_consoles(self) -> None:
        found = document(self.TEXT, "a.rst")

        assert found.code == "# %%\nwith a:\n    old\n\nb\n# %%\nc\n\n# %%\nd\n"

    def test_indentation_stays(self) -> None:
        after = replaced(self.TEXT, "    old\n", "    new\n    more\n", "a.rst")

        assert after == self.TEXT.replace("       old\n", "       new\n       more\n")

    def test_markdown_fences_mean_nothing(self) -> None:
        assert document("```python\na = 1\n```\n", "a.rst").code == ""


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(DocumentProblem, match="is not utf-8"):
        TextDocument.from_bytes(b"a\n\xff", Path("a.md"))
