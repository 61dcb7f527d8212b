"""The language server itself: what an editor asks, and what it is told."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.capabilities import get_capability
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from nnmigrate import __version__
from nnmigrate.links import docs_url
from nnmigrate.server.actions import FIX_ALL, NOTEBOOK_FIX_ALL, SOURCE, Shown
from nnmigrate.server.analysis import Analysis, fixed, is_safe
from nnmigrate.server.examining import DELAY, Examiner
from nnmigrate.server.opened import Opened, Unit
from nnmigrate.server.positions import Encoding
from nnmigrate.server.settings import SECTION, knows, section_of, wishes_of

_WATCHED = ("pyproject.toml", "setup.cfg", "setup.py", "requirements*.txt", "environment*.y*ml")
"""Files of a project that say what its nnsight is, or what it asks of nnmigrate."""

_SYNCHRONISED = (
    types.TEXT_DOCUMENT_DID_OPEN,
    types.TEXT_DOCUMENT_DID_CHANGE,
    types.TEXT_DOCUMENT_DID_CLOSE,
    types.NOTEBOOK_DOCUMENT_DID_OPEN,
    types.NOTEBOOK_DOCUMENT_DID_CHANGE,
    types.NOTEBOOK_DOCUMENT_DID_CLOSE,
)

_CELLS_OF_PYTHON = types.NotebookDocumentSyncOptions(
    [types.NotebookDocumentFilterWithCells([types.NotebookCellLanguage("python")])]
)


class Server(LanguageServer):
    """A server for one editor.

    Attributes:
        opened: what the editor has open.
        examiner: looks at it.
        initial: the settings that came with the editor's first words.
        was_shut_down: whether the editor has said good-bye before it left.
    """

    def __init__(self) -> None:
        super().__init__(SOURCE, __version__, notebook_document_sync=_CELLS_OF_PYTHON)
        # They would keep the texts a second time, and see lines where the protocol has none.
        for method in _SYNCHRONISED:
            self.protocol.fm.builtin_features.pop(method, None)
        self.opened = Opened()
        self.examiner = Examiner(self.opened, self.path_of, self.say, self.log)
        self.initial: Mapping[str, Any] | None = None
        self.was_shut_down = False
        self._told: set[str] = set()

    def path_of(self, uri: str) -> Path:
        """Where a file lies; for one that was never saved, where it would be expected."""
        found = to_fs_path(uri) if uri.startswith("file:") else None
        if found is not None:
            return Path(found)
        root = self.workspace.root_path
        folders = (to_fs_path(one) for one in self.workspace.folders)
        home = next(filter(None, (root, *folders)), None)
        unit = self.opened.unit(uri)
        name = "untitled.ipynb" if unit is not None and unit.is_notebook else "untitled.py"
        return (Path(home) if home else Path.cwd()) / name

    def can(self, what: str) -> Any:
        """What the editor says that it can, by the path of the capability."""
        return get_capability(self.client_capabilities, what, None)

    def shown(self, unit: Unit, analysis: Analysis) -> Shown:
        """What was found, in terms of what is open."""
        versioned = bool(self.can("workspace.workspace_edit.document_changes"))
        return Shown(self.opened, unit, analysis, self.examiner.wishes, versioned)

    def say(self, unit: Unit, analysis: Analysis) -> None:
        """Tells the editor what was found, unless it is one that asks for it."""
        self.tell_problems(analysis)
        if unit.is_notebook or not self.can("text_document.diagnostic"):
            found = self.shown(unit, analysis).diagnostics()
            for text in unit.texts:
                self.publish(text.uri, found[text.uri], text.version)

    def publish(self, uri: str, found: list[types.Diagnostic], version: int | None = None) -> None:
        """Sets what the editor shows in a text."""
        params = types.PublishDiagnosticsParams(uri, found, version)
        self.text_document_publish_diagnostics(params)

    def tell_problems(self, analysis: Analysis) -> None:
        """Says what went wrong: bad settings to the person, our own faults to the log; once."""
        for problem in analysis.problems:
            self.tell(problem)
        for failure in analysis.failures:
            self.log(failure)

    def log(self, failure: str) -> None:
        """Writes what went wrong in nnmigrate itself into the editor's log, once."""
        if failure not in self._told:
            self._told.add(failure)
            self.window_log_message(types.LogMessageParams(types.MessageType.Error, failure))

    def tell(self, problem: str) -> None:
        """Says something to the person, once."""
        if problem not in self._told:
            self._told.add(problem)
            params = types.ShowMessageParams(types.MessageType.Warning, f"nnmigrate: {problem}")
            self.window_show_message(params)

    def configure(self, *said: Mapping[str, Any] | None) -> None:
        """Takes settings over those that came first, and looks at everything with them."""
        self.examiner.wishes = wishes_of(self.initial, *said)
        for problem in self.examiner.wishes.problems:
            self.tell(problem)
        self.look_again()

    def look_again(self) -> None:
        """Looks at everything once more, and has editors that ask do so."""
        self.examiner.look_again()
        if self.can("workspace.diagnostics.refresh_support"):
            self.workspace_diagnostic_refresh(None)

    def ask_for_settings(self) -> None:
        """Asks the editor for its settings, if it is one that can be asked."""
        if self.can("workspace.configuration"):
            item = types.ConfigurationItem(section=SECTION)
            answer = self.workspace_configuration(types.ConfigurationParams([item]))
            answer.add_done_callback(self._answered)

    def _answered(self, answer: Future[Any]) -> None:
        if answer.cancelled() or answer.exception() is not None:
            return  # the editor could not tell: what it said before holds
        said = section_of(next(iter(answer.result() or ()), None))
        if said is not None:
            self.configure(said)


def make() -> Server:
    """A server that knows what to do with what an editor says."""
    server = Server()
    handlers: dict[str, Callable[..., Any]] = {
        types.INITIALIZE: _initialize,
        types.INITIALIZED: _initialized,
        types.SHUTDOWN: _shutdown,
        types.TEXT_DOCUMENT_DID_OPEN: _did_open,
        types.TEXT_DOCUMENT_DID_CHANGE: _did_change,
        types.TEXT_DOCUMENT_DID_CLOSE: _did_close,
        types.NOTEBOOK_DOCUMENT_DID_OPEN: _did_open_notebook,
        types.NOTEBOOK_DOCUMENT_DID_CHANGE: _did_change_notebook,
        types.NOTEBOOK_DOCUMENT_DID_CLOSE: _did_close_notebook,
        types.WORKSPACE_DID_CHANGE_CONFIGURATION: _did_change_configuration,
        types.WORKSPACE_DID_CHANGE_WATCHED_FILES: _did_change_watched_files,
        types.TEXT_DOCUMENT_HOVER: _hover,
        types.CODE_ACTION_RESOLVE: _resolve,
    }
    for method, handler in handlers.items():
        server.feature(method)(handler)
    kinds = [types.CodeActionKind.QuickFix, FIX_ALL, NOTEBOOK_FIX_ALL]
    options = types.CodeActionOptions(kinds, resolve_provider=True)
    server.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)(_code_actions)
    pulled = types.DiagnosticOptions(False, False, SOURCE)
    server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, pulled)(_diagnostic)
    return server


def run() -> int:
    """Serves the editor at the other end of standard input and output, until it leaves.

    Returns:
        The exit code that the protocol asks for: 0 if the editor has said good-bye, else 1.
    """
    server = make()
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # one word that is printed by accident would break the protocol
    server.start_io(stdin, stdout)
    return 0 if server.was_shut_down else 1


def _initialize(ls: Server, params: types.InitializeParams) -> None:
    agreed = types.PositionEncodingKind(ls.workspace.position_encoding or "utf-16")
    ls.opened.encoding = Encoding(agreed.value)
    ls.initial = section_of(params.initialization_options)


def _initialized(ls: Server, _: types.InitializedParams) -> None:
    ls.configure()
    ls.ask_for_settings()
    wanted = []
    if ls.can("workspace.did_change_configuration.dynamic_registration"):
        method = types.WORKSPACE_DID_CHANGE_CONFIGURATION
        options: Any = types.DidChangeConfigurationRegistrationOptions(SECTION)
        wanted.append(types.Registration(method, method, options))
    if ls.can("workspace.did_change_watched_files.dynamic_registration"):
        method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        watchers = [types.FileSystemWatcher(f"**/{name}") for name in _WATCHED]
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
        wanted.append(types.Registration(method, method, options))
    if wanted:
        ls.client_register_capability(types.RegistrationParams(wanted))


def _shutdown(ls: Server, _: None) -> None:
    ls.was_shut_down = True
    ls.examiner.stop()


def _did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    ls.opened.open(params.text_document)
    ls.examiner.look(params.text_document.uri)


def _did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    ls.opened.change(params.text_document, params.content_changes)
    ls.examiner.look(ls.opened.home(params.text_document.uri), DELAY)


def _did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    uri = params.text_document.uri
    ls.opened.close(uri)
    ls.examiner.forget(uri)
    ls.publish(uri, [])


def _did_open_notebook(ls: Server, params: types.DidOpenNotebookDocumentParams) -> None:
    ls.opened.open_notebook(params.notebook_document, params.cell_text_documents)
    ls.examiner.look(params.notebook_document.uri)


def _did_change_notebook(ls: Server, params: types.DidChangeNotebookDocumentParams) -> None:
    notebook = params.notebook_document
    for gone in ls.opened.change_notebook(notebook.uri, notebook.version, params.change):
        ls.publish(gone, [])
    ls.examiner.look(notebook.uri, DELAY)


def _did_close_notebook(ls: Server, params: types.DidCloseNotebookDocumentParams) -> None:
    cells = [cell.uri for cell in params.cell_text_documents]
    ls.opened.close_notebook(params.notebook_document.uri, cells)
    ls.examiner.forget(params.notebook_document.uri)
    for uri in cells:
        ls.publish(uri, [])


def _did_change_configuration(ls: Server, params: types.DidChangeConfigurationParams) -> None:
    said = params.settings if isinstance(params.settings, Mapping) else {}
    table = section_of(said)
    # Some editors send the settings of all servers, others nothing: then they want to be asked.
    if table is not None and (SECTION in said or knows(table)):
        ls.configure(table)
    else:
        ls.ask_for_settings()


def _did_change_watched_files(ls: Server, _: types.DidChangeWatchedFilesParams) -> None:
    ls.look_again()


async def _hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
    found = await ls.examiner.analysis(ls.opened.home(params.text_document.uri))
    if found is None:
        return None
    findings, range_ = ls.shown(*found).hover(params.text_document.uri, params.position)
    if not findings:
        return None
    from nnmigrate.catalogue import entry

    pages = (f"{entry(one.code).page}\n\n{docs_url(one.code)}" for one in findings)
    formats = ls.can("text_document.hover.content_format") or [types.MarkupKind.Markdown]
    kind = types.MarkupKind.Markdown
    kind = kind if kind in formats else types.MarkupKind.PlainText
    return types.Hover(types.MarkupContent(kind, "\n\n---\n\n".join(pages)), range_)


async def _code_actions(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    uri = params.text_document.uri
    found = await ls.examiner.analysis(ls.opened.home(uri))
    if found is None:
        return []
    unit, analysis = found
    shown, only = ls.shown(unit, analysis), params.context.only
    actions: list[types.CodeAction] = []
    if _wanted(types.CodeActionKind.QuickFix.value, only):
        findings = shown.at(uri, params.range)
        actions += await ls.examiner.work(lambda: [*shown.quick_fixes(findings)])
    if not analysis.stale and any(map(is_safe, analysis.findings)):
        actions += await _fix_all(ls, unit, only)
    return actions


async def _fix_all(ls: Server, unit: Unit, only: Any) -> list[types.CodeAction]:
    """The action that applies all safe fixes, if it is asked for."""
    kind = FIX_ALL
    if unit.is_notebook and only is not None and _wanted(NOTEBOOK_FIX_ALL, only):
        kind = NOTEBOOK_FIX_ALL
    if not _wanted(kind, only):
        return []
    action = types.CodeAction("Apply all safe fixes of nnmigrate", kind, data={"uri": unit.uri})
    if "edit" in (ls.can("text_document.code_action.resolve_support.properties") or ()):
        return [action]
    # An editor that cannot ask for the edit later is shown it only where it was asked for: menus
    # open at every step of the cursor.
    resolved = action if only is None else await _resolve(ls, action)
    return [resolved] if resolved.edit is not None else []


async def _resolve(ls: Server, action: types.CodeAction) -> types.CodeAction:
    data = action.data if isinstance(action.data, Mapping) else {}
    unit = ls.opened.unit(str(data.get("uri")))
    if unit is not None:
        path, wishes = ls.path_of(unit.uri), ls.examiner.wishes
        edits = await ls.examiner.work(partial(fixed, unit.program, path, wishes))
        if edits and ls.opened.is_current(unit):
            action.edit = ls.shown(unit, Analysis(unit.program)).workspace_edit(edits)
    return action


def _wanted(kind: str, only: Any) -> bool:
    """Whether an editor asks for a kind of action: kinds contain those that begin with them."""
    if only is None:
        return True
    asked = (getattr(one, "value", one) for one in only)
    return any(kind == one or kind.startswith(f"{one}.") for one in asked)


async def _diagnostic(
    ls: Server, params: types.DocumentDiagnosticParams
) -> types.RelatedFullDocumentDiagnosticReport:
    uri = params.text_document.uri
    found = await ls.examiner.analysis(uri)  # what is in cells is told, not asked
    if found is None:
        return types.RelatedFullDocumentDiagnosticReport([])
    ls.tell_problems(found[1])
    return types.RelatedFullDocumentDiagnosticReport(ls.shown(*found).diagnostics()[uri])
