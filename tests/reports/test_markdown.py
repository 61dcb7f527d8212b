"""Users' text in Markdown, as a renderer of GitHub's kind shows it."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from nnmigrate.reports.markdown import code, collapsed, fenced, inline, plain, table
from nnmigrate.reports.text import escaped, showable

RENDERER = MarkdownIt("gfm-like")

MARKUP = [
    "a | b",
    "`code` with `a|b` and `` ` ``",
    "<script>alert(1)</script>",
    "</details><img src=x>",
    "[a](javascript:x) ![b](c) [d]: e",
    "https://example.org www.example.org a@example.org @name #12",
    "**bold** __bold__ *i* _i_ ~~s~~",
    "\\| \\` \\",
    "&lt; &#124; &amp;",
    "- item\n# head\n\n> quote",
    "$x$ $`x`$",
    "``",
    "`",
    "x`",
    "```",
    " ",
    "",
    "\x1b[31m\x00\u202e\ud800",
    "a\\|b",
]
texts = st.one_of(
    st.text(max_size=20),
    st.text("`|\\<>&[]()*_~ #a.:/@-+!\n", max_size=20),
    st.sampled_from(MARKUP),
)


def cell(markdown: str) -> str:
    """What a table shows in its second cell, as HTML."""
    page = RENDERER.render("\n".join(table(("x", "y", "z"), [("a", markdown, "c")])))
    cells = re.findall(r"<td>(.*?)</td>", page, re.DOTALL)
    assert (len(cells), cells[0], cells[-1]) == (3, "a", "c"), page
    return cells[1]


def seen(shown: str) -> str:
    """What a person reads; blanks at the edges and in rows are as good as one."""
    return " ".join(html.unescape(re.sub(r"</?code>", "", shown)).split())


def words(text: str) -> str:
    return " ".join(showable(escaped(text)).split())


@given(texts)
@example("a\\|b`")
def test_plain_text_is_what_is_seen(text: str) -> None:
    shown = cell(plain(text))

    assert "<" not in shown
    assert seen(shown) == words(text)


@given(texts)
@example("`a|b`")
@example("a|b\\")
def test_code_is_what_is_seen(text: str) -> None:
    shown = cell(code(text))

    assert re.fullmatch(r"<code>[^<]*</code>", shown, re.DOTALL)
    assert seen(shown) == words(text)


@given(texts)
def test_a_message_has_code_and_nothing_else(text: str) -> None:
    shown = cell(inline(text))

    assert set(re.findall(r"<[^>]*>", shown)) <= {"<code>", "</code>"}
    assert seen(shown).replace(" ", "") == re.sub(r"`([^`]+)`", r"\1", words(text)).replace(" ", "")


@given(texts, texts)
def test_a_block_ends_where_it_is_to_end(text: str, other: str) -> None:
    lines = [*collapsed("Diff", fenced(f"{text}\n{other}", "diff")), "behind"]

    page = RENDERER.render(showable("\n".join(lines)))

    assert re.fullmatch(
        r"<details>\n<summary>Diff</summary>\n<pre><code class=\"language-diff\">[^<]*"
        r"</code></pre>\n</details>\n<p>behind</p>\n",
        page,
    )


def test_messages_keep_their_code() -> None:
    assert cell(inline("`h[0]` is <b>")) == "<code>h[0]</code> is &lt;b&gt;"


def test_tabs_stay_and_carriage_returns_go() -> None:
    assert fenced("\ta\r\n\x1bb", "diff") == ["```diff", "\ta", "\\x1bb", "```"]


@pytest.mark.parametrize("text", MARKUP)
def test_a_line_of_a_list_is_one_line(text: str) -> None:
    page = RENDERER.render(showable(f"- x {inline(text)} y\n- z\n"))

    assert page.count("<li>") == 2
    assert set(re.findall(r"<[^>]*>", page)) <= {
        "<ul>",
        "</ul>",
        "<li>",
        "</li>",
        "<code>",
        "</code>",
    }
