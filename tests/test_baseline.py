"""Accepted findings in a file: what they are known again by, and what the file is."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnmigrate.baseline import Baseline, Examined, Identity, identities, load, stale
from nnmigrate.documents import DocumentProblem
from nnmigrate.findings import Finding, Severity
from nnmigrate.spans import Span

CODE = """class Patcher:
    def run(self):
        x = f(bad,  # text
              1)

bad
"""


def found(code: str, rule: str = "NNS101") -> list[Finding]:
    places = (at for at in range(len(code)) if code.startswith("bad", at))
    return [
        Finding(rule, "a-name", Severity.ERROR, Span(at, at + 3), "message", "") for at in places
    ]


def everything(rule: str) -> bool:
    return True


def examined(path: Path, code: str, rule: str = "NNS101", **how: Any) -> Examined:
    return Examined(str(path), code, tuple(found(code, rule)), how.get("ran", everything))


def baseline(tmp_path: Path, *files: Examined) -> Baseline:
    """A baseline that was written and read again."""
    path = tmp_path / "base.json"
    old = load(path) if path.exists() else Baseline(path, Counter())
    old.renewed(files).write()
    return load(path)


def test_a_finding_is_known_by_what_its_statement_says_and_what_stands_around_it() -> None:
    assert identities("a.py", CODE, found(CODE)) == [
        Identity("a.py", "NNS101", "Patcher.run", "x = f(bad, 1)"),
        Identity("a.py", "NNS101", "", "bad"),
    ]


@pytest.mark.parametrize(
    "code",
    [
        "import x\n\n\n" + CODE,
        CODE.replace("f(bad,  # text\n              1)", "f(bad, 1)  # nnmigrate: ignore"),
        CODE.replace("f(bad,  # text\n              1)", "f(\n            bad,\n            1,\n)"),
        CODE.replace("bad\n", "# nnmigrate NNS101: what?\nbad\n"),
        CODE.replace("    def", "    y = 1\n    def"),
        CODE.replace("\n", "\r\n"),
    ],
    ids=["above", "joined", "broken", "annotated", "beside", "line ends"],
)
def test_other_lines_may_come_and_go(code: str) -> None:
    assert identities("a", code, found(code)) == identities("a", CODE, found(CODE))


@pytest.mark.parametrize(
    "code",
    [
        CODE.replace("1)", "2)"),
        CODE.replace("run", "walk"),
        CODE.replace("class Patcher", "class Probe"),
    ],
)
def test_another_statement_is_another_finding(code: str) -> None:
    assert identities("a", code, found(code))[0] != identities("a", CODE, found(CODE))[0]


def test_a_long_statement_is_shortened_and_still_told_from_others() -> None:
    one, other = (f"f({'x, ' * 200}bad, {last})\n" for last in (1, 2))
    first, second = identities("a", one, found(one))[0], identities("a", other, found(other))[0]
    assert len(first.statement) < 200
    assert first != second


def test_in_a_file_that_is_no_code_it_is_the_line() -> None:
    text = '[project]\ndependencies = [\n  "bad",\n]\n'
    assert identities("pyproject.toml", text, found(text)) == [
        Identity("pyproject.toml", "NNS101", "", '"bad",')
    ]


def test_what_is_accepted_is_left_out_and_one_more_of_it_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("")
    accepting = baseline(tmp_path, examined(path, "bad\nbad\n"))
    code = "bad\ny = bad\nbad\nbad\n"
    left = accepting.without_accepted(str(path), code, found(code), everything).findings
    assert [finding.span.start for finding in left] == [8, 16]


def test_another_rule_and_another_file_are_not_accepted(tmp_path: Path) -> None:
    accepting = baseline(tmp_path, examined(tmp_path / "a.py", "bad\n"))
    for name, rule in (("a.py", "NNS102"), ("b.py", "NNS101")):
        findings = found("bad\n", rule)
        one = accepting.without_accepted(str(tmp_path / name), "bad\n", findings, everything)
        assert one.findings == tuple(findings)


def test_the_file_is_sorted_with_paths_from_its_folder(tmp_path: Path) -> None:
    inner = tmp_path / "src" / "ü.py"
    inner.parent.mkdir()
    files = [examined(inner, "bad\n"), examined(tmp_path / "a.py", CODE)]
    baseline(tmp_path, *files)
    first = (tmp_path / "base.json").read_bytes()
    data = json.loads(first)
    assert data["version"] == 1
    assert [one["path"] for one in data["findings"]] == ["a.py", "a.py", "src/ü.py"]
    assert set(data["findings"][0]) == {"path", "code", "scope", "statement", "count"}
    (tmp_path / "base.json").unlink()
    baseline(tmp_path, *reversed(files))
    assert (tmp_path / "base.json").read_bytes() == first


def test_it_is_found_from_wherever_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepting = baseline(tmp_path, examined(tmp_path / "src" / "a.py", "bad\n"))
    (tmp_path / "src").mkdir()
    monkeypatch.chdir(tmp_path / "src")
    left = accepting.without_accepted("a.py", "bad\n", found("bad\n"), everything)
    assert left.findings == ()


def test_writing_anew_leaves_what_was_not_looked_at(tmp_path: Path) -> None:
    a, b, gone = (tmp_path / f"{name}.py" for name in "abc")
    a.write_text("")
    b.write_text("")
    baseline(tmp_path, examined(a, "bad\n"), examined(b, "bad\n"), examined(gone, "bad\n"))
    anew = baseline(tmp_path, examined(a, "y = bad\n"))
    assert sorted((one.path, one.statement) for one in anew.entries) == [
        ("a.py", "y = bad"),
        ("b.py", "bad"),
    ]
    other_rule = baseline(tmp_path, examined(a, "", ran=lambda rule: rule == "NNS102"))
    assert other_rule.entries == anew.entries


def test_what_there_is_no_more_is_counted_if_it_was_looked_for(tmp_path: Path) -> None:
    a, b, gone = (tmp_path / f"{name}.py" for name in "abc")
    a.write_text("")
    b.write_text("")
    files = (examined(one, "bad\nbad\n") for one in (a, b, gone))
    accepting = baseline(tmp_path, *files)
    code = "bad\n"
    once = accepting.without_accepted(str(a), code, found(code), everything)
    assert stale([once]) == {accepting.path: 1 + 2}
    other = accepting.without_accepted(str(a), "", [], lambda rule: rule != "NNS101")
    assert stale([other]) == {accepting.path: 2}


WRONG = {
    "no JSON": ("{\n  oops\n}\n", ":2:3: cannot read: not a baseline ("),
    "no table": ("[]\n", ":1:1: cannot read: not a baseline (it has no"),
    "another version": ('{"version": 2, "findings": []}', 'it has no "version": 1'),
    "no list": ('{"version": 1, "findings": {}}', '"findings" is no list'),
    "no text": ("\udcff", "cannot read"),
    "an entry that is none": (
        '{\n  "version": 1,\n  "findings": [\n    {"path": "a", "code": "b", "scope": "",'
        ' "statement": "c"},\n    {"path": 1}\n  ]\n}\n',
        ":5:1: cannot read: entry 2 of the baseline",
    ),
    "a count that is none": (
        '{"version": 1, "findings": [{"path": "a", "code": "b", "scope": "", "statement": "c",'
        ' "count": -1}]}',
        "entry 1",
    ),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG)
def test_what_is_no_baseline_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "base.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(DocumentProblem) as caught:
        load(path)
    assert said in str(caught.value)


def test_one_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DocumentProblem, match="No such file"):
        load(tmp_path / "base.json")


@given(st.lists(st.sampled_from(["bad", "y = 1", "if y:\n    bad", "", "f(bad)"]), max_size=8))
def test_what_is_accepted_stays_so_under_lines_that_are_put_in(rows: list[str]) -> None:
    code = "".join(f"{row}\n" for row in rows)
    later = "".join(f"z = 0\n\n{row}\n" for row in rows)
    entries = Counter(identities("a.py", code, found(code)))
    accepting = Baseline(Path("base.json"), entries)
    left = accepting.without_accepted("a.py", later, found(later), everything)
    assert left.findings == ()
    assert stale([left]) == {}
