"""Makes the pages of the site: one for each rule, from the rule itself, and the guides.

What comes with the package is plain Markdown that reads well in a terminal. Here it gets what only
a site has: a code such as NNS101 becomes a link, and a rule's page says where the guide speaks of
it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from nnmigrate.catalogue import Entry, entries
from nnmigrate.guides import guides

# Where the guide speaks of the rules with these hundreds: the anchors of its headings.
SECTIONS = {
    "0": ("The commands", "the-commands"),
    "1": ("Invokes and barriers", "invokes-and-barriers"),
    "2": ("What comes back", "what-comes-back"),
    "3": ("Control flow", "control-flow"),
    "4": ("Names that went", "names-that-went"),
    "5": ("Gradients", "gradients"),
    "6": ("Steps of a generation", "steps-of-a-generation"),
    "7": ("Modes, transformers, packages", "modes-transformers-packages"),
}
# A block of code, code within a line, a link: what stands in them is left as it is.
_VERBATIM = re.compile(r"(^```.*?^```$|`[^`\n]+`|\[[^\]]*\]\([^)]*\))", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"\bNNS\d{3}\b")


def pages() -> dict[str, str]:
    """All pages that are made, by their paths on the site without a suffix."""
    rules = entries()
    codes = {one.rule.code for one in rules}
    made = {guide.name: _linked(guide.text, "rules/", codes) for guide in guides()}
    made |= {f"rules/{one.rule.code}": _page(one, codes) for one in rules}
    made["rules/index"] = _index(rules)
    return made


def write(folder: Path) -> None:
    """Writes the pages, and takes away those of rules and guides that went.

    Args:
        folder: where the site's sources are.
    """
    made = {folder / f"{name}.md": text for name, text in pages().items()}
    for path in [*folder.glob("*.md"), *folder.glob("rules/*.md")]:
        if path not in made and path != folder / "index.md":
            path.unlink()
    for path, text in made.items():
        path.parent.mkdir(exist_ok=True)
        # What has not changed keeps its date, and is not built anew.
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _linked(text: str, folder: str, codes: set[str], own: str = "") -> str:
    """The text with a link for each code that it names."""

    def link(match: re.Match[str]) -> str:
        code = match[0]
        return f"[{code}]({folder}{code}.md)" if code in codes - {own} else code

    parts = _VERBATIM.split(text)
    # What the pattern captured stands at the odd places.
    return "".join(
        part if number % 2 else _CODE.sub(link, part) for number, part in enumerate(parts)
    )


def _page(one: Entry, codes: set[str]) -> str:
    text = _linked(one.page, "", codes, own=one.rule.code)
    title, _, rest = text.partition("\n\n")
    first, _, rest = rest.partition("\n\n")
    return "\n\n".join([title, first, _facts(one), rest, _beside(one)]) + "\n"


def _facts(one: Entry) -> str:
    """What the rule's own data say, as one line."""
    until = f", until nnsight {one.rule.until}" if one.rule.until else ""
    fix = f"has **{one.fix}** fixes at best" if one.rule.fixable else "has **no** fix"
    return f"Since nnsight {one.rule.since}{until}; {fix}."


def _beside(one: Entry) -> str:
    heading, anchor = SECTIONS[one.rule.code[3]]
    code = one.rule.code
    return (
        "## See also\n\n"
        f"- [{heading}](../migrating.md#{anchor}) in the guide, and [all rules](index.md)\n"
        f"- `nnmigrate explain {code}` shows this page offline; "
        f"`# nnmigrate: ignore[{code}]` silences a line"
    )


def _index(rules: list[Entry]) -> str:
    """The list of all rules, a table for each hundred of them."""
    parts = ["# Rules", "Each page is the text of the rule's own file, and its examples are run."]
    for digit, (heading, anchor) in SECTIONS.items():
        group = [one for one in rules if one.rule.code[3] == digit]
        parts.append(f"## NNS{digit}xx: [{heading}](../migrating.md#{anchor})")
        parts.append("\n".join(_rows(group)))
        # Sphinx wants every page in a list of contents; the table is what a person reads.
        names = "\n".join(one.rule.code for one in group)
        parts.append(f"```{{toctree}}\n:hidden:\n\n{names}\n```")
    return "\n\n".join(parts) + "\n"


def _rows(group: list[Entry]) -> Iterator[str]:
    yield "| code | name | fix | what it finds |"
    yield "| --- | --- | --- | --- |"
    for one in group:
        summary = one.summary.replace("|", "\\|")
        link = f"[{one.rule.code}]({one.rule.code}.md)"
        yield f"| {link} | {one.rule.name} | {one.fix} | {summary} |"
