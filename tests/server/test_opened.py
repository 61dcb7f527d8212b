from __future__ import annotations

from lsprotocol import types

from nnmigrate.server.opened import Opened


def opened(*contents: str) -> Opened:
    """One file for each text."""
    found = Opened()
    for number, content in enumerate(contents):
        found.open(types.TextDocumentItem(f"file:///{number}.py", "python", 1, content))
    return found


def change(
    start: tuple[int, int], end: tuple[int, int], text: str
) -> types.TextDocumentContentChangePartial:
    range_ = types.Range(types.Position(*start), types.Position(*end))
    return types.TextDocumentContentChangePartial(range_, text)


def code(found: Opened, uri: str) -> str:
    unit = found.unit(uri)
    assert unit is not None
    return unit.program.code


def with_notebook() -> Opened:
    found = Opened()
    kinds = (types.NotebookCellKind.Code, types.NotebookCellKind.Markup)
    cells = [types.NotebookCell(kinds[n % 2], f"cell:{n}") for n in range(3)]
    items = [types.TextDocumentItem(f"cell:{n}", "python", 1, f"x = {n}") for n in range(3)]
    found.open_notebook(types.NotebookDocument("file:///n.ipynb", "jupyter", 1, cells), items)
    return found


def test_changes_are_carried_out_one_after_the_other() -> None:
    found = opened("a = '🙂'\r\n\nb = 2\n")
    document = types.VersionedTextDocumentIdentifier(2, "file:///0.py")
    found.change(document, [change((0, 8), (2, 0), "\n"), change((1, 4), (1, 5), "3")])

    assert code(found, "file:///0.py") == "a = '🙂'\nb = 3\n"


def test_a_file_is_the_same_unit_until_it_is_changed() -> None:
    found = opened("a", "b")
    one, other = found.unit("file:///0.py"), found.unit("file:///1.py")
    assert one is not None
    assert found.unit("file:///0.py") is one
    found.change(
        types.VersionedTextDocumentIdentifier(2, "file:///0.py"), [change((0, 0), (0, 1), "c")]
    )

    assert not found.is_current(one)
    assert other is not None
    assert found.is_current(other)


def test_what_is_not_open_is_left_alone() -> None:
    found = opened("a")
    found.change(
        types.VersionedTextDocumentIdentifier(2, "file:///7.py"), [change((0, 0), (0, 0), "b")]
    )
    found.open(types.TextDocumentItem("file:///x.md", "markdown", 1, "nnsight"))

    assert found.unit("file:///7.py") is None
    assert found.unit("file:///x.md") is None
    assert found.units == ["file:///0.py"]


def test_code_cells_are_one_unit_and_none_by_themselves() -> None:
    found = with_notebook()

    assert code(found, "file:///n.ipynb") == "# %%\nx = 0\n# %%\nx = 2\n"
    assert found.home("cell:2") == "file:///n.ipynb"
    assert found.unit("cell:2") is None
    assert found.units == ["file:///n.ipynb"]


def test_a_cell_that_becomes_one_of_code_is_read() -> None:
    found = with_notebook()
    now = types.NotebookCell(types.NotebookCellKind.Code, "cell:1")
    cells = types.NotebookDocumentCellChanges(data=[now])
    found.change_notebook("file:///n.ipynb", 2, types.NotebookDocumentChangeEvent(cells=cells))

    assert code(found, "file:///n.ipynb").count("x = ") == 3


def test_a_notebook_that_was_closed_is_gone_with_its_cells() -> None:
    found = with_notebook()
    found.close_notebook("file:///n.ipynb", ["cell:0", "cell:1", "cell:2"])

    assert found.units == []
    assert found.unit("file:///n.ipynb") is None
