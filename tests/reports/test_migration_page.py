from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from nnmigrate.documents import DocumentProblem, Origin
from nnmigrate.findings import Applicability, Finding, Severity
from nnmigrate.reports import Report
from nnmigrate.reports.migration import Migrated, Migration, Picture, Proved, Runs
from nnmigrate.reports.migration_page import migration_page

from .builders import CASES, NASTY, finding, replacement

OLD = "x = 1\nh = bad\nuse(h)\nlate = 2\n"
NEW = "x = 1\nnew = 0\nh = good\nuse(h)\nlate = 2\n"
FIXED = finding(OLD, "bad", replacement(OLD, "bad", "good"))
UNSAFE = finding(OLD, "use", replacement(OLD, "use", "u", Applicability.UNSAFE), rule="NNS103")
LEFT = finding(NEW, "late", severity=Severity.ERROR, rule="NNS501", message="say what `late` is")
NOTE = finding(NEW, "x", severity=Severity.NOTE, rule="NNS711", message="no need today")
OF_04 = finding(
    OLD, "use(h)", severity=Severity.NOTE, rule="NNS105", message="nnsight 0.4 ignored `h`"
)


def migrated(
    applied: tuple[Finding, ...] = (FIXED,),
    left: tuple[Finding, ...] = (),
    found: tuple[Finding, ...] = (),
    path: str = "d/a.py",
) -> Migrated:
    before, after = Report(path, OLD, (*applied, *found)), Report(path, NEW, left)
    return Migrated(before, after, OLD.encode(), NEW.encode(), applied)


def migration(*files: Migrated, **more: object) -> Migration:
    options = {"looked_at": 3, "concerned": 1, "target": "nnsight 0.5", "version": "0.1", **more}
    return Migration(files, **options)  # type: ignore[arg-type]


def page(*files: Migrated, **more: object) -> str:
    return migration_page(migration(*files, **more))


def section(text: str, heading: str) -> str:
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, text
    return found[1]


def test_results_that_change_stand_first_and_are_counted() -> None:
    text = page(migrated(found=(OF_04,), left=(LEFT,)))

    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings == [
        "Results will change",
        "What needs a person",
        "What was proved",
        "What was changed",
        "How to reproduce this",
    ]
    assert "| Places where **results will change** | **1** |" in text
    said = section(text, "Results will change")
    assert "**other numbers**" in said
    assert "- **`d/a.py`, line 3 of the old file**: nnsight 0.4 ignored `h`." in said
    assert "0.4 ignored" not in section(text, "What needs a person")


def test_where_no_results_change_the_table_says_so() -> None:
    text = page(migrated())

    assert "| Places where **results will change** | none found |" in text
    assert "## Results will change" not in text


def test_what_is_left_is_a_list_to_tick_off_with_links_to_the_new_lines() -> None:
    text = page(migrated(left=(NOTE, LEFT)))

    left = section(text, "What needs a person")
    assert (
        "- [ ] **error** [`d/a.py:5`](<d/a.py#L5>): say what `late` is. On 0.5: silently wrong. "
        "([NNS501 unsynchronized-reference]("
        "https://nnmigrate.readthedocs.io/en/latest/rules/NNS501.html))"
    ) in left
    # A note is no task, and is not in the way.
    assert "<summary>1 note: nothing has to be done today</summary>\n\n- [`d/a.py:1`]" in left
    assert "| Left for a person | **1** (1 error) |" in text


def test_the_gravest_comes_first() -> None:
    silent = replace(LEFT, severity=Severity.SILENT)
    text = page(migrated(left=(replace(LEFT, severity=Severity.WARNING), silent)))

    assert re.findall(r"\[ \] \*\*(\w+)\*\*", text) == ["silent", "warning"]


def test_an_unsafe_fix_that_was_not_taken_is_offered() -> None:
    offered = replace(LEFT, fix=UNSAFE.fix)

    assert "*An unsafe fix (`--unsafe-fixes`) is offered:* Write it anew." in page(
        migrated(left=(offered,))
    )


def test_each_change_has_its_line_its_reason_and_how_safe_it_is() -> None:
    text = page(migrated((FIXED, UNSAFE)))

    changes = section(text, "What was changed")
    assert "### `d/a.py`" in changes
    rows = [line for line in changes.splitlines() if line.startswith(("| 2 ", "| 3 "))]
    assert rows[0].startswith("| 2 | `h` is stale. On 0.5: silently wrong. ([NNS101 ")
    assert rows[0].endswith(" | Write it anew | safe |")
    assert rows[1].endswith(" | Write it anew | **unsafe** |")
    assert "| Changed | **2 findings** fixed in 1 file (1 safe, **1 unsafe**) |" in text


def test_what_another_fix_resolved_is_named_too() -> None:
    other = finding(OLD, "late", rule="NNS201")
    text = page(migrated(found=(other,)))

    assert "NNS201" in section(text, "What was changed")
    assert "| resolved by the other changes |  |" in text
    # Of a rule that still finds something nobody knows which one that is.
    still = page(migrated(found=(other,), left=(replace(LEFT, code="NNS201"),)))
    assert "resolved by the other changes" not in still


def test_the_diff_is_collapsed() -> None:
    html = MarkdownIt("gfm-like").render(page(migrated()))

    assert "<details>\n<summary>Diff</summary>\n<pre><code" in html
    assert "-h = bad\n+new = 0\n+h = good\n" in html


def test_of_a_notebook_the_code_is_shown_and_not_the_json() -> None:
    origins = tuple(Origin(row, row + 10, 4) for row in range(1, 6))
    file = migrated(left=(LEFT,))
    file = replace(
        file,
        before=replace(file.before, path="a.ipynb", origins=origins),
        after=replace(file.after, path="a.ipynb", origins=origins),
        old=b'{"old": 1}',
        new=b'{"new": 1}',
    )

    text = page(file)

    assert "+h = good" in text
    assert '"new"' not in text
    assert "| cell 4, line 2 |" in text
    assert "[`a.ipynb, cell 4, line 5`](<a.ipynb#L15>)" in text


def test_pictures_stand_below_the_diff() -> None:
    drawn = Picture("the trace in line 2 <b>", "invoke 1 ──●──\n```\n")

    text = page(migrated(), pictures=lambda file: [drawn])

    html = MarkdownIt("gfm-like").render(text)
    assert text.index("<summary>Diff</summary>") < text.index("<summary>Picture: ")
    assert "<summary>Picture: the trace in line 2 &#60;b&#62;</summary>" in html
    assert '<pre><code class="language-text">invoke 1 ──●──\n```\n' in html


def test_that_nothing_was_run_is_said_and_how_it_could_be() -> None:
    text = page(migrated(), options=("--unsafe-fixes",), paths=("a b", "$c"))

    proved = section(text, "What was proved")
    assert "**Nothing was run.**" in proved
    assert "nnmigrate report --verify --unsafe-fixes 'a b' '$c'" in proved
    assert "| Proved by running | nothing was run |" in text


def test_what_was_run_is_said_with_what_came_of_it() -> None:
    proved = (
        Proved("d/a.py", "proved", "", ("line 3: `x|y` lost",)),
        Proved("d/b.py", "differs", "`out`: 1.0 became 2.0"),
    )
    runs = Runs("nnsight 0.4.11", "nnsight 0.5.15", True, proved)

    text = page(migrated(), runs=runs)

    said = section(text, "What was proved")
    assert "**This code was run:** each old program on nnsight 0.4.11" in said
    assert "tiny random models" in said
    assert "| `d/a.py` | **proved** | line 3: <code>x&#124;y</code> lost |" in said
    assert "| `d/b.py` | **differs** | `out`: 1.0 became 2.0 |" in said
    assert "understood before it is merged" in said
    assert "| Proved by running | 1 differs, 1 proved |" in text
    assert "nnmigrate report --verify" in section(text, "How to reproduce this")


def test_real_checkpoints_are_not_called_random() -> None:
    assert "random" not in page(migrated(), runs=Runs("old", "new", False, ()))


def test_what_could_not_be_read_is_named() -> None:
    problems = (
        DocumentProblem("d/b.py", "cannot parse: `(`", 3),
        DocumentProblem("d/b.py", "internal error"),
        DocumentProblem("c.ipynb", "cannot parse", 2, 1, 5),
    )
    text = page(migrated(), problems=problems)

    assert "| Could not be dealt with | **2 files** |" in text
    assert "- `d/b.py`, line 3: cannot parse: `(`" in text
    assert "- `c.ipynb`, cell 5, line 2: cannot parse" in text


def test_a_project_without_anything_to_do_has_a_page_too() -> None:
    text = page(looked_at=0, concerned=0)

    assert "looked at 0 files, of which 0 concern nnsight" in text
    assert section(text, "What needs a person").strip() == "Nothing that nnmigrate knows of."
    assert section(text, "What was changed").strip() == "Nothing."


@pytest.mark.parametrize("report", CASES.values(), ids=CASES)
def test_whatever_it_is_about_it_holds_no_markup_of_the_users(report: Report) -> None:
    file = Migrated(report, report, b"a\n", report.code.encode("utf-8", "replace"), report.findings)
    proved = Proved(report.path, "differs", NASTY, (NASTY,))
    runs = Runs("old", "new", True, (proved,))

    text = page(file, problems=report.problems, runs=runs, paths=(report.path,))

    html = MarkdownIt("gfm-like").render(text)
    tags = set(re.findall(r"<(/?\w+)", html)) - {"/details", "details", "summary", "/summary"}
    assert {tag.strip("/") for tag in tags} <= set(
        "h1 h2 h3 p a strong em code pre table thead tbody tr th td ul li blockquote br".split()
    )
    links = set(re.findall(r'href="([^"]*)"', html))
    assert all(
        link.startswith("https://nnmigrate.readthedocs.io/") or "#L" in link for link in links
    )
    assert "\x1b" not in text
    assert re.findall(r"^## (.*)$", text, re.MULTILINE)[-1] == "How to reproduce this"


def test_it_is_the_same_every_time() -> None:
    files = migrated((FIXED, UNSAFE), (LEFT, NOTE), (OF_04,))

    assert page(files) == page(files)
