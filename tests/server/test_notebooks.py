"""Notebooks, as an editor has them open: each cell a text of its own, all of them one program."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count

import pytest
from lsprotocol import types

from .editor import Editor

SETUP = 'from nnsight import LanguageModel\n\nlm = LanguageModel("openai-community/gpt2")'
TRACE = """\
%matplotlib inline
with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        clean = lm.transformer.h[3].mlp.output
    with tracer.invoke("The Colosseum is in"):
        lm.transformer.h[3].mlp.output = clean
        patched = lm.lm_head.output.save()"""
CODE, TEXT = types.NotebookCellKind.Code, types.NotebookCellKind.Markup


class Notebook:
    """An open notebook."""

    def __init__(self, editor: Editor, name: str, cells: Sequence[str]) -> None:
        self.editor, self.name = editor, name
        self.versions, self.numbers = count(1), count(1)
        self.uri = editor.uri(name)
        self.items = [self.item(cell) for cell in cells]
        notebook = types.NotebookDocument(
            self.uri, "jupyter-notebook", 1, [self.cell(one) for one in self.items]
        )
        params = types.DidOpenNotebookDocumentParams(notebook, self.items)
        editor.client.notebook_document_did_open(params)

    def item(self, text: str) -> types.TextDocumentItem:
        """A new cell's text."""
        uri = f"vscode-notebook-cell:{self.name}#{next(self.numbers)}"
        self.editor.texts[uri] = text
        return types.TextDocumentItem(uri, "python", next(self.versions), text)

    @staticmethod
    def cell(item: types.TextDocumentItem) -> types.NotebookCell:
        return types.NotebookCell(CODE, item.uri)

    def shown(self, number: int, version: int | None = None) -> list[types.Diagnostic]:
        """What is shown in a cell."""
        item = self.items[number]
        return self.editor.shown(item.uri, item.version if version is None else version)

    def next(self, number: int, act: Callable[[], object]) -> list[types.Diagnostic]:
        """What is shown next in a cell once something was done: its own version may stay."""
        uri, told = self.items[number].uri, self.editor.published
        before = len(told)
        act()
        found = self.editor.until(lambda: [one for one in told[before:] if one.uri == uri])
        return list(found[-1].diagnostics)

    def type(self, number: int, text: str) -> int:
        """Writes something else into a cell; gives the version of its text."""
        item, version = self.items[number], next(self.versions)
        self.editor.texts[item.uri] = text
        change = types.TextDocumentContentChangeWholeDocument(text)
        document = types.VersionedTextDocumentIdentifier(version, item.uri)
        content = types.NotebookDocumentCellContentChanges(document, [change])
        self.change(types.NotebookDocumentCellChanges(text_content=[content]))
        return version

    def put(self, at: int, item: types.TextDocumentItem) -> None:
        """Puts a cell in front of another one."""
        array = types.NotebookCellArrayChange(at, 0, [self.cell(item)])
        structure = types.NotebookDocumentCellChangeStructure(array, [item], [])
        self.change(types.NotebookDocumentCellChanges(structure=structure))
        self.items.insert(at, item)

    def take(self, at: int) -> types.TextDocumentItem:
        """Takes a cell out."""
        item = self.items.pop(at)
        gone = types.TextDocumentIdentifier(item.uri)
        array = types.NotebookCellArrayChange(at, 1, [])
        structure = types.NotebookDocumentCellChangeStructure(array, [], [gone])
        self.change(types.NotebookDocumentCellChanges(structure=structure))
        return item

    def change(self, cells: types.NotebookDocumentCellChanges) -> None:
        document = types.VersionedNotebookDocumentIdentifier(next(self.versions), self.uri)
        event = types.NotebookDocumentChangeEvent(cells=cells)
        params = types.DidChangeNotebookDocumentParams(document, event)
        self.editor.client.notebook_document_did_change(params)

    def close(self) -> None:
        document = types.NotebookDocumentIdentifier(self.uri)
        cells = [types.TextDocumentIdentifier(item.uri) for item in self.items]
        params = types.DidCloseNotebookDocumentParams(document, cells)
        self.editor.client.notebook_document_did_close(params)


@pytest.fixture
def notebook(editor: Editor, request: pytest.FixtureRequest) -> Iterator[Notebook]:
    notebook = Notebook(editor, f"{request.node.name}.ipynb", [SETUP, TRACE])
    yield notebook
    notebook.close()


def test_cells_are_one_program_and_each_shows_its_own(notebook: Notebook) -> None:
    assert notebook.shown(0) == []
    (found,) = notebook.shown(1)

    assert found.code == "NNS101"
    assert found.range.start == types.Position(5, TRACE.splitlines()[5].index("clean"))


def test_a_fix_edits_the_cell_and_leaves_its_magics(notebook: Notebook) -> None:
    (found,) = notebook.shown(1)
    uri = notebook.items[1].uri
    fix, ignore = notebook.editor.actions(uri, found.range, ["quickfix"])

    assert [*notebook.editor.edits(fix)] == [uri]
    after = notebook.editor.after(uri, fix)
    assert after.startswith("%matplotlib inline\nwith lm.trace() as tracer:\n    barrier = ")
    assert not after.endswith("\n")
    assert notebook.shown(1, notebook.type(1, after)) == []
    assert notebook.editor.actions(uri, only=["source.fixAll"]) == []
    assert ignore.title == "Ignore NNS101 for this statement"


def test_all_safe_fixes_reach_every_cell(editor: Editor) -> None:
    lists = "import nnsight\nwith lm.trace('x'):\n    kept = nnsight.list().save()\n"
    notebook = Notebook(editor, "all.ipynb", [SETUP, lists, "!pip list", TRACE])
    assert [one.code for one in notebook.shown(3)] == ["NNS101"]
    uri = notebook.items[0].uri
    (lazy,) = editor.actions(uri, only=["notebook.source.fixAll"])
    action = editor.resolved(lazy)

    assert lazy.kind == "notebook.source.fixAll.nnmigrate"
    first, second = notebook.items[1].uri, notebook.items[3].uri
    assert {*editor.edits(action)} == {first, second}
    # Nobody needs the import any more.
    assert editor.after(first, action) == "with lm.trace('x'):\n    kept = list().save()\n"
    assert editor.after(second, action).count("barrier()") == 2
    notebook.close()


def test_cells_that_come_and_go_change_the_program(notebook: Notebook) -> None:
    notebook.shown(1)
    notebook.put(2, notebook.item("with lm.trace('x'):\n    kept = nnsight.list().save()"))
    assert notebook.shown(2) == []
    found = notebook.next(2, lambda: notebook.put(0, notebook.item("import nnsight")))
    assert [one.code for one in found] == ["NNS403"]

    assert notebook.next(3, lambda: notebook.take(0)) == []


def test_what_was_shown_in_a_cell_goes_with_it(notebook: Notebook) -> None:
    notebook.shown(1)
    gone = notebook.take(1)

    assert notebook.editor.shown(gone.uri, None) == []


def test_a_cell_that_is_no_python_says_so_and_the_others_keep_what_they_have(
    notebook: Notebook,
) -> None:
    (found,) = notebook.shown(1)
    version = notebook.type(0, "x = 1\nlm = LanguageModel(")
    assert notebook.next(1, lambda: None) == [found]
    (broken,) = notebook.shown(0, version)

    assert broken.range.start.line == 1
    assert "'(' was never closed" in broken.message
    assert notebook.editor.actions(notebook.items[1].uri, found.range) == []
    assert notebook.next(1, lambda: notebook.type(0, SETUP)) == [found]


def test_a_cell_of_another_language_is_no_part_of_the_program(editor: Editor) -> None:
    notebook = Notebook(editor, "bash.ipynb", ["%%bash\nif [ 1 ]; then nnsight; fi", SETUP, TRACE])

    assert notebook.shown(0) == []
    assert [one.code for one in notebook.shown(2)] == ["NNS101"]
    notebook.close()
    assert editor.shown(notebook.items[2].uri, None) == []
