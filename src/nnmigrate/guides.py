"""The guides, as a person looks them up: pages that come along with the package."""

from __future__ import annotations

from importlib.resources import files

from nnmigrate.classes import dataclass

# In the order in which they are read.
_NAMES = (
    "migrating",
    "usage",
    "configuration",
    "proof",
    "releases",
    "hooks-and-ci",
    "editors",
    "contributing",
)


class UnknownGuide(LookupError):
    """There is no guide of a name."""


@dataclass(frozen=True)
class Guide:
    """A page that is about more than one rule.

    Args:
        name: what `nnmigrate explain` takes, and how its page on the site is called.
        text: the page in Markdown, with its title.
    """

    name: str
    text: str

    @property
    def title(self) -> str:
        """The page's title."""
        return self.text.partition("\n")[0].removeprefix("# ")


def guides() -> list[Guide]:
    """All guides, in the order in which they are read."""
    return [guide(name) for name in _NAMES]


def guide(name: str) -> Guide:
    """The guide with this name, in upper or lower case.

    Raises:
        UnknownGuide: there is none.
    """
    lower = name.lower()
    if lower not in _NAMES:
        raise UnknownGuide(f"no guide has the name {name!r}; there are {', '.join(_NAMES)}")
    page = files("nnmigrate") / "pages" / f"{lower}.md"
    return Guide(lower, page.read_text(encoding="utf-8"))
