"""Which rules are to run, by their codes or the beginnings of them."""

from __future__ import annotations

from collections.abc import Iterable

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern

_SELECTOR = pattern(r"NNS\d{0,3}")


class UnknownRule(ValueError):
    """What was selected or ignored is neither a rule's code nor the beginning of one.

    Args:
        message: what is wrong.
        text: what was selected or ignored.
    """

    def __init__(self, message: str, text: str = "") -> None:
        super().__init__(message)
        self.text = text


@dataclass(frozen=True)
class Selection:
    """Selects rules as Ruff does: of two selectors that fit a code, the longer one decides.

    Args:
        select: codes, beginnings of codes (`NNS1`), or `ALL`.
        ignore: the same; decides where both fit equally.
        never: the same; decides always.
    """

    select: tuple[str, ...] = ("ALL",)
    ignore: tuple[str, ...] = ()
    never: tuple[str, ...] = ()

    @classmethod
    def of(cls, select: Iterable[str], ignore: Iterable[str], codes: Iterable[str]) -> Selection:
        """A selection from what a person wrote: each text is one selector or several with commas.

        Args:
            select: what to run; nothing means everything.
            ignore: what not to run.
            codes: the codes that there are.

        Raises:
            UnknownRule: a selector fits none of the codes.
        """
        known = tuple(codes)
        return cls(_selectors(select, known) or ("ALL",), _selectors(ignore, known))

    def selects(self, code: str) -> bool:
        """Whether the rule with this code is to run."""
        if _closeness(self.never, code) >= 0:
            return False
        return _closeness(self.select, code) > _closeness(self.ignore, code)


def _selectors(texts: Iterable[str], codes: tuple[str, ...]) -> tuple[str, ...]:
    parts = (part.strip() for text in texts for part in text.split(","))
    return tuple(_known(part, codes) for part in parts if part)


def _known(text: str, codes: tuple[str, ...]) -> str:
    selector = text.upper()
    fits = _SELECTOR.fullmatch(selector) and any(code.startswith(selector) for code in codes)
    if fits or selector in ("ALL", "NNS"):
        return selector
    message = f"no rule's code is or begins with {text!r}; `nnmigrate rules` lists them"
    raise UnknownRule(message, text)


def _closeness(selectors: tuple[str, ...], code: str) -> int:
    """How much of the code the best of the selectors names; -1 where none fits."""
    found = -1
    for selector in selectors:
        if selector == "ALL":
            found = max(found, 0)
        elif code.startswith(selector):
            found = max(found, len(selector))
    return found
