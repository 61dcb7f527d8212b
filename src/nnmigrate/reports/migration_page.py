"""A migration as a page of Markdown, for a person to read before they agree to it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence

from nnmigrate.documents.problem import DocumentProblem
from nnmigrate.findings import Applicability, Finding, Severity
from nnmigrate.links import SITE, docs_url
from nnmigrate.reports.diff import diff
from nnmigrate.reports.locating import named, relative_uri
from nnmigrate.reports.markdown import code, collapsed, fenced, inline, plain, table
from nnmigrate.reports.migration import Migrated, Migration, Picture, Proved, Runs
from nnmigrate.reports.report import Report
from nnmigrate.reports.summary import counted, kinds
from nnmigrate.reports.text import showable


def migration_page(migration: Migration) -> str:
    """The page. It holds nothing that changes from run to run: no time, no place of this machine.

    Args:
        migration: what it is about.
    """
    lines = [
        *_head(migration),
        *_results_that_change(migration.of_04),
        *_left(migration.left),
        *_problems(migration.problems),
        *_proofs(migration),
        *_changes(migration),
        *_again(migration),
    ]
    return showable("\n".join(lines).rstrip() + "\n")


def _head(migration: Migration) -> Iterator[str]:
    read = counted(migration.looked_at, "file")
    concern = "concerns" if migration.concerned == 1 else "concern"
    yield "# Migration from nnsight 0.4"
    yield ""
    yield (
        f"[nnmigrate]({SITE}) {plain(migration.version)} "
        f"looked at {read}, of which {migration.concerned} {concern} nnsight. "
        f"Target: **{plain(migration.target)}**."
    )
    yield ""
    wanting = [one for _, one in migration.left if one.severity is not Severity.NOTE]
    rows = [
        ("Places where **results will change**", _or_none(len(migration.of_04), "none found")),
        ("Left for a person", _or_none(len(wanting), "nothing", kinds(wanting))),
        ("Changed", _changed(migration)),
        ("Proved by running", _proved(migration.runs)),
    ]
    if migration.problems:
        paths = {problem.path for problem in migration.problems}
        rows.append(("Could not be dealt with", f"**{counted(len(paths), 'file')}**"))
    yield from table(("In short", ""), rows)


def _or_none(count: int, none: str, more: str = "") -> str:
    if not count:
        return none
    return f"**{count}** ({more})" if more else f"**{count}**"


def _changed(migration: Migration) -> str:
    applied = migration.applied
    if not applied:
        return "nothing"
    unsafe = sum(not _is_safe(one) for one in applied)
    how = f"{len(applied) - unsafe} safe, **{unsafe} unsafe**" if unsafe else "all safe"
    files = counted(len(migration.changed), "file")
    return f"**{counted(len(applied), 'finding')}** fixed in {files} ({how})"


def _proved(runs: Runs | None) -> str:
    if runs is None:
        return "nothing was run"
    words = [one.verdict for one in runs.proved]
    counts = [f"{words.count(word)} {word}" for word in dict.fromkeys(sorted(words))]
    return ", ".join(counts) or "no program to run"


def _results_that_change(found: Sequence[tuple[Report, Finding]]) -> Iterator[str]:
    if not found:
        return
    yield "## Results will change"
    yield ""
    yield (
        "> ⚠️ **Numbers that were computed on nnsight 0.4 are affected.** In the places below 0.4 "
        "itself did otherwise than the code says, and kept silent about it. nnsight 0.5 carries "
        "the code out as it stands, so that it gives **other numbers**. The old ones should not "
        "be relied on: whatever was published with them should be computed again."
    )
    yield ""
    for report, finding in found:
        where = f"{code(named(report.path))}, {report.place(finding.span.start).said} of the old"
        yield f"- **{where} file**: {_sentence(finding)} ({_rule(finding)})"
    yield ""


def _left(found: Sequence[tuple[Report, Finding]]) -> Iterator[str]:
    yield "## What needs a person"
    yield ""
    wanting = [pair for pair in found if pair[1].severity is not Severity.NOTE]
    notes = [pair for pair in found if pair[1].severity is Severity.NOTE]
    if wanting:
        yield "Lines are those of the migrated files."
        yield ""
        for report, finding in wanting:
            yield f"- [ ] **{finding.severity.value}** {_item(report, finding)}"
    else:
        yield "Nothing that nnmigrate knows of."
    yield ""
    if notes:
        items = [f"- {_item(report, finding)}" for report, finding in notes]
        yield from collapsed(f"{counted(len(notes), 'note')}: nothing has to be done today", items)


def _item(report: Report, finding: Finding) -> str:
    return f"{_link(report, finding)}: {_sentence(finding)} {_offer(finding)}({_rule(finding)})"


def _link(report: Report, finding: Finding) -> str:
    place = report.place(finding.span.start)
    path = named(report.path)
    where = f"{path}:{place.row}" if place.cell is None else f"{path}, {place.said}"
    return f"[{code(where)}](<{relative_uri(path)}#L{place.line}>)"


def _sentence(finding: Finding) -> str:
    words = f"{inline(finding.message).rstrip('.')}."
    if finding.consequence:
        words += f" On 0.5: {inline(finding.consequence).rstrip('.')}."
    return words


def _offer(finding: Finding) -> str:
    if finding.fix is None:
        return ""
    how = "A safe fix" if _is_safe(finding) else "An unsafe fix (`--unsafe-fixes`)"
    return f"*{how} is offered:* {inline(finding.fix.message).rstrip('.')}. "


def _rule(finding: Finding) -> str:
    return f"[{plain(finding.code)} {plain(finding.name)}]({docs_url(finding.code)})"


def _is_safe(finding: Finding) -> bool:
    return finding.fix is None or finding.fix.applicability is Applicability.SAFE


def _problems(problems: Sequence[DocumentProblem]) -> Iterator[str]:
    if not problems:
        return
    yield "## What could not be dealt with"
    yield ""
    yield "Nothing is said of these files, and nothing was changed in them."
    yield ""
    for problem in problems:
        cell = "" if problem.cell is None else f"cell {problem.cell}, "
        where = f"{code(named(problem.path))}, {cell}line {problem.line}"
        yield f"- {where}: {inline(problem.message)}"
    yield ""


def _proofs(migration: Migration) -> Iterator[str]:
    yield "## What was proved"
    yield ""
    if migration.runs is None:
        yield (
            "**Nothing was run.** What stands here was read off the code. Whether the migrated "
            "programs compute what the old ones did can be tried: this runs both, on nnsight 0.4 "
            "and on the target, with tiny random models in the place of checkpoints, and compares."
        )
        yield ""
        yield from fenced(_command("report --verify", migration), "sh")
        yield ""
        return
    yield from _of_runs(migration.runs)


def _of_runs(runs: Runs) -> Iterator[str]:
    models = ", with tiny random models in the place of checkpoints" if runs.twins else ""
    yield (
        f"**This code was run:** each old program on {plain(runs.old)} and its migration on "
        f"{plain(runs.new)}, in processes without network{models}. What they leave behind "
        "(variables, printed text, files) was compared to the last bit."
    )
    yield ""
    if runs.proved:
        rows = [(code(named(one.path)), f"**{one.verdict}**", _why(one)) for one in runs.proved]
        yield from table(("Program", "Verdict", ""), rows)
        if any(one.verdict == "differs" for one in runs.proved):
            yield (
                "What **differs** is to be understood before it is merged. Where 0.4 itself did "
                "otherwise than the code says, the line says so, and the difference is meant."
            )
            yield ""
    else:
        yield "There was no program to run."
        yield ""


def _why(proved: Proved) -> str:
    parts = [proved.reason, *proved.notes]
    return "<br>".join(inline(part) for part in parts if part)


def _changes(migration: Migration) -> Iterator[str]:
    yield "## What was changed"
    yield ""
    if not migration.changed:
        yield "Nothing."
        yield ""
        return
    yield (
        "A **safe** fix reproduces what 0.4 computed, for every input. An **unsafe** one does so "
        "under an assumption, which is stated: check that it holds. Lines are those of the old "
        "files."
    )
    yield ""
    for file in migration.changed:
        yield from _file(file, migration.pictures(file))


def _file(file: Migrated, pictures: Iterable[Picture]) -> Iterator[str]:
    yield f"### {code(named(file.before.path))}"
    yield ""
    rows = [_row(file.before, *pair) for pair in file.resolved]
    yield from table(("Line", "What breaks", "What was done", "Fix"), rows)
    yield from collapsed("Diff", fenced(_diff(file), "diff"))
    for picture in pictures:
        title = f"Picture: {plain(picture.title)}"
        yield from collapsed(title, fenced(picture.text, "text"))


def _row(report: Report, finding: Finding, itself: bool) -> tuple[str, ...]:
    place = report.place(finding.span.start)
    where = str(place.row) if place.cell is None else place.said
    done, how = "resolved by the other changes", ""
    if itself and finding.fix is not None:
        done, how = inline(finding.fix.message), "safe" if _is_safe(finding) else "**unsafe**"
    return where, f"{_sentence(finding)} ({_rule(finding)})", done, how


def _diff(file: Migrated) -> str:
    """The change to the file, or to the code of a notebook: JSON is not what a person reads."""
    path = file.before.path
    if any(origin.cell is not None for origin in file.before.origins):
        changes = diff(path, file.before.sheet.text.encode(), file.after.sheet.text.encode())
    else:
        changes = diff(path, file.old, file.new)
    return changes.decode("utf-8", "replace").removesuffix("\n")


def _again(migration: Migration) -> Iterator[str]:
    yield "## How to reproduce this"
    yield ""
    yield f"With nnmigrate {plain(migration.version)}, on the files as they were:"
    yield ""
    verify = " --verify" if migration.runs else ""
    commands = f"{_command(f'report{verify}', migration)}\n{_command('fix', migration)}"
    yield from fenced(commands, "sh")
    if migration.runs:
        yield ""
        yield "`nnmigrate fix --verify` writes only what is proved."


def _command(name: str, migration: Migration) -> str:
    words = shlex.join([*migration.options, *map(named, migration.paths)])
    return f"nnmigrate {name} {words}".rstrip()
