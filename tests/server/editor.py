"""An editor for tests: starts the server as editors do, and speaks with it over its pipes."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import attrs
from cattrs import Converter
from lsprotocol import types
from pygls.lsp.client import LanguageClient
from pygls.protocol import default_converter

PATIENCE = 60
"""How long the server may take for one answer, in seconds: machines are busy."""

_T = TypeVar("_T")
_CODECS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
_UNIT = {"utf-8": 1, "utf-16": 2, "utf-32": 4}


def capabilities(
    encoding: str = "utf-16",
    pulls: bool = False,
    lazy: bool = True,
    configuration: bool = False,
    versioned: bool = True,
    watches: bool = False,
) -> types.ClientCapabilities:
    """What an editor says that it can."""
    resolve = types.ClientCodeActionResolveOptions(["edit"]) if lazy else None
    return types.ClientCapabilities(
        general=types.GeneralClientCapabilities(
            position_encodings=[types.PositionEncodingKind(encoding)]
        ),
        text_document=types.TextDocumentClientCapabilities(
            code_action=types.CodeActionClientCapabilities(resolve_support=resolve),
            diagnostic=types.DiagnosticClientCapabilities() if pulls else None,
        ),
        notebook_document=types.NotebookDocumentClientCapabilities(
            types.NotebookDocumentSyncClientCapabilities()
        ),
        workspace=types.WorkspaceClientCapabilities(
            configuration=configuration,
            did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(watches),
            workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=versioned),
        ),
    )


def applied(text: str, edits: Iterable[types.TextEdit], encoding: str = "utf-16") -> str:
    """A text after edits, carried out as the protocol says: all at once, by code units."""

    def offset(place: types.Position) -> int:
        lines = re.split(r"(\r\n|\r|\n)", text)
        start = sum(map(len, lines[: 2 * place.line]))
        units = lines[2 * place.line].encode(_CODECS[encoding])[: place.character * _UNIT[encoding]]
        return start + len(units.decode(_CODECS[encoding]))

    spans = sorted((offset(one.range.start), offset(one.range.end), one.new_text) for one in edits)
    pieces, done = [], 0
    for start, end, new in spans:
        assert start >= done, "edits overlap"
        pieces += [text[done:start], new]
        done = end
    return "".join([*pieces, text[done:]])


def _converter() -> Converter:
    converter = default_converter()
    # lsprotocol 2025.0.0 can write which notebooks a server wants, but not read it.
    filters = attrs.resolve_types(types.NotebookDocumentFilterWithCells)
    converter.register_structure_hook(attrs.fields(filters).notebook.type, lambda said, _: said)
    return converter


class Editor:
    """A client with one server, and what the server has told it.

    Attributes:
        texts: what is open, by address.
        told: every message to the person and to the log.
        published: every set of diagnostics, in order.
        settings: what it answers when it is asked for settings.
        registered: what the server wants to hear of besides.
    """

    def __init__(
        self,
        folder: Path,
        can: types.ClientCapabilities | None = None,
        options: Any = None,
        command: Sequence[str] = ("-m", "nnmigrate", "lsp"),
    ) -> None:
        self.folder, self.encoding = folder, "utf-16"
        self.texts: dict[str, str] = {}
        self.told: list[str] = []
        self.published: list[types.PublishDiagnosticsParams] = []
        self.settings: Any = None
        self.registered: list[types.Registration] = []
        self._versions = count(1)
        self._news = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self.client = LanguageClient("editor for tests", "1", converter_factory=_converter)
        self._listen()
        self.initialized = self.wait(self._start(can or capabilities(), options, command))
        encoding = self.initialized.capabilities.position_encoding
        self.encoding = str(getattr(encoding, "value", encoding))

    def wait(self, answer: Awaitable[_T]) -> _T:
        """What something gives that takes time."""
        return self._loop.run_until_complete(asyncio.wait_for(answer, PATIENCE))

    def until(self, met: Callable[[], Any]) -> Any:
        """Waits until something holds."""

        async def waiting() -> Any:
            while not met():
                self._news.clear()
                await self._news.wait()
            return met()

        return self.wait(waiting())

    def uri(self, name: str) -> str:
        """The address of a file in the editor's folder."""
        return (self.folder / name).as_uri()

    def open(self, name: str, text: str) -> list[types.Diagnostic]:
        """Opens a file; gives what is shown in it."""
        uri, version = self.uri(name), next(self._versions)
        self.texts[uri] = text
        item = types.TextDocumentItem(uri, "python", version, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return self.shown(uri, version)

    def type(self, name: str, *changes: types.TextEdit | str) -> int:
        """Changes a file, without waiting; gives its version.

        Args:
            name: the file.
            changes: new texts of the whole file, or edits, one after the other.
        """
        uri, version = self.uri(name), next(self._versions)
        events: list[types.TextDocumentContentChangeEvent] = []
        for change in changes:
            if isinstance(change, str):
                self.texts[uri] = change
                events.append(types.TextDocumentContentChangeWholeDocument(change))
            else:
                self.texts[uri] = applied(self.texts[uri], [change], self.encoding)
                part = types.TextDocumentContentChangePartial(change.range, change.new_text)
                events.append(part)
        document = types.VersionedTextDocumentIdentifier(version, uri)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, events))
        return version

    def change(self, name: str, *changes: types.TextEdit | str) -> list[types.Diagnostic]:
        """Changes a file; gives what is shown in it then."""
        return self.shown(self.uri(name), self.type(name, *changes))

    def close(self, name: str) -> None:
        """Closes a file."""
        uri = self.uri(name)
        document = types.TextDocumentIdentifier(uri)
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(document))

    def shown(self, uri: str, version: int | None) -> list[types.Diagnostic]:
        """What is shown in a text once a version of it was looked at."""

        def found() -> types.PublishDiagnosticsParams | None:
            of_text = [one for one in self.published if one.uri == uri and one.version == version]
            return of_text[-1] if of_text else None

        return list(self.until(found).diagnostics)

    def actions(
        self, uri: str, range_: types.Range | None = None, only: Sequence[str] | None = None
    ) -> list[types.CodeAction]:
        """What is offered for a range of a text; for all of it where there is none."""
        whole = types.Range(types.Position(0, 0), types.Position(10**6, 0))
        context = types.CodeActionContext([], [*only] if only else None)
        document = types.TextDocumentIdentifier(uri)
        params = types.CodeActionParams(document, range_ or whole, context)
        found = self.wait(self.client.text_document_code_action_async(params)) or []
        return [one for one in found if isinstance(one, types.CodeAction)]

    def resolved(self, action: types.CodeAction) -> types.CodeAction:
        """An action with its edit."""
        return self.wait(self.client.code_action_resolve_async(action))

    def edits(self, action: types.CodeAction) -> dict[str, list[types.TextEdit]]:
        """The edits of an action, by the address of the text."""
        assert action.edit is not None
        if action.edit.changes is not None:
            return {uri: list(some) for uri, some in action.edit.changes.items()}
        changes = [*(action.edit.document_changes or ())]
        assert all(isinstance(one, types.TextDocumentEdit) for one in changes)
        return {one.text_document.uri: [*one.edits] for one in changes}  # type: ignore[union-attr]

    def after(self, uri: str, action: types.CodeAction) -> str:
        """A text as it is after an action."""
        return applied(self.texts[uri], self.edits(action)[uri], self.encoding)

    def leave(self, politely: bool = True) -> int:
        """Ends the server; gives its exit code."""
        server = self.client._server
        assert server is not None
        if politely:
            self.wait(self.client.shutdown_async(None))
        self.client.exit(None)
        code = self.wait(server.wait())
        self.wait(self.client.stop())
        self._loop.close()
        return code

    async def _start(
        self, can: types.ClientCapabilities, options: Any, command: Sequence[str]
    ) -> types.InitializeResult:
        await self.client.start_io(sys.executable, *command, cwd=self.folder)
        params = types.InitializeParams(
            capabilities=can, root_uri=self.folder.as_uri(), initialization_options=options
        )
        result = await self.client.initialize_async(params)
        self.client.initialized(types.InitializedParams())
        return result

    def _listen(self) -> None:
        @self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: types.PublishDiagnosticsParams) -> None:
            self.published.append(params)
            self._news.set()

        @self.client.feature(types.WINDOW_SHOW_MESSAGE)
        def shown(params: types.ShowMessageParams) -> None:
            self.told.append(params.message)
            self._news.set()

        @self.client.feature(types.WINDOW_LOG_MESSAGE)
        def logged(params: types.LogMessageParams) -> None:
            self.told.append(f"log: {params.message}")
            self._news.set()

        @self.client.feature(types.CLIENT_REGISTER_CAPABILITY)
        def registered(params: types.RegistrationParams) -> None:
            self.registered += params.registrations
            self._news.set()

        @self.client.feature(types.WORKSPACE_CONFIGURATION)
        def asked(params: types.ConfigurationParams) -> list[Any]:
            return [self.settings for _ in params.items]
