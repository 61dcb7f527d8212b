"""What files and code are called and hold cannot act on whoever reads a report."""

from __future__ import annotations

import inspect
import json
import os
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from markdown_it import MarkdownIt

from nnmigrate.cli import cli
from nnmigrate.reports import FORMATS

EVIL = "\x1b]0;owned\x07<img src=x onerror=a()>|`\u202e\u2066]]>&amp;\"'%0A::error::x"
NAMES = (
    "::error file=a,line=1::owned.py",
    "::stop-commands::x.py",
    "<script>alert(1)<",  # becomes a folder: what follows is its file
    "a|b`c`.py",
    "new\n::error::line.py",
    "\x1b[2Jclear.py",
    "\u202eyp.evil.py",
    "[x](javascript:y).py",
    "%0A%3A.py",
    "..\\..\\up.py",
)
CODE = f"""\
from nnsight import LanguageModel

model = LanguageModel("gpt2")
with model.trace({EVIL!r} '''{EVIL}'''):
    ''' {EVIL} '''; hidden = model.transformer.h[0].output[0].save()  # {EVIL}
print(hidden.value)  # {EVIL}
"""


def run(*arguments: str) -> Result:
    # Before click 8.2, both streams came mixed unless that was refused.
    mixes = "mix_stderr" in inspect.signature(CliRunner).parameters
    return CliRunner(**({"mix_stderr": False} if mixes else {})).invoke(cli, arguments)


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    here = tmp_path / "tree"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(here))
    for name in NAMES:
        path = Path(name) / "script>.py" if name.startswith("<") else Path(name)
        try:
            path.parent.mkdir(exist_ok=True)
            path.write_text(CODE, encoding="utf-8")
        except OSError:  # Windows has no such names
            continue
    (tmp_path / "outside.py").write_text(CODE, encoding="utf-8")
    Path("plain.py").write_text(CODE, encoding="utf-8")
    Path("::error::broken.py" if os.name != "nt" else "broken.py").write_text("import nnsight(")
    return here


ACTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize("style", FORMATS)
def test_nothing_acts_on_a_terminal_or_on_githubs_runner(style: str) -> None:
    for command in (["check"], ["fix", "--diff"] if style == "full" else ["check", "--statistics"]):
        wants = ["--output-format", style, ".", "../outside.py"]
        done = run(*command, *wants)
        said = done.stdout + done.stderr
        if command != ["fix", "--diff"]:  # a diff is what is in the file: `git apply` takes it
            assert not ACTS.search(said)
        commands = [line for line in said.splitlines() if line.lstrip().startswith("::")]
        own = re.compile(r"::(error|warning|notice) (file=[^,:]*,)?(line|col|endLine|title)[^:]*::")
        assert all(style == "github" and own.match(line) for line in commands)


def test_documents_stay_whole_and_lead_nowhere() -> None:
    sarif = json.loads(run("check", "--output-format", "sarif", ".", "../outside.py").stdout)
    uris = [
        place["physicalLocation"]["artifactLocation"]["uri"]
        for result in sarif["runs"][0]["results"]
        for place in result["locations"]
    ]
    assert len(uris) > len(NAMES)
    for uri in uris:
        inside = re.fullmatch(r"[A-Za-z0-9._~/%-]+", uri) and not uri.startswith("/")
        assert (inside and ".." not in uri.split("/")) or uri.startswith("file:///")
    assert json.loads(run("check", "--output-format", "gitlab", ".").stdout)
    suites = ElementTree.fromstring(run("check", "--output-format", "junit", ".").stdout)
    assert {one.tag for one in suites.iter()} <= {
        "testsuites",
        "testsuite",
        "testcase",
        "failure",
        "error",
        "skipped",
    }


def test_a_page_for_a_pull_request_holds_no_markup_but_its_own() -> None:
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(run("report").stdout)
    assert not re.search(r'<(script|img|iframe|style)|href="javascript', html)
    assert not ACTS.search(html)


def test_a_picture_in_a_browser_holds_no_markup_but_its_own(tree: Path) -> None:
    done = run("show", "plain.py", "--format", "html", "--output", "page.html")
    assert done.exit_code == 0, done.stderr
    page = (tree / "page.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|img|iframe)|javascript:", page)
    assert not ACTS.search(page)


HARMLESS = """\
[tool.nnmigrate]
baseline = {baseline!r}
unsafe-fixes = true
extend-exclude = ["../**", "/**/nothing"]
per-file-ignores = {{ "../../**" = ["NNS1"] }}
transparent-magics = ["bash.x"]
timeout = 60
"""


def test_a_projects_configuration_writes_nothing_outside(tree: Path) -> None:
    """It may name a baseline that lies elsewhere: that is read, if it is one, and never written."""
    victim = tree.parent / "notes.json"
    victim.write_text('{"mine": 1}')
    before = sorted(os.listdir(tree.parent))
    outside = (tree.parent / "outside.py").read_bytes()
    for baseline in ("../notes.json", str(victim), "/etc/passwd", "../nothing.json"):
        Path("pyproject.toml").write_text(HARMLESS.format(baseline=baseline))
        assert run("check", ".").exit_code == 2  # none of them is a baseline
        assert run("fix", ".").exit_code == 2
    assert victim.read_text() == '{"mine": 1}'
    assert (tree.parent / "outside.py").read_bytes() == outside
    assert sorted(os.listdir(tree.parent)) == before


def test_links_in_a_tree_change_nothing_that_lies_in_a_linked_folder(tree: Path) -> None:
    (tree.parent / "other").mkdir()
    (tree.parent / "other" / "a.py").write_text(CODE, encoding="utf-8")
    Path("linked").symlink_to(tree.parent / "other", target_is_directory=True)
    run("fix", ".")
    assert (tree.parent / "other" / "a.py").read_text(encoding="utf-8") == CODE
