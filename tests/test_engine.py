from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nnmigrate import engine
from nnmigrate.engine import Fixed, RuleFailure, check, fix, gives_python
from nnmigrate.findings import Applicability, Finding, Fix, Severity
from nnmigrate.program import NotPython, Options, Program
from nnmigrate.selection import Selection
from nnmigrate.spans import Edit, Span

Use = Callable[..., None]


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings]


def places(findings: tuple[Finding, ...]) -> list[tuple[int, int]]:
    return [(finding.span.start, finding.span.end) for finding in findings]


class TestCheck:
    def test_findings_come_by_place_then_code(self, use_rules: Use, replacing: Any) -> None:
        use_rules(replacing("NNS102", "a|b"), replacing("NNS101", "b|c"))

        found = check("c, b, a\n").findings

        assert codes(found) == ["NNS101", "NNS101", "NNS102", "NNS102"]
        assert places(found) == [(0, 1), (3, 4), (3, 4), (6, 7)]

    def test_only_selected_rules_run(self, use_rules: Use, replacing: Any) -> None:
        use_rules(replacing("NNS101", "a"), replacing("NNS201", "a"))

        assert codes(check("a\n", selection=Selection(("NNS2",))).findings) == ["NNS201"]

    def test_suppressed_findings_are_left_out(self, use_rules: Use, replacing: Any) -> None:
        use_rules(replacing("NNS101", "a"))

        assert places(check("a  # noqa\na\n").findings) == [(10, 11)]

    def test_rules_are_given_the_options(self, use_rules: Use, replacing: Any) -> None:
        rule = replacing("NNS101", "a")
        seen: list[Options] = []
        rule.check = lambda program: seen.append(program.options) or iter(())
        use_rules(rule)
        options = Options(target=(0, 6), assume_remote=True)

        check("a\n", options)

        assert seen == [options]

    def test_a_rule_that_raises_is_reported_and_the_others_run(
        self, use_rules: Use, replacing: Any
    ) -> None:
        broken = replacing("NNS101", "a")

        def check_badly(program: Program) -> Iterator[Finding]:
            span = Span(0, 1)
            yield broken.RULE.finding(Severity.ERROR, span, "half of what it had to say", "")
            raise KeyError("x")

        broken.check = check_badly
        use_rules(broken, replacing("NNS102", "a"))

        checked = check("a\n")

        assert codes(checked.findings) == ["NNS102"]
        (failure,) = checked.failures
        assert failure.code == "NNS101"
        assert failure.message.startswith("raised KeyError: 'x' (line ")
        assert failure.message.endswith(" of check_badly)")

    @pytest.mark.parametrize(
        "code", ["def f(:\n", "print 'a'\n", "x = (\n", "if x:\ny\n", "\tx\n y"]
    )
    def test_what_does_not_parse_raises_with_a_place(self, code: str) -> None:
        with pytest.raises(NotPython) as caught:
            check(code)

        assert caught.value.line >= 1
        assert caught.value.column >= 1

    @pytest.mark.parametrize(
        "code",
        [
            "x = " + "(" * 50_000 + ")" * 50_000,
            "x = " + "-" * 50_000 + "1",
            "x = a" + ".b" * 50_000,
            "x = " + "+".join("a" * 50_000),
            "x = " + "'a' " * 50_000,
            "x = " + "lambda: " * 50_000 + "1",
            "x = a" + "()" * 50_000,
        ],
        ids=["brackets", "signs", "attributes", "sum", "strings", "lambdas", "calls"],
    )
    def test_deep_nesting_ends_at_once_in_a_message(self, code: str) -> None:
        with pytest.raises(NotPython, match="nested") as caught:
            check("y = 1\n" + code)

        assert caught.value.line == 2

    def test_what_the_limit_does_not_see_ends_in_a_message_too(self) -> None:
        with pytest.raises(NotPython, match="nested too deeply"):
            check("x = f'{a" + ".b" * 2000 + "}'\n")

    def test_a_bracket_that_is_never_closed_is_called_what_it_is(self) -> None:
        with pytest.raises(NotPython, match="was never closed") as caught:
            check("x = (\n" + "a.b = c.d()\n" * 1000)

        assert (caught.value.line, caught.value.column) == (1, 5)


def replaced(code: str, unsafe: bool = False) -> Fixed:
    fixed = fix(code, unsafe=unsafe)
    assert fixed.failures == ()
    return fixed


class TestFix:
    def test_every_finding_is_fixed_and_told_at_its_old_place(
        self, use_rules: Use, replacing: Any
    ) -> None:
        use_rules(replacing("NNS101", "old", "newer"))

        fixed = replaced("x = old\ny = old\n")

        assert fixed.code == "x = newer\ny = newer\n"
        assert places(fixed.applied) == [(4, 7), (12, 15)]
        assert fixed.remaining == ()

    def test_it_goes_on_until_nothing_is_left(self, use_rules: Use, replacing: Any) -> None:
        use_rules(replacing("NNS101", "a", "bb"), replacing("NNS102", "bb", "ccc"))

        fixed = replaced("x; a; bb\n")

        assert fixed.code == "x; ccc; ccc\n"
        # The fix of a fix stands where the first one stood.
        assert [(one.code, one.span.start) for one in fixed.applied] == [
            ("NNS101", 3),
            ("NNS102", 6),
            ("NNS102", 3),
        ]

    def test_places_go_back_through_deletions_and_insertions(
        self, use_rules: Use, replacing: Any
    ) -> None:
        use_rules(replacing("NNS101", "gone; ", ""), replacing("NNS102", "(?<=; )x", "y"))
        code = "gone; z; gone; x\n"

        fixed = replaced(code)

        assert fixed.code == "z; y\n"
        assert [code[one.span.start : one.span.end] for one in fixed.applied] == [
            "gone; ",
            "gone; ",
            "x",
        ]

    def test_of_overlapping_fixes_the_first_is_taken_and_the_rest_looked_at_again(
        self, use_rules: Use, replacing: Any
    ) -> None:
        use_rules(replacing("NNS101", "ab", "x"), replacing("NNS102", "bc|xc", "y"))

        fixed = replaced("abc\n")

        assert fixed.code == "y\n"
        assert codes(fixed.applied) == ["NNS101", "NNS102"]

    def test_insertions_at_one_place_take_turns(self, use_rules: Use, replacing: Any) -> None:
        use_rules(replacing("NNS101", "^(?=z)", "a; "), replacing("NNS102", "^(?=z)", "b; "))

        assert replaced("z\n").code == "a; z\n"

    def test_an_equal_fix_of_several_findings_is_applied_once(
        self, use_rules: Use, replacing: Any
    ) -> None:
        rule = replacing("NNS101", "a")
        change = Fix("Import `a`", (Edit(Span(0, 0), "import a\n"),))

        def check_uses(program: Program) -> Iterator[Finding]:
            if not program.code.startswith("import"):
                for place in (0, 3):
                    span = Span(place, place + 1)
                    yield rule.RULE.finding(Severity.ERROR, span, "unknown", "raises", change)

        rule.check = check_uses
        use_rules(rule)

        fixed = replaced("a, a\n")

        assert fixed.code == "import a\na, a\n"
        assert places(fixed.applied) == [(0, 1), (3, 4)]

    def test_fixing_twice_changes_nothing(self, use_rules: Use, replacing: Any) -> None:
        use_rules(replacing("NNS101", "old", "new"))
        once = replaced("old\n").code

        twice = replaced(once)

        assert (twice.code, twice.applied) == (once, ())

    def test_assumptions_are_made_where_no_safe_fix_is_left(
        self, use_rules: Use, replacing: Any
    ) -> None:
        assuming = replacing("NNS101", "old", "assumed", applicability=Applicability.UNSAFE)
        use_rules(assuming, replacing("NNS201", "old", "sure"))

        assert replaced("old\n", unsafe=True).code == "sure\n"

    def test_unsafe_fixes_wait_to_be_asked_for(self, use_rules: Use, replacing: Any) -> None:
        use_rules(replacing("NNS101", "old", "new", applicability=Applicability.UNSAFE))

        assert codes(replaced("old\n").remaining) == ["NNS101"]
        assert replaced("old\n").code == "old\n"
        assert replaced("old\n", unsafe=True).code == "new\n"

    def test_what_has_no_fix_remains_where_it_then_stands(
        self, use_rules: Use, replacing: Any
    ) -> None:
        use_rules(replacing("NNS101", "old", "newer"), replacing("NNS102", "hard"))

        fixed = replaced("old, hard\n")

        assert places(fixed.remaining) == [(7, 11)]

    @pytest.mark.parametrize(
        "code",
        [
            "\x0cold\n",
            "x\n\x0cold\n",
            "x\r\n\x0c\x0cold\r\n",
            "x\r\x0cold\r",
            "if x:\n\x0c    old\n\x0c\n    y\n",
            "x = (\n\x0cold)\n",
            "x = \\\n\x0cold\n",
            "x = \\\r\n\x0cold\r\n",
            'x = """\n\x0c""", old\n',
            "x = 1 \x0c\nold\x0c",
            "x\rif x:\r    old\r",
            "x\rold\ny\r\nz\r",
            "x\r\r\nold\r\r",
        ],
    )
    def test_form_feeds_and_carriage_returns_stay_where_they_are(
        self, use_rules: Use, replacing: Any, code: str
    ) -> None:
        use_rules(replacing("NNS101", "old", "new"))

        assert replaced(code).code == code.replace("old", "new")

    def test_suppressed_findings_are_not_fixed(self, use_rules: Use, replacing: Any) -> None:
        use_rules(replacing("NNS101", "old", "new"))

        fixed = replaced("old  # noqa: NNS101\nold\n")

        assert fixed.code == "old  # noqa: NNS101\nnew\n"

    def test_rules_that_are_not_selected_do_not_fix(self, use_rules: Use, replacing: Any) -> None:
        use_rules(replacing("NNS101", "a", "b"), replacing("NNS102", "c", "d"))

        assert fix("a, c\n", selection=Selection(ignore=("NNS101",))).code == "a, d\n"


class TestFaultyFixes:
    def test_a_fix_that_breaks_the_code_is_undone_and_its_rule_named(
        self, use_rules: Use, replacing: Any
    ) -> None:
        use_rules(replacing("NNS101", "bad", "("), replacing("NNS102", "old", "new"))

        fixed = fix("old\nbad\nold\n")

        assert fixed.code == "new\nbad\nnew\n"
        assert codes(fixed.applied) == ["NNS102", "NNS102"]
        assert codes(fixed.remaining) == ["NNS101"]
        assert fixed.failures == (
            RuleFailure(
                "NNS101",
                "its fix at line 2 changes nothing, or gives code that is no Python: undone",
            ),
        )

    @pytest.mark.parametrize("broken", ["f() += 1", "[x for x in (y := z)]", "return 1"])
    def test_python_decides_what_is_python(
        self, use_rules: Use, replacing: Any, broken: str
    ) -> None:
        # LibCST parses each of them.
        use_rules(replacing("NNS101", "bad", broken))

        fixed = fix("bad\n")

        assert fixed.code == "bad\n"
        assert [failure.code for failure in fixed.failures] == ["NNS101"]

    def test_code_that_was_no_python_before_is_fixed_all_the_same(
        self, use_rules: Use, replacing: Any
    ) -> None:
        use_rules(replacing("NNS101", "old", "new"))

        assert fix("return old\n").code == "return new\n"

    def test_a_fix_that_changes_nothing_is_reported(self, use_rules: Use, replacing: Any) -> None:
        use_rules(replacing("NNS101", "old", "old"))

        fixed = fix("old\n")

        assert (fixed.code, fixed.applied) == ("old\n", ())
        assert codes(fixed.remaining) == ["NNS101"]
        assert [failure.code for failure in fixed.failures] == ["NNS101"]

    def test_fixes_without_end_are_stopped_and_reported(
        self, use_rules: Use, replacing: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(engine, "ROUNDS", 5)
        use_rules(replacing("NNS101", "a", "aa"), replacing("NNS102", "odd"))

        fixed = fix("a, odd\n")

        assert fixed.failures == (
            RuleFailure("NNS101", "its fixes do not come to an end in 5 rounds: left out"),
        )
        assert fixed.code == "a, odd\n"

    @pytest.mark.parametrize(
        "edits",
        [
            (Edit(Span(0, 2), "x"), Edit(Span(1, 3), "y")),
            (Edit(Span(2, 99), "x"),),
            (Edit(Span(-1, 1), "x"),),
            (Edit(Span(2, 1), "x"),),
        ],
        ids=["overlapping", "too far", "before", "backwards"],
    )
    def test_edits_that_cannot_be_are_not_applied(
        self, use_rules: Use, replacing: Any, edits: tuple[Edit, ...]
    ) -> None:
        rule = replacing("NNS101", "abc")
        find = rule.RULE.finding
        change = Fix("Change", edits)
        rule.check = lambda program: iter(
            [find(Severity.ERROR, Span(0, 3), "wrong", "raises", change)]
        )
        use_rules(rule)

        fixed = fix("abc\n")

        assert fixed.code == "abc\n"
        assert fixed.failures == (
            RuleFailure("NNS101", "its fix has edits that overlap or lie outside of the code"),
        )

    def test_a_rule_that_raises_after_a_round_is_reported_once(
        self, use_rules: Use, replacing: Any
    ) -> None:
        broken = replacing("NNS102", "x")

        def raise_always(program: Program) -> Iterator[Finding]:
            raise ValueError("no")

        broken.check = raise_always
        use_rules(replacing("NNS101", "old", "new"), broken)

        fixed = fix("old\n")

        assert fixed.code == "new\n"
        assert [failure.code for failure in fixed.failures] == ["NNS102"]


def test_many_findings_take_time_in_proportion(use_rules: Use, replacing: Any) -> None:
    use_rules(replacing("NNS101", "old", "new"))

    fixed = fix("old\n" * 3000)

    assert fixed.code == "new\n" * 3000
    assert len(fixed.applied) == 3000


class TestGivesPython:
    def test_a_fix_alone_is_right_if_the_code_still_compiles(self) -> None:
        def gives(content: str, end: int = 1) -> bool:
            return gives_python("a = 1\n", Fix("", (Edit(Span(0, end), content),)))

        assert gives("b")
        assert not gives("(")
        assert not gives("f()")
        assert not gives("a"), "it changes nothing"
        assert not gives("b", 99), "it lies outside of the code"
