"""The pages: what they quote is there, what they link to is there, and every rule has one."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from click import Context

from nnmigrate.catalogue import entries, page_of
from nnmigrate.cli import cli
from nnmigrate.guides import Guide, UnknownGuide, guide, guides
from nnmigrate.links import SITE, docs_url, guide_url

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"\bNNS\d{3}\b")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
VERBATIM = re.compile(r"^```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
QUOTED = re.compile(
    r"^In `(?P<path>[^`]+)`:\n\n|^```python\n(?P<block>.*?)^```$", re.MULTILINE | re.DOTALL
)


def _site() -> ModuleType:
    spec = importlib.util.spec_from_file_location("site_pages", ROOT / ".docs" / "site_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SITE_MODULE = _site()
SITE_PAGES: dict[str, str] = SITE_MODULE.pages()
KNOWN = {page.rule.code for page in entries()}


def _anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub and MyST name them."""
    titles = re.findall(r"^#{1,3} (.*)$", VERBATIM.sub("", text), re.MULTILINE)
    return {_slug(title) for title in titles}


def _slug(title: str) -> str:
    title = LINK.sub(lambda link: link[0][1 : link[0].index("]")], title)
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _links(text: str) -> Iterator[str]:
    return (link[1] for link in LINK.finditer(VERBATIM.sub("", text)))


def test_every_rule_has_a_page_with_what_explain_prints() -> None:
    made = {name.removeprefix("rules/") for name in SITE_PAGES if name.startswith("rules/NNS")}

    assert made == KNOWN
    for page in entries():
        text = SITE_PAGES[f"rules/{page.rule.code}"]
        for heading in re.findall(r"^## .*$", page.explanation, re.MULTILINE):
            assert heading in text
        assert all(example.before in text for example in page.examples)


def test_every_rule_and_every_guide_is_in_a_list_of_contents() -> None:
    start = (ROOT / ".docs" / "index.md").read_text(encoding="utf-8")

    assert all(f"\n{code}\n" in SITE_PAGES["rules/index"] for code in KNOWN)
    assert all(f"\n{one.name}\n" in start for one in guides())


def test_pages_of_what_went_are_taken_away(tmp_path: Path) -> None:
    stale = [tmp_path / "went.md", tmp_path / "rules" / "NNS999.md"]
    kept = tmp_path / "index.md"
    stale[1].parent.mkdir()
    for path in (*stale, kept):
        path.write_text("# Something\n")

    SITE_MODULE.write(tmp_path)
    first = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.md")}
    SITE_MODULE.write(tmp_path)

    assert not any(path.exists() for path in stale)
    assert kept.read_text() == "# Something\n"
    assert len(first) == len(SITE_PAGES) + 1
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.md")} == first


def test_pages_have_the_addresses_that_are_printed() -> None:
    assert docs_url("NNS101") == f"{SITE}rules/NNS101.html"
    assert f"{docs_url('NNS101').removeprefix(SITE).removesuffix('.html')}" in SITE_PAGES
    for one in guides():
        assert guide_url(one.name).removeprefix(SITE).removesuffix(".html") in SITE_PAGES


@pytest.mark.parametrize("name", SITE_PAGES)
def test_links_lead_somewhere(name: str) -> None:
    folder = Path(name).parent
    for link in _links(SITE_PAGES[name]):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (folder / path).as_posix() if path else f"{name}.md"
        target = re.sub(r"(^|/)\w+/\.\./", r"\1", target).removesuffix(".md")
        assert target in SITE_PAGES, link
        assert not anchor or anchor in _anchors(SITE_PAGES[target]), link


@pytest.mark.parametrize("name", SITE_PAGES)
def test_every_code_in_running_text_is_a_link_to_its_page(name: str) -> None:
    text = LINK.sub("", VERBATIM.sub("", SITE_PAGES[name]))
    own = name.rpartition("/")[2]

    assert {code for code in CODE.findall(text) if code != own} == set()


@pytest.mark.parametrize("one", guides(), ids=lambda one: one.name)
def test_a_guide_names_no_rule_that_is_not_there(one: Guide) -> None:
    made_up = {"NNS000"}  # what the plugin of flake8 calls a file that it could not read

    assert one.text.startswith("# ")
    assert set(CODE.findall(one.text)) - made_up <= KNOWN


def test_every_page_in_the_package_is_a_guide() -> None:
    folder = ROOT / "src" / "nnmigrate" / "pages"

    assert {path.stem for path in folder.iterdir()} == {one.name for one in guides()}


def _commands(text: str) -> Iterator[list[str]]:
    """The command lines of nnmigrate's that a page shows, without what follows a shell's sign."""
    for block in re.findall(r"^```(?:sh|console)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            for part in re.split(r"&&|\|", line.split("#")[0]):
                words = part.removeprefix("$ ").split("<")[0].split()
                if words[:1] == ["nnmigrate"]:
                    yield words[1:]


@pytest.mark.parametrize("one", guides(), ids=lambda one: one.name)
def test_commands_and_options_that_are_shown_are_there(one: Guide) -> None:
    for words in _commands(one.text):
        command = cli.get_command(Context(cli), words[0])
        assert command is not None, words
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, words


def test_a_guide_that_is_not_there() -> None:
    with pytest.raises(UnknownGuide, match="no guide has the name 'nonsense'; there are migrating"):
        guide("nonsense")
    assert page_of("PROOF") == guide("proof").text.rstrip("\n")


def test_what_the_contributors_page_quotes_is_there() -> None:
    path = ""
    quoted = 0
    for match in QUOTED.finditer(guide("contributing").text):
        path = match["path"] or path
        if match["block"] is not None and path != "probe.py":
            assert match["block"] in (ROOT / path).read_text(encoding="utf-8"), match["block"]
            quoted += 1
    assert quoted == 5


def test_the_rules_page_has_the_probe_of_the_contributors_page() -> None:
    blocks = [match["block"] for match in QUOTED.finditer(guide("contributing").text)]

    assert page_of("NNS424").count(next(block for block in blocks if block)) == 1
