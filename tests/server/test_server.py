"""A real client and a real server, over pipes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from lsprotocol import types

from nnmigrate.engine import fix

from .editor import Editor, capabilities

Start = Callable[..., Editor]

CROSSING = """\
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        clean = lm.transformer.h[3].mlp.output
    with tracer.invoke("The Colosseum is in"):
        lm.transformer.h[3].mlp.output = clean
        patched = lm.lm_head.output.save()
"""
LISTS = """\
import nnsight
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("x"):
    first = nnsight.list().save()
    "🙂é"; second = nnsight.list().save()
"""
STEPS = """\
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.generate("x", max_new_tokens=2):
    first = lm.lm_head.output.save()
    lm.lm_head.next()
    second = lm.lm_head.output.save()
"""


def codes(diagnostics: list[types.Diagnostic]) -> list[object]:
    return [one.code for one in diagnostics]


class TestDiagnostics:
    def test_a_finding_is_shown_with_what_happens_and_a_link(self, editor: Editor) -> None:
        (shown,) = editor.open("shown.py", CROSSING)

        assert shown.code == "NNS101"
        assert shown.source == "nnmigrate"
        assert shown.severity is types.DiagnosticSeverity.Error
        assert "`clean` is used before" in shown.message
        assert "on 0.5: NameError" in shown.message
        assert shown.code_description is not None
        assert shown.code_description.href.endswith("/rules/NNS101.html")
        row = CROSSING.splitlines()[8]
        start = row.index("clean")
        expected = types.Range(types.Position(8, start), types.Position(8, len(row)))
        assert shown.range == expected

    def test_what_is_deprecated_is_struck_out(self, editor: Editor) -> None:
        found = editor.open("deprecated.py", LISTS)

        assert codes(found) == ["NNS403", "NNS403"]
        assert all(one.tags == (types.DiagnosticTag.Deprecated,) for one in found)
        assert all(one.severity is types.DiagnosticSeverity.Warning for one in found)

    def test_a_file_without_nnsight_is_shown_to_be_clean(self, editor: Editor) -> None:
        assert editor.open("other.py", "def broken(:\n") == []

    def test_closing_a_file_takes_its_findings_away(self, editor: Editor) -> None:
        editor.open("closed.py", CROSSING)
        editor.close("closed.py")

        assert editor.shown(editor.uri("closed.py"), None) == []

    def test_of_fast_typing_only_the_last_word_counts(self, editor: Editor) -> None:
        editor.open("fast.py", "")
        uri, before = editor.uri("fast.py"), len(editor.published)
        versions = [editor.type("fast.py", CROSSING[: 20 * n]) for n in range(1, 20)]
        versions.append(editor.type("fast.py", CROSSING))

        assert codes(editor.shown(uri, versions[-1])) == ["NNS101"]
        told = [one.version for one in editor.published[before:] if one.uri == uri]
        assert told == [versions[-1]]

    def test_code_that_is_no_python_is_said_once_and_findings_stay_where_they_are(
        self, editor: Editor
    ) -> None:
        editor.open("typing.py", f"{CROSSING}\n\nmore = 1\n")
        end = types.Range(types.Position(12, 8), types.Position(12, 9))
        finding, syntax = editor.change("typing.py", types.TextEdit(end, "("))

        assert (finding.code, finding.range.start.line) == ("NNS101", 8)
        assert syntax.code is None
        assert syntax.message == "cannot parse: '(' was never closed"
        assert syntax.range.start == types.Position(12, 8)

        top = types.Range(types.Position(0, 0), types.Position(0, 0))
        finding, _ = editor.change("typing.py", types.TextEdit(top, "import os\n"))
        assert finding.range.start.line == 9
        assert editor.actions(editor.uri("typing.py")) == []

        assert codes(editor.change("typing.py", CROSSING)) == ["NNS101"]

    def test_lines_end_where_the_protocol_says(self, editor: Editor) -> None:
        # str.splitlines() and pygls would also break at these two.
        editor.open("feeds.py", f'x = "\u2028"\n\f\n{LISTS}')
        row = 2 + LISTS.splitlines().index("    first = nnsight.list().save()")
        end = types.Position(row, 12 + len("nnsight.list"))
        edit = types.TextEdit(types.Range(types.Position(row, 12), end), "list")

        (left,) = editor.change("feeds.py", edit)
        assert left.range.start.line == row + 1


class TestQuickFixes:
    def test_a_fix_applied_resolves_its_finding(self, editor: Editor) -> None:
        (shown,) = editor.open("fixed.py", CROSSING)
        uri = editor.uri("fixed.py")
        fixes = [one for one in editor.actions(uri, shown.range) if one.is_preferred]

        (action,) = fixes
        assert action.title.endswith(" (NNS101)")
        assert action.kind == types.CodeActionKind.QuickFix
        assert [*(action.diagnostics or ())] == [shown]
        after = editor.after(uri, action)
        assert "barrier = tracer.barrier(2)" in after
        assert editor.change("fixed.py", after) == []

    def test_edits_name_the_version_that_they_are_for(self, editor: Editor) -> None:
        editor.open("versioned.py", CROSSING)
        version = editor.published[-1].version
        action = editor.actions(editor.uri("versioned.py"))[0]

        assert action.edit is not None
        assert action.edit.changes is None
        (change,) = action.edit.document_changes or ()
        assert isinstance(change, types.TextDocumentEdit)
        assert change.text_document.version == version

    def test_an_unsafe_fix_says_what_it_assumes(self, editor: Editor) -> None:
        editor.open("unsafe.py", STEPS)
        titles = [one.title for one in editor.actions(editor.uri("unsafe.py"))]

        assert "Name the steps (NNS601) (unsafe: assumes that every step is generated)" in titles
        assert not any("fix" in title for title in titles[2:])

    def test_a_finding_can_be_ignored_on_its_line(self, editor: Editor) -> None:
        (shown,) = editor.open("ignored.py", CROSSING)
        uri = editor.uri("ignored.py")
        (action,) = (one for one in editor.actions(uri, shown.range) if "Ignore" in one.title)

        assert action.title == "Ignore NNS101 for this statement"
        after = editor.after(uri, action)
        assert after.splitlines()[8].endswith("= clean  # nnmigrate: ignore[NNS101]")
        assert editor.change("ignored.py", after) == []

    def test_elsewhere_nothing_is_offered(self, editor: Editor) -> None:
        editor.open("elsewhere.py", CROSSING)
        start = types.Position(0, 0)

        offered = editor.actions(
            editor.uri("elsewhere.py"), types.Range(start, start), ["quickfix"]
        )
        assert offered == []


class TestFixAll:
    def test_every_safe_fix_is_applied_in_small_edits(self, editor: Editor) -> None:
        text = LISTS + CROSSING.replace("lm =", "other =").replace("lm.t", "other.t")
        text = text.replace("first", "one", 1) + STEPS
        editor.open("all.py", text)
        uri = editor.uri("all.py")
        (lazy,) = editor.actions(uri, only=["source.fixAll"])

        assert lazy.kind == "source.fixAll.nnmigrate"
        assert lazy.edit is None
        action = editor.resolved(lazy)
        assert editor.after(uri, action) == fix(text).code
        untouched = text.splitlines().index("from nnsight import LanguageModel")
        touched = {one.range.start.line for one in editor.edits(action)[uri]}
        assert len(touched) > 2
        assert untouched not in touched
        left = editor.change("all.py", editor.after(uri, action))
        # What is left of 0.4 gives the same beside what is of 0.5 by now.
        assert codes(left) == []
        assert editor.actions(uri, only=["source.fixAll"]) == []

    def test_only_what_is_asked_for_is_offered(self, editor: Editor) -> None:
        editor.open("asked.py", LISTS)
        uri = editor.uri("asked.py")

        kinds = {one.kind for one in editor.actions(uri, only=["quickfix"])}
        assert kinds == {types.CodeActionKind.QuickFix}
        assert {one.kind for one in editor.actions(uri, only=["source.fixAll.ruff"])} == set()
        everything = {one.kind for one in editor.actions(uri)}
        assert everything == {types.CodeActionKind.QuickFix, "source.fixAll.nnmigrate"}

    def test_an_editor_that_resolves_nothing_gets_the_edit_at_once(self, simple: Editor) -> None:
        simple.open("eager.py", LISTS)
        uri = simple.uri("eager.py")
        (action,) = simple.actions(uri, only=["source.fixAll"])

        assert action.edit is not None
        assert action.edit.document_changes is None
        assert simple.after(uri, action) == fix(LISTS).code
        # Its menus open at every step of the cursor: nothing is worked out for them.
        assert {one.kind for one in simple.actions(uri)} == {types.CodeActionKind.QuickFix}


class TestHover:
    def test_the_rules_page_is_shown_over_a_finding(self, editor: Editor) -> None:
        (shown,) = editor.open("hover.py", CROSSING)
        document = types.TextDocumentIdentifier(editor.uri("hover.py"))

        def hover(position: types.Position) -> types.Hover | None:
            params = types.HoverParams(document, position)
            return editor.wait(editor.client.text_document_hover_async(params))

        found = hover(shown.range.start)
        assert found is not None
        assert found.range == shown.range
        assert isinstance(found.contents, types.MarkupContent)
        assert found.contents.kind is types.MarkupKind.Markdown
        assert found.contents.value.startswith("# NNS101 unsynchronized-reference\n")
        assert "## Fix safety" in found.contents.value
        assert hover(types.Position(0, 3)) is None


class TestPositions:
    def _told(self, editor: Editor, encoding: str, column: int) -> None:
        assert editor.encoding == encoding
        _, behind = editor.open("emoji.py", LISTS)
        assert behind.range.start == types.Position(7, column)
        assert behind.range.end.character == column + len("nnsight.list")
        uri = editor.uri("emoji.py")
        action = editor.actions(uri, types.Range(behind.range.start, behind.range.start))[0]
        assert editor.after(uri, action).splitlines()[7] == '    "🙂é"; second = list().save()'
        # What is typed behind the emoji arrives where it was typed.
        (left,) = editor.change("emoji.py", *editor.edits(action)[uri])
        assert left.range.start.line == 6

    def test_columns_are_bytes_where_that_was_agreed_on(self, simple: Editor) -> None:
        self._told(simple, "utf-8", 23)

    def test_columns_are_halves_of_surrogate_pairs_where_nothing_else_was(
        self, editor: Editor
    ) -> None:
        self._told(editor, "utf-16", 20)

    def test_columns_are_characters_where_that_was_agreed_on(self, start: Start) -> None:
        self._told(start(capabilities("utf-32")), "utf-32", 19)


class TestSettings:
    def test_the_editor_says_over_the_project(self, start: Start, tmp_path: Path) -> None:
        table = '[tool.nnmigrate]\nignore = ["NNS403"]\nassume-remote = true\n'
        (tmp_path / "pyproject.toml").write_text(table)
        grown = (
            f"{LISTS}kept = []\nwith lm.trace('x'):\n    kept.append(lm.lm_head.output.save())\n"
        )

        editor = start(options={"ignore": []})
        first = editor.open("one.py", grown)
        assert codes(first) == ["NNS403", "NNS403", "NNS201"]
        assert first[2].message.startswith("silent: ")
        editor.client.workspace_did_change_configuration(
            types.DidChangeConfigurationParams({"nnmigrate": {"assumeRemote": False}})
        )

        left = editor.until(lambda: editor.published[1:])[-1]
        assert codes(left.diagnostics) == ["NNS403", "NNS403"]

    def test_an_editor_that_can_be_asked_is_asked(self, start: Start) -> None:
        editor = start(capabilities(configuration=True))
        editor.settings = {"select": ["NNS101"], "unsafe-fixes": False}
        editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
        editor.open("two.py", LISTS)

        editor.until(lambda: editor.published[-1].diagnostics == ())

    def test_unsafe_fixes_are_not_offered_where_they_are_not_wanted(self, simple: Editor) -> None:
        simple.open("three.py", STEPS)

        titles = [one.title for one in simple.actions(simple.uri("three.py"))]
        assert titles == ["Ignore NNS601 for this statement"]

    def test_where_the_projects_files_change_everything_is_looked_at_again(
        self, start: Start, tmp_path: Path
    ) -> None:
        editor = start(capabilities(watches=True))
        (wanted,) = editor.until(lambda: editor.registered)
        assert wanted.method == types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        assert editor.open("watched.py", LISTS) != []

        path = tmp_path / "pyproject.toml"
        path.write_text('[tool.nnmigrate]\nignore = ["NNS403"]\n')
        event = types.FileEvent(path.as_uri(), types.FileChangeType.Created)
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
        editor.until(lambda: editor.published[-1].diagnostics == ())

    def test_settings_that_make_no_sense_are_told_once_and_nothing_else_suffers(
        self, start: Start, tmp_path: Path
    ) -> None:
        (tmp_path / "pyproject.toml").write_text("[tool.nnmigrate]\nselekt = 1\n")
        editor = start(options={"target-version": "zero", "colour": 1})
        assert len(editor.open("four.py", LISTS)) == 2
        editor.change("four.py", LISTS + "\n")

        assert len(editor.told) == len(set(editor.told)) == 3
        version, unknown, project = editor.told
        assert "'target-version': 'zero' is no version" in version
        assert "no setting 'colour'" in unknown
        assert "pyproject.toml:2: tool.nnmigrate has no 'selekt'" in project


class TestPulling:
    def test_an_editor_that_asks_is_answered_and_not_told(self, start: Start) -> None:
        editor = start(capabilities(pulls=True))
        uri = editor.uri("pulled.py")
        item = types.TextDocumentItem(uri, "python", 1, CROSSING)
        editor.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        params = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri))
        report = editor.wait(editor.client.text_document_diagnostic_async(params))

        assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
        assert codes([*report.items]) == ["NNS101"]
        assert editor.leave() == 0
        assert editor.published == []


class TestTrouble:
    def test_a_rule_that_raises_is_logged_once_and_the_others_speak(self, start: Start) -> None:
        program = (
            "from nnmigrate import engine\n"
            "from nnmigrate.cli import main\n"
            "from nnmigrate.rules import rules\n"
            "class Broken:\n"
            "    RULE = rules()[0].RULE\n"
            "    def check(program):\n"
            "        raise KeyError('of the rule')\n"
            "engine.rules = lambda: (Broken, *rules()[1:])\n"
            "main()\n"
        )
        editor = start(command=("-c", program, "lsp"))
        assert codes(editor.open("crash.py", LISTS)) == ["NNS403", "NNS403"]
        assert codes(editor.change("crash.py", f"{LISTS}\n")) == ["NNS403", "NNS403"]

        (logged,) = editor.told
        assert logged.startswith("log: internal error in NNS001, please report it: raised KeyError")

    def test_who_leaves_without_a_word_gets_exit_code_1(self, start: Start) -> None:
        assert start().leave(politely=False) == 1

    def test_where_the_editor_dies_the_server_ends(self) -> None:
        command = [sys.executable, "-m", "nnmigrate", "lsp", "--stdio"]
        done = subprocess.run(command, input=b"", capture_output=True, timeout=60, check=False)

        assert (done.returncode, done.stdout) == (1, b"")

    def test_without_pygls_it_says_what_to_install(self, tmp_path: Path) -> None:
        (tmp_path / "pygls").mkdir()
        (tmp_path / "pygls" / "__init__.py").write_text(
            "raise ModuleNotFoundError(\"No module named 'pygls'\", name='pygls')\n"
        )
        done = subprocess.run(
            [sys.executable, "-m", "nnmigrate", "lsp"],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            timeout=60,
            check=False,
        )

        assert done.returncode == 2
        assert "pip install 'nnmigrate[lsp]'" in done.stderr
