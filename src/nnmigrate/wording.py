"""What headings and comments say of the code below them: that it is wrong, right, or raises."""

from __future__ import annotations

from nnmigrate.patterns import pattern

SEPARATOR = "# %%"
"""What begins the line above a cell: as percent scripts write it, and programs made of pieces."""

# A word says it only where it stands for itself: not in `# Bad prompts` or `# Error handling`.
_ITSELF = (
    r"\b(?:\s+(?:code|way|order|usage|version|example|pattern))?\s*(?:[-:!.,(*\u2013\u2014]|$)"
)
_LEADING = r"[\s*_`>#\d.]*"
_WRONG = pattern(
    rf"{_LEADING}(?:[❌✗✘🚫⛔]"
    rf"|(?i:wrong|bad|broken|incorrect|error|fails|don['\u2019]?t(?: do (?:this|that))?){_ITSELF})"
)
_RIGHT = pattern(
    rf"{_LEADING}(?:[✅✓✔]"
    rf"|(?i:right|correct|good|works|fixed|fix|better|instead|ok|do this){_ITSELF})"
)
# `# NameError!`, `# -> OutOfOrderError: ...`, `# raises a ValueError`, `# Deadlock! ...`
_RAISES = pattern(
    r"\s*(?:→|->|=>)?\s*(?:(?:this|it)\s+)?(?:will\s+)?(?:(?:raises?|throws?|gives?)\b:?\s+)?"
    r"(?:an?\s+)?`?(?:[A-Z]\w*(?:Error|Exception)\b|(?:Error|Deadlock|Fails|Crashes)!)"
)


# `#### OutOfOrderError`, in a list of errors: the first block shows how it comes about.
_ERROR = pattern(r"[\s#*`]*[A-Z]\w*(?:Error|Exception)[\s#*`]*$")


def calls_wrong(text: str) -> bool:
    """Whether a heading or a comment says that what comes is wrong.

    Args:
        text: its text; the marks that make it one may stand before it.
    """
    return _WRONG.match(text) is not None


def calls_right(text: str) -> bool:
    """Whether a heading or a comment says that what comes is right.

    Args:
        text: its text.
    """
    return _RIGHT.match(text) is not None


def tells_error(text: str) -> bool:
    """Whether a comment names the error that a line raises.

    Args:
        text: its text.
    """
    return _RAISES.match(text) is not None


def names_error(text: str) -> bool:
    """Whether a heading is the name of an error and nothing else.

    Args:
        text: the heading.
    """
    return _ERROR.match(text) is not None
