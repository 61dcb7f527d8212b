from __future__ import annotations

from pathlib import Path

import pytest

from nnmigrate.selection import Selection
from nnmigrate.server.settings import Wishes, knows, section_of, settings_for, wishes_of


@pytest.mark.parametrize(
    "said",
    [
        {"select": ["NNS1"]},
        {"nnmigrate": {"select": ["NNS1"]}},
        {"settings": {"select": ["NNS1"]}},
        {"settings": {"nnmigrate": {"select": ["NNS1"]}}},
    ],
)
def test_editors_wrap_settings_in_their_own_ways(said: object) -> None:
    assert section_of(said) == {"select": ["NNS1"]}


@pytest.mark.parametrize("said", [None, {}, [], "x", {"nnmigrate": None}, {"nnmigrate": 3}])
def test_where_nothing_is_said_there_is_nothing(said: object) -> None:
    assert section_of(said) in (None, {"nnmigrate": None})


@pytest.mark.parametrize("key", ["assume-remote", "assume_remote", "assumeRemote"])
def test_keys_are_written_as_their_places_have_it(key: str) -> None:
    assert wishes_of({key: True}).options == {"assume_remote": True}


def test_what_is_said_later_holds() -> None:
    wishes = wishes_of({"select": "NNS1", "unsafeFixes": True}, None, {"unsafeFixes": False})

    assert wishes == Wishes({"select": ("NNS1",)}, unsafe_fixes=False)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"colour": 1}, "nnmigrate has no setting 'colour'; it has select, ignore"),
        ({"select": 3}, "setting 'select': it is to be a list"),
        ({"ignore": ["NNS999"]}, "setting 'ignore': no rule's code is or begins with 'NNS999'"),
        ({"targetVersion": "0.4.11"}, "0.4.11 is older than 0.5"),
        ({"targetVersion": "five"}, "'five' is no version"),
        ({"assumeRemote": "yes"}, "it is to be true or false"),
    ],
)
def test_what_makes_no_sense_is_named_and_the_rest_holds(
    said: dict[str, object], problem: str
) -> None:
    wishes = wishes_of({**said, "syntaxErrors": False})

    assert wishes.options == {}
    assert not wishes.syntax_errors
    (told,) = wishes.problems
    assert problem in told


def test_settings_of_other_servers_are_not_ours() -> None:
    assert knows({"pylsp": {}, "assumeRemote": True})
    assert not knows({"pylsp": {}})


class TestOverTheProject:
    def test_each_wish_stands_over_its_own_option(self, tmp_path: Path) -> None:
        table = '[tool.nnmigrate]\nignore = ["NNS2"]\ntarget-version = "0.5.13"\n'
        (tmp_path / "pyproject.toml").write_text(table)

        settings, problems = settings_for(tmp_path / "x.py", wishes_of({"target-version": "0.8"}))
        assert problems == ()
        assert settings.target == (0, 8)
        assert settings.selection == Selection(("ALL",), ("NNS2",))

    @pytest.mark.parametrize(
        "table", ['target-version = "0.4"', 'select = ["NNS999"]', "selekt = []", "select = ["]
    )
    def test_a_project_that_makes_no_sense_is_told_and_left_out(
        self, tmp_path: Path, table: str
    ) -> None:
        (tmp_path / "pyproject.toml").write_text(f"[tool.nnmigrate]\n{table}\n")

        settings, (problem,) = settings_for(tmp_path / "x.py", wishes_of({"assume-remote": True}))
        assert settings.assume_remote
        assert str(tmp_path) in problem
