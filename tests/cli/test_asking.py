from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from .runner import put, run

Use = Callable[..., None]


@pytest.mark.usefixtures("rules")
class TestAskedWrongly:
    @pytest.mark.parametrize(
        "arguments",
        [
            ("check", "--nonsense"),
            ("check", "--output-format", "xml"),
            ("check", "--select", "NNS9"),
            ("check", "--ignore", "E501"),
            ("check", "--target-version", "0.4"),
            ("check", "--target-version", "0.4.11"),
            ("check", "--target-version", "new"),
            ("check", "--target-version", "0"),
            ("check", "--target-version", "0.5.x"),
            ("check", "--target-version", "\u0660.\u0665"),
            ("check", "-", "a.py"),
            ("check", "-", "-"),
            ("check", "--diff"),
            ("fix", "--diff", "--output-format", "json"),
            ("explain", "NNS999"),
            ("explain", "nonsense"),
            ("explain", "migrating", "proof"),
            ("rules", "--output-format", "xml"),
            ("nonsense",),
        ],
    )
    def test_it_is_2_with_a_message_on_standard_error(self, arguments: tuple[str, ...]) -> None:
        result = run(*arguments)

        assert result.exit_code == 2
        assert "Error: " in result.stderr
        assert result.stdout == ""

    @pytest.mark.parametrize(
        ("text", "target"),
        [("0.5", (0, 5)), ("0.5.13", (0, 5, 13)), ("0.6", (0, 6)), ("1.0", (1, 0))],
    )
    def test_targets_reach_the_rules(
        self, use_rules: Use, replacing: Any, text: str, target: tuple[int, ...]
    ) -> None:
        rule = replacing("NNS101", "old")
        seen = []
        rule.check = lambda program: seen.append(program.options) or iter(())
        use_rules(rule)
        put("a.py")

        assert run("check", "--target-version", text, "--assume-remote").exit_code == 0
        assert [(one.target, one.assume_remote) for one in seen] == [(target, True)]


@pytest.mark.usefixtures("rules")
class TestCatalogue:
    @pytest.mark.parametrize("rule", ["NNS101", "nns101", "made-up-101", "Made-Up-101"])
    def test_explain_prints_the_page(self, rule: str) -> None:
        result = run("explain", rule)

        assert result.exit_code == 0
        assert result.stdout == ("# NNS101 made-up-101\n\nMade up.\n\n## What it does\nNothing.\n")

    @pytest.mark.parametrize("name", ["migrating", "Migrating", "hooks-and-ci"])
    def test_explain_prints_guides_as_well(self, name: str) -> None:
        result = run("explain", name)

        assert result.exit_code == 0
        assert result.stdout.startswith("# ")
        assert "NNS" in result.stdout

    def test_explain_lists_what_there_is(self) -> None:
        lines = run("explain").stdout.splitlines()

        assert lines[1] == "migrating      Migrating from nnsight 0.4"
        assert "NNS201  made-up-201  none    Made up." in lines

    def test_a_page_that_is_not_there_is_answered_with_what_is(self) -> None:
        result = run("explain", "NNS999")

        assert "neither a rule nor a guide is called 'NNS999'" in result.stderr
        assert run("explain").stdout in result.stderr

    def test_rules_are_listed(self) -> None:
        lines = run("rules").stdout.splitlines()

        assert lines[0].split() == ["code", "name", "fix", "what", "it", "finds"]
        assert lines[1] == "NNS101  made-up-101  safe    Made up."
        assert lines[3] == "NNS201  made-up-201  none    Made up."

    def test_rules_are_listed_as_json(self) -> None:
        listed = json.loads(run("rules", "--output-format", "json").stdout)

        assert [one["code"] for one in listed] == ["NNS101", "NNS102", "NNS201", "NNS202"]
        assert listed[1] == {
            "code": "NNS102",
            "name": "made-up-102",
            "summary": "Made up.",
            "since": "0.5",
            "until": None,
            "fix": "unsafe",
            "explanation": "Made up.\n\n## What it does\nNothing.",
        }
        assert listed[2]["fix"] is None
