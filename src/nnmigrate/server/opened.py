"""What the editor has open, as it has it: files, and notebooks with their cells.

The texts are kept here and not by pygls, for which lines also end at form feeds and at other
characters that neither Python nor the protocol takes for line ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, replace
from functools import cached_property, lru_cache

from lsprotocol import types

from nnmigrate.classes import dataclass
from nnmigrate.server.notebooks import Texts
from nnmigrate.server.positions import Encoding, Position, Positions
from nnmigrate.spans import Span


@dataclass(frozen=True)
class Text:
    """A file or a notebook's cell at one moment.

    Args:
        uri: its address.
        version: the editor's number for this state of it.
        language: what the editor takes it for, such as `python`.
        content: its characters.
    """

    uri: str
    version: int
    language: str
    content: str


@dataclass(frozen=True)
class Unit:
    """What is one program, at one moment: a file, or the code cells of a notebook.

    Args:
        uri: the address of the file or notebook.
        texts: the file, or the cells of code in their order.
        is_notebook: whether it is one.
    """

    uri: str
    texts: tuple[Text, ...]
    is_notebook: bool = False

    @cached_property
    def program(self) -> Texts:
        """The texts as one program."""
        return Texts(tuple(one.content for one in self.texts), self.is_notebook)


@dataclass
class _Notebook:
    version: int
    cells: list[types.NotebookCell]


@dataclass
class Opened:
    """Everything that is open.

    Args:
        encoding: what the editor counts columns in.
    """

    encoding: Encoding = Encoding.UTF_16
    _texts: dict[str, Text] = field(default_factory=dict)
    _notebooks: dict[str, _Notebook] = field(default_factory=dict)
    _units: dict[str, Unit] = field(default_factory=dict)

    @property
    def units(self) -> list[str]:
        """The addresses of all files and notebooks that may hold Python."""
        cells = {cell.document for one in self._notebooks.values() for cell in one.cells}
        files = [uri for uri, text in self._texts.items() if uri not in cells and _is_python(text)]
        return [*files, *self._notebooks]

    def home(self, uri: str) -> str:
        """The file or notebook to which the text with an address belongs."""
        for notebook, one in self._notebooks.items():
            if any(cell.document == uri for cell in one.cells):
                return notebook
        return uri

    def unit(self, uri: str) -> Unit | None:
        """A file or notebook as it is now; the same object until it is changed.

        None for what is not open, is no Python, or is a part of a notebook.
        """
        if uri not in self._units and self.home(uri) == uri:
            notebook, text = self._notebooks.get(uri), self._texts.get(uri)
            if notebook is not None:
                self._units[uri] = Unit(uri, self._code_cells(notebook), is_notebook=True)
            elif text is not None and _is_python(text):
                self._units[uri] = Unit(uri, (text,))
        return self._units.get(uri)

    def is_current(self, unit: Unit) -> bool:
        """Whether a file or notebook is still as it was; may be asked from any thread."""
        return self._units.get(unit.uri) is unit

    def range(self, text: Text, span: Span) -> types.Range:
        """A span of a text as the editor has it."""
        positions = _positions(text.content, self.encoding)
        start, end = positions.at(span.start), positions.at(span.end)
        return types.Range(
            types.Position(start.line, start.character), types.Position(end.line, end.character)
        )

    def span(self, text: Text, range_: types.Range) -> Span:
        """A range that the editor gave as a span of a text."""
        positions = _positions(text.content, self.encoding)
        start, end = _offset(positions, range_.start), _offset(positions, range_.end)
        return Span(start, max(start, end))

    def open(self, item: types.TextDocumentItem) -> None:
        """Takes a text that was opened."""
        self._texts[item.uri] = Text(item.uri, item.version, item.language_id, item.text)
        self._units.pop(self.home(item.uri), None)

    def change(
        self,
        document: types.VersionedTextDocumentIdentifier,
        changes: Iterable[types.TextDocumentContentChangeEvent],
    ) -> None:
        """Carries out what a person has typed; changes of a text that is not open mean nothing."""
        text = self._texts.get(document.uri)
        if text is None:
            return
        for change in changes:
            text = replace(text, content=self._changed(text, change))
        self._texts[document.uri] = replace(text, version=document.version)
        self._units.pop(self.home(document.uri), None)

    def close(self, uri: str) -> None:
        """Forgets a text."""
        self._units.pop(self.home(uri), None)
        self._texts.pop(uri, None)

    def open_notebook(
        self, notebook: types.NotebookDocument, cells: Iterable[types.TextDocumentItem]
    ) -> None:
        """Takes a notebook that was opened."""
        self._notebooks[notebook.uri] = _Notebook(notebook.version, list(notebook.cells))
        for cell in cells:
            self.open(cell)
        self._units.pop(notebook.uri, None)

    def change_notebook(
        self, uri: str, version: int, change: types.NotebookDocumentChangeEvent
    ) -> list[str]:
        """Carries out what became of a notebook; gives the addresses of cells that are gone."""
        notebook = self._notebooks.get(uri)
        if notebook is None:
            return []
        notebook.version = version
        gone: list[str] = []
        if change.cells is not None:
            structure = change.cells.structure
            if structure is not None:
                array = structure.array
                last = array.start + array.delete_count
                notebook.cells[array.start : last] = array.cells or []
                for opened in structure.did_open or ():
                    self.open(opened)
                for closed in structure.did_close or ():
                    self.close(closed.uri)
                    gone.append(closed.uri)
            self._renew(notebook, change.cells.data or ())
            for text in change.cells.text_content or ():
                self.change(text.document, text.changes)
        self._units.pop(uri, None)
        return gone

    def close_notebook(self, uri: str, cells: Iterable[str]) -> None:
        """Forgets a notebook."""
        for cell in cells:
            self.close(cell)
        self._notebooks.pop(uri, None)
        self._units.pop(uri, None)

    @staticmethod
    def _renew(notebook: _Notebook, changed: Iterable[types.NotebookCell]) -> None:
        """Takes what became of cells themselves: one of code may now be one of text."""
        by_uri = {cell.document: cell for cell in changed}
        notebook.cells = [by_uri.get(cell.document, cell) for cell in notebook.cells]

    def _code_cells(self, notebook: _Notebook) -> tuple[Text, ...]:
        code = (cell for cell in notebook.cells if cell.kind is types.NotebookCellKind.Code)
        found = (self._texts.get(cell.document) for cell in code)
        return tuple(text for text in found if text is not None and text.language == "python")

    def _changed(self, text: Text, change: types.TextDocumentContentChangeEvent) -> str:
        if isinstance(change, types.TextDocumentContentChangePartial):
            span = self.span(text, change.range)
            return text.content[: span.start] + change.text + text.content[span.end :]
        return change.text


@lru_cache(maxsize=16)
def _positions(content: str, encoding: Encoding) -> Positions:
    return Positions(content, encoding)


def _is_python(text: Text) -> bool:
    return text.language == "python" or text.uri.lower().endswith((".py", ".pyi"))


def _offset(positions: Positions, place: types.Position) -> int:
    return positions.offset(Position(place.line, place.character))
